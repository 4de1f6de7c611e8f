"""The order of work embedders share: each distinct text once, long ones first, results as asked for.

It knows no model; a text that cannot be encoded is made well-formed before the model sees it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from forensics.canonical import well_formed
from forensics.embedders import Progress

EncodeOne = Callable[[str], NDArray[np.float32]]


def encode_each(
    texts: Sequence[str], encode_one: EncodeOne, *, dimension: int, workers: int, progress: Progress | None
) -> NDArray[np.float32]:
    """Apply `encode_one` to each distinct text; return unit rows in the order of `texts`: [texts, dimension].

    `encode_one` must be safe to call from several threads. Raises ValueError for less than one worker.
    """
    if workers < 1:
        raise ValueError(f"workers must be at least 1, not {workers}")
    clean = [well_formed(text) for text in texts]
    # Longest first: threads finish together, and a time estimate made on the way errs on the safe side.
    order = sorted(set(clean), key=lambda text: (-len(text), text))
    row_of = {text: row for row, text in enumerate(order)}
    distinct = np.empty((len(order), dimension), np.float32)
    for row, vector in enumerate(_run(encode_one, order, workers)):
        distinct[row] = unit(vector)
        if progress is not None:
            progress(row + 1, len(order))
    return distinct[[row_of[text] for text in clean]]


def unit(vector: NDArray[np.float32]) -> NDArray[np.float32]:
    """Scale a vector to length 1, the length taken in float64; a zero vector stays as it is."""
    wide = vector.astype(np.float64)
    length = float(np.sqrt(np.sum(wide * wide)))
    scaled: NDArray[np.float32] = (wide / length if length > 0 else wide).astype(np.float32)
    return scaled


def _run(encode_one: EncodeOne, order: Sequence[str], workers: int) -> Iterator[NDArray[np.float32]]:
    """Yield vectors in the given order; the first failure ends the work still waiting."""
    if workers == 1:
        yield from map(encode_one, order)
        return
    with ThreadPoolExecutor(workers, thread_name_prefix="embed") as pool:
        yield from pool.map(encode_one, order)
