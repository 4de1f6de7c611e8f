"""EleutherAI's lm-evaluation-harness: a task of one generation per line of a file, answers logged."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from benchmarks.clients import CONCURRENCY, KEY, MAX_TOKENS, Command, install

VERSION = "0.4.13"
TITLE = f"lm-evaluation-harness {VERSION}"
_TASK = """
task: bench
dataset_path: json
dataset_kwargs:
  data_files: {path}
test_split: train
output_type: generate_until
doc_to_text: "{{{{prompt}}}}"
doc_to_target: "x"
generation_kwargs:
  max_gen_toks: {most}
  until: ["\\n\\n"]
metric_list:
  - metric: bypass
    aggregation: bypass
    higher_is_better: true
"""


def prepare(folder: Path) -> None:
    """Install the package where it is not yet."""
    install(folder, f"lm-eval[api]=={VERSION}")


def command(folder: Path, work: Path, url: str, prompts: Sequence[str]) -> Command:
    """Return one run."""
    tasks = work / "tasks"
    tasks.mkdir()
    (work / "prompts.jsonl").write_text("".join(json.dumps({"prompt": prompt}) + "\n" for prompt in prompts))
    (tasks / "bench.yaml").write_text(_TASK.format(path=work / "prompts.jsonl", most=MAX_TOKENS))
    model = f"model=m,base_url={url}/v1/chat/completions,num_concurrent={CONCURRENCY},max_retries=1,tokenized_requests=False"
    return Command(
        [
            folder / "bin" / "lm_eval", "--model", "local-chat-completions", "--model_args", model, "--apply_chat_template",
            "--tasks", "bench", "--include_path", tasks, "--output_path", work / "out", "--log_samples",
        ],
        {"OPENAI_API_KEY": KEY, "HF_HOME": str(work / "hf"), "HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1"},
    )  # fmt: skip
