"""Write the golden files anew: only for a new record version, never for a released one. Run from the checkout.

python tests/golden/make.py
"""

from __future__ import annotations

import random
from pathlib import Path

from forensics import __version__, canonical, scoring, transcripts
from forensics import case as case_files
from forensics.evidence import weigh
from forensics.records.case import Case, Source
from forensics.records.transcript import Answer, Provenance, Sampling, TranscriptHeader

HERE = Path(__file__).parent
CASE = HERE / "case-1"
WORDS = ["mill", "river", "grain", "stone", "bell", "tower", "lamp", "shore", "reed", "cloud"]


def transcript(model: str, lineage: str) -> bytes:
    answers = []
    for probe in range(6):
        usual, own = random.Random(f"{lineage}/{probe}"), random.Random(f"{model}/{probe}")
        text = " ".join((usual if place % 3 else own).choice(WORDS) for place in range(12)).capitalize() + "."
        prompt = f"Say something about the number {probe}."
        state = "empty" if (model, probe) == ("birch", 5) else "text"
        answers.append(
            Answer(
                probe=f"number-{probe}",
                draw=0,
                prompt=prompt,
                prompt_digest=transcripts.prompt_digest(prompt),
                state=state,
                text=text if state == "text" else "",
                finish_reason="stop",
                tokens=(7, 12),
                request={"messages": [{"role": "user", "content": prompt}], "temperature": 0.7},
                request_id=f"request-{probe}",
                time="2026-01-02T03:04:05.678Z",
                prev=canonical.digest(b""),
            )
        )
    header = TranscriptHeader(
        schema=transcripts.SCHEMA,
        model=f"made-up:{model}",
        adapter="made-up",
        sampling=Sampling(temperature=0.7, max_tokens=60, seed=1),
        probe_set=None,
        provenance=Provenance(tool="0.1.0", python="3.11.0", platform="made-up", started="2026-01-02T03:04:05.000Z"),
        imported=None,
        notes={"weights": "none: the words are drawn"},
    )
    return transcripts.chained(header, answers)


def source(model: str, lineage: str | None, role: str, path: str) -> Source:
    canonical.write_atomic(CASE / path, transcript(model, lineage or model))
    return Source.model_validate(
        {
            "name": f"made-up:{model}",
            "role": role,
            "format": "native",
            "path": path,
            "digest": canonical.file_digest(CASE / path),
            "lineage": lineage,
            "sampling": Sampling(temperature=0.7, max_tokens=60, seed=1),
        }
    )


def main() -> None:
    cohort = ("birch", "cherry", "elm", "fir", "hazel", "larch")
    fields = {
        "schema": "forensics/case/1",
        "question": "derivation",
        "reference": source("alder", "alder", "reference", "transcripts/reference.jsonl"),
        "questioned": source("alder-tuned", "alder", "questioned", "transcripts/questioned.jsonl"),
        "cohort": tuple(source(m, m, "cohort", f"transcripts/cohort/{m}.jsonl") for m in cohort),
        "probe_set": None,
        "only": None,
        "statistics": ("lexical", "opening"),
        "seed": 7,
        "replicates": 100,
        "set_aside": ("made-up:alder: is the reference",),
        "relatives": (),
        "calibration": None,
        "transfer": False,
        "protocol": None,
        "equality": None,
    }
    case = Case.model_validate(
        {name: value for name, value in fields.items() if name in {*Case.model_fields, "schema"}}
    )
    scores = scoring.score_case(case, root=CASE, tool=__version__)
    case_files.write(CASE, case_files.CASE, case)
    case_files.write(CASE, case_files.SCORES, scores)
    case_files.write(CASE, case_files.EVIDENCE, weigh(case, scores, None, root=CASE))


if __name__ == "__main__":
    main()
