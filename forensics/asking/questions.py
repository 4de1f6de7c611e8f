"""Which questions are put to a model, and in which order: the same for every model that is asked on the same terms."""

from __future__ import annotations

import random
from array import array
from collections.abc import Sequence
from fnmatch import fnmatchcase

from forensics.asking.terms import Terms
from forensics.errors import UsageError
from forensics.records.probes import Probe, ProbeSet


class Questions(Sequence[tuple[Probe, int]]):
    """Probes with the number of the draw, in the order of asking; 100,000 take no more room than their numbers."""

    def __init__(self, probe_set: ProbeSet, draws: int, terms: Terms, *, seed: int) -> None:
        """Refuse, with UsageError, terms that leave nothing to ask."""
        self._probes = probe_set.probes
        chosen = [number for number, probe in enumerate(self._probes) if _wanted(probe, terms.only)]
        rng = random.Random(f"forensics/order/{seed}")  # noqa: S311  an order, not a secret
        rng.shuffle(chosen)
        chosen = chosen[: terms.limit]
        numbers = [draw * len(self._probes) + place for draw in range(draws) for place in chosen]
        if terms.shard is not None:
            # By the number, not by the place in the order: shards fit together whatever their order.
            numbers = [number for number in numbers if number % terms.shard.of == terms.shard.number - 1]
        if not numbers:
            raise UsageError(
                f"None of the {len(self._probes)} probes is left to ask.", remedy="Check --only, --limit and --shard."
            )
        rng.shuffle(numbers)
        self._numbers = array("Q", numbers)

    def __len__(self) -> int:
        return len(self._numbers)

    def __getitem__(self, place: int) -> tuple[Probe, int]:  # type: ignore[override]  # slices are not needed
        draw, probe = divmod(self._numbers[place], len(self._probes))
        return self._probes[probe], draw


def _wanted(probe: Probe, only: Sequence[str]) -> bool:
    named = (probe.id, probe.category or "")
    return not only or any(fnmatchcase(name, pattern) for pattern in only for name in named)
