"""The peers that need embeddings, on fewer prompts."""

from __future__ import annotations

from typing import Any

from benchmarks import comparison
from benchmarks.data import Bench

TITLE = "Peers that need embeddings"
EXTRA = "semantic"


def run(bench: Bench) -> dict[str, Any]:
    """Run them, and ourselves on the same prompts."""
    return comparison.run(bench, extra=True)


show = comparison.show
