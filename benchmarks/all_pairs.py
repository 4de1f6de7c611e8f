"""`python -m benchmarks.all_pairs FOLDER STATISTIC…`: score and normalise all pairs, and nothing else. Timed by `speed`."""

from __future__ import annotations

import sys
from pathlib import Path

from forensics import calibrating, measuring
from forensics.numerics.normalisation import S_NORM


def main() -> None:
    """Score every pair of the models in a folder by each statistic."""
    folder, *statistics = sys.argv[1:]
    body = calibrating.gather(Path(folder), Path(folder) / "models.csv", statistics, only=None, workers=2)
    lineages = [member.source.lineage or member.source.name for member in body.members]
    for statistic in statistics:
        S_NORM.all_pairs(measuring.all_means(body, statistic), lineages)


if __name__ == "__main__":
    main()
