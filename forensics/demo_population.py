"""The answers of all demo models to the demo probes, with tables of what is known about them: a small world to measure in.

`python -m forensics.demo_population FOLDER` writes it; the self-check makes one and throws it away.
"""

from __future__ import annotations

import itertools
import sys
from pathlib import Path

from forensics import probes, relations, runner
from forensics.adapters import ModelName
from forensics.asking.lines import Run
from forensics.demo_models import CATALOGUE, relation_between
from forensics.records.transcript import Sampling

PROBE_SET = "demo"
SAMPLING = Sampling(max_tokens=60, seed=1)


def write(folder: Path, *, draws: int = 1) -> None:
    """Ask every demo model and write `NAME.jsonl`, `models.csv` (lineages) and `pairs.csv` (relations)."""
    probe_set = probes.load(PROBE_SET)
    for name in CATALOGUE:
        runner.run(Run(ModelName("demo", name), probe_set, SAMPLING, draws), folder / f"{name}.jsonl")
    models = [f"demo:{model.name},{model.lineage}" for model in CATALOGUE.values()]
    (folder / "models.csv").write_text("\n".join(["model,lineage", *models]) + "\n", encoding="utf-8")
    pairs = [(a, b, relation_between(a, b)) for a, b in itertools.combinations(CATALOGUE, 2)]
    rows = [f"demo:{a},demo:{b},{relation},1" for a, b, relation in pairs if relation in relations.KNOWN]
    (folder / "pairs.csv").write_text("\n".join(["a,b,relation,clean", *rows]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
