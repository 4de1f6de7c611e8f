"""`python -m benchmarks`: run every part and write benchmarks/RESULTS.md and results/PART.json."""

from __future__ import annotations

import argparse
import os
import sys
import time

from benchmarks import data as recorded
from benchmarks import reporting, summary
from benchmarks.parts import PARTS

EXTRAS = sorted({part.EXTRA for part in PARTS.values() if getattr(part, "EXTRA", None)})


def main() -> int:
    """Run the parts asked for; 3 where the recorded answers are missing."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--data", help=f"folder of recorded answers (or {recorded.VARIABLE}; default ../shared/data)")
    parser.add_argument(
        "--only", action="append", choices=sorted(PARTS), help="run this part, keep earlier results of others"
    )
    parser.add_argument(
        "--with", dest="extra", action="append", default=[], choices=EXTRAS, help="parts that take long"
    )
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--render", action="store_true", help="measure nothing, lay out earlier results again")
    asked = parser.parse_args()
    if asked.render:
        reporting.write(reporting.read(), PARTS, quoted=summary.quoted)
        return 0
    names = asked.only or [
        name for name, part in PARTS.items() if not getattr(part, "EXTRA", None) or part.EXTRA in asked.extra
    ]
    needed = any(getattr(PARTS[name], "RECORDED", True) for name in names)
    folder = recorded.folder(asked.data) if needed else None
    if needed and folder is None:
        print(
            f"SKIPPED: no recorded answers found. Nothing was measured; {reporting.PAGE.name} is as it was.\n"
            f"Name their folder with --data or {recorded.VARIABLE}.",
            file=sys.stderr,
        )
        return 3
    # Caches of the user are neither used nor filled: what is timed starts from what this folder holds.
    os.environ.setdefault("FORENSICS_HOME", str(reporting.HERE / ".work" / "home"))
    bench = None
    if folder is not None:
        print(f"reading {folder.name}", flush=True)
        bench = recorded.load(folder, workers=asked.workers)
    found = reporting.read()
    for name in names:
        before, start = reporting.load_average(), time.perf_counter()
        print(f"{name} … (load average {before})", flush=True)
        found[name] = PARTS[name].run(bench)
        seconds = time.perf_counter() - start
        found[name]["_run"] = {"seconds": seconds, "load_before": before, "load_after": reporting.load_average()}
        reporting.write(found, PARTS, quoted=summary.quoted)
        print(f"{name}: {seconds:.0f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
