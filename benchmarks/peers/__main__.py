"""`python -m benchmarks.peers NAME ANSWERS OUT`: run one peer and say what it took, as JSON on standard output."""

from __future__ import annotations

import json
import resource
import sys
import time
from importlib import import_module
from pathlib import Path

import numpy as np


def main() -> None:
    """Run; loading the answers is not counted, importing the peer is."""
    name, source, target = sys.argv[1:]
    given = json.loads(Path(source).read_text(encoding="ascii"))
    start, cpu = time.perf_counter(), _cpu()
    compared = import_module(f"benchmarks.peers.{name}").compare(given["answers"], given["lineages"])
    took = {"seconds": time.perf_counter() - start, "cpu": _cpu() - cpu}
    arrays = {"scores": compared.scores}
    if compared.verdicts is not None:
        arrays["verdicts"] = compared.verdicts
    np.savez(target, **arrays)
    print(json.dumps(took))


def _cpu() -> float:
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(used.ru_utime + used.ru_stime for used in map(resource.getrusage, kinds))


if __name__ == "__main__":
    main()
