"""`python -m benchmarks.custody`: how fast a large bundle is sealed and checked, beside `sha256sum` over the same files.

Made-up transcripts; nothing is scored. Prints one JSON document: seconds by the clock and of the processor, and the
most memory each step took (a process of its own).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from forensics import canonical, scoring
from forensics import case as case_files
from forensics.custody import checking, delivering, keys, sealing
from forensics.custody.stamping import Authorities, Trust
from forensics.records.transcript import Answer

GOLDEN = Path(__file__).parents[1] / "tests" / "golden" / "case-1"
ANSWER_BYTES = 2000


def make_case(folder: Path, megabytes: int) -> None:
    """Write a case whose transcripts have so many megabytes together, with records that belong to them."""
    case = case_files.read_case(GOLDEN)
    sources = (case.reference, case.questioned, *case.cohort)
    moved = {source.name: _grown(folder, source, megabytes // len(sources)) for source in sources}
    case = case.model_copy(
        update={
            "reference": moved[case.reference.name],
            "questioned": moved[case.questioned.name],
            "cohort": tuple(moved[source.name] for source in case.cohort),
        }
    )
    scores = case_files.read_scores(GOLDEN).model_copy(update={"case": scoring.case_digest(case)})
    evidence = case_files.read_evidence(GOLDEN).model_copy(
        update={"case": scores.case, "scores": canonical.digest(case_files.as_written(scores))}
    )
    for name, record in ((case_files.CASE, case), (case_files.SCORES, scores), (case_files.EVIDENCE, evidence)):
        case_files.write(folder, name, record)


def _grown(folder: Path, source, megabytes: int):
    """Write one transcript, its chain whole; returns its source."""
    lines = (GOLDEN / source.path).read_bytes().splitlines(keepends=True)
    answer = Answer.model_validate_json(lines[1])
    path, written, last = folder / source.path, 0, lines[0]
    path.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256(last)
    with path.open("wb") as stream:
        stream.write(last)
        while written < megabytes * 1_000_000:
            text = hashlib.sha512(last).hexdigest() * (ANSWER_BYTES // 128)
            content = {
                **answer.model_dump(mode="json", exclude_none=True),
                "text": text,
                "prev": canonical.digest(last),
            }
            last = canonical.line(content)
            digest.update(last)
            written += stream.write(last)
    return source.model_copy(update={"digest": f"sha256:{digest.hexdigest()}"})


def step(name: str, place: Path) -> None:
    """Do one step in this process, and print what it took."""
    start, used = time.perf_counter(), time.process_time()
    if name == "seal":
        signer = keys.load(place / "key.pem", ask=lambda: "benchmark passphrase")
        delivering.seal(
            place / "case", place / "bundle", sealing.Wanted(signer, Authorities(), lambda _: None), zipped=False
        )
    else:
        assert not checking.verify(place / "bundle", Trust(), recompute=False, workers=1).faults
    print(json.dumps({
        "seconds": time.perf_counter() - start,
        "cpu_seconds": time.process_time() - used,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }))  # fmt: skip


def sha256sum(place: Path) -> dict[str, float]:
    """Time `sha256sum` over the files of the bundle."""
    files = sorted(str(path) for path in (place / "bundle").rglob("*") if path.is_file())
    start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(["sha256sum", *files], stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"seconds": time.perf_counter() - start, "cpu_seconds": used}


def main() -> None:
    """Measure all steps."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.custody", description=__doc__)
    parser.add_argument("--megabytes", type=int, default=1000)
    parser.add_argument("--step", choices=["seal", "verify"], help=argparse.SUPPRESS)
    parser.add_argument("--place", type=Path, help="folder for three times the size (default: a temporary one)")
    asked = parser.parse_args()
    if asked.step:
        step(asked.step, asked.place)
        return
    with tempfile.TemporaryDirectory(dir=asked.place) as name:
        place = Path(name)
        keys.new(place / "key.pem", ask=lambda: "benchmark passphrase")
        make_case(place / "case", asked.megabytes)
        found = {"megabytes": asked.megabytes, "load_before": os.getloadavg()[0]}
        for one in ("seal", "verify"):
            command = [sys.executable, "-m", "benchmarks.custody", "--step", one, "--place", str(place)]
            found[one] = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
            found[f"sha256sum after {one}"] = sha256sum(place)
        for one in ("seal", "verify"):
            for kind in ("seconds", "cpu_seconds"):
                ratio = found[f"sha256sum after {one}"][kind] / found[one][kind]
                found[one][f"speed of sha256sum by {kind}"] = round(ratio, 3)
        print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
