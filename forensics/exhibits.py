"""The probes that speak loudest, with the answers side by side and the rare passages that both sides share marked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from forensics import cache, deriving
from forensics.features import extract
from forensics.features.tokens import spans
from forensics.packs import using
from forensics.records.case import Case, Source
from forensics.records.evidence import Excerpt, Exhibit
from forensics.records.scores import Contribution, Score, Scores

MOST = 6
"""Probes shown for the statistic that is shown."""
LONGEST = 1200
"""Characters shown of an answer."""
SHORTEST_PASSAGE = 4
"""Tokens in the shortest passage that is marked."""
RARE = 1 / 50
"""Share of the unrelated cohort models' answers that may hold a passage which is marked as rare."""


def exhibits(case: Case, scores: Scores, *, root: Path) -> tuple[Exhibit, ...]:
    """Return the probes that contribute most to `lexical`, or to the first statistic with a value.

    Beside the two answers stand those of two unrelated models: the one nearest to both sides, and a middling one, by
    the same statistic over all probes: what a reader should compare with before being impressed.
    """
    shown = next((s for s in scores.scores if s.statistic == "lexical" and s.contributions), None)
    shown = shown or next((s for s in scores.scores if s.contributions), None)
    if shown is None:
        return ()
    top = sorted(shown.contributions, key=lambda c: (-c.excess, c.prompt_digest))[:MOST]
    sources = [("reference", case.reference), ("questioned", case.questioned), *_beside(case, shown)]
    answers = {label: _first_draws(source, top, root) for label, source in sources}
    elsewhere = _elsewhere(case, shown, top, root)
    return tuple(
        _exhibit(number, shown.statistic, contribution, sources, answers, others=elsewhere[contribution.prompt_digest])
        for number, contribution in enumerate(top, start=1)
    )


class _Elsewhere(NamedTuple):
    """What the unrelated cohort models answered to one probe."""

    answers: int
    common: NDArray[np.uint64]
    """Runs of 4 tokens that more than one in fifty of the answers hold, sorted."""


def _elsewhere(case: Case, shown: Score, top: Sequence[Contribution], root: Path) -> dict[str, _Elsewhere]:
    """Return, by prompt, which passages are not rare; models of cohort packs cannot be read, and do not count."""
    unrelated = {member.model for member in shown.cohort if member.excluded is None}
    held: dict[str, list[NDArray[np.uint64]]] = {c.prompt_digest: [] for c in top}
    for source in case.cohort:
        if source.name not in unrelated or using.is_packed(source):
            continue
        located = source.model_copy(update={"path": str(root / source.path)})
        arrays = deriving.derived([located], [deriving.INDEX, "tokens"], 1)[0]
        for prompt, grams in _first_answers(arrays, list(held)):
            held[prompt].append(np.unique(grams))
    found = {}
    for prompt, answers in held.items():
        grams, counts = np.unique(np.concatenate([np.zeros(0, np.uint64), *answers]), return_counts=True)
        found[prompt] = _Elsewhere(len(answers), grams[counts > RARE * len(answers)])
    return found


def _first_answers(
    arrays: Mapping[str, cache.Arrays], prompts: Sequence[str]
) -> Iterator[tuple[str, NDArray[np.uint64]]]:
    """Yield the runs of 4 tokens in a model's first answer with text to each prompt."""
    index, table = arrays[deriving.INDEX], arrays["tokens"]
    texted = index["states"] == deriving.STATES.index("text")
    for prompt in prompts:
        raw = np.frombuffer(bytes.fromhex(prompt.removeprefix("sha256:")), np.uint8)
        rows = np.flatnonzero((index["prompts"] == raw).all(axis=1) & texted)
        if len(rows):
            row = rows[np.argmin(index["draws"][rows])]
            ids = table["ids"][table["offsets"][row] : table["offsets"][row + 1]]
            yield prompt, _runs(table["vocabulary"][ids])


def _beside(case: Case, shown: Score) -> list[tuple[str, Source]]:
    """Choose the unrelated model nearest to both sides, and the one in the middle; where it can be, ones with texts."""
    by_name = {source.name: source for source in case.cohort}
    closeness = sorted(
        (-(c.reference + c.questioned), c.model)
        for c in shown.cohort
        if c.excluded is None and c.reference is not None and c.questioned is not None
    )
    if not closeness:
        return []
    closeness = [line for line in closeness if not using.is_packed(by_name[line[1]])] or closeness
    nearest, middle = closeness[0][1], closeness[len(closeness) // 2][1]
    chosen = [("nearest unrelated", by_name[nearest]), ("middling unrelated", by_name[middle])]
    return [(f"{label} (in a cohort pack, without texts)" if using.is_packed(s) else label, s) for label, s in chosen]


def _first_draws(source: Source, top: Sequence[Contribution], root: Path) -> dict[str, tuple[str, str]]:
    """Return prompt and first answer by prompt digest; none for a model of a cohort pack, which holds no texts."""
    if using.is_packed(source):
        return {}
    located = source.model_copy(update={"path": str(root / source.path)})
    found = deriving.texts(located, [c.prompt_digest for c in top])
    return {prompt: (entries[0].prompt, entries[0].text) for prompt, entries in found.items()}


def _exhibit(
    number: int,
    statistic: str,
    contribution: Contribution,
    sources: Sequence[tuple[str, Source]],
    answers: Mapping[str, Mapping[str, tuple[str, str]]],
    *,
    others: _Elsewhere,
) -> Exhibit:
    given = {label: answers[label].get(contribution.prompt_digest, ("", ""))[1] for label, _ in sources}
    beside = [text for label, text in given.items() if label not in ("reference", "questioned")]
    marks = shared_passages(given["reference"], given["questioned"], beside, common=others.common)
    prompt = answers["reference"][contribution.prompt_digest][0]
    return Exhibit(
        id=f"probe-{number}",
        statistic=statistic,
        contribution=contribution,
        compared=others.answers,
        prompt=prompt[:LONGEST],
        excerpts=tuple(
            Excerpt(
                label=label,
                model=source.name,
                text=given[label][:LONGEST],
                cut=max(0, len(given[label]) - LONGEST),
                marks=tuple((a, min(b, LONGEST)) for a, b in marks.get(label, ()) if a < LONGEST),
            )
            for label, source in sources
        ),
    )


def shared_passages(
    reference: str, questioned: str, beside: Sequence[str], *, common: NDArray[np.uint64] | None = None
) -> dict[str, tuple[tuple[int, int], ...]]:
    """Return the spans of passages of at least 4 tokens that both answers hold and none of the others does.

    `common` are runs of 4 tokens that are left out too, since many other models wrote them.
    """
    grams = [_grams(text) for text in (reference, questioned, *beside)]
    usual = [np.zeros(0, np.uint64), *grams[2:], *([] if common is None else [common])]
    shared = np.setdiff1d(np.intersect1d(grams[0], grams[1]), np.unique(np.concatenate(usual)))
    return {
        "reference": _marked(reference, grams[0], shared),
        "questioned": _marked(questioned, grams[1], shared),
    }


def _grams(text: str) -> NDArray[np.uint64]:
    """Return a hash for every run of 4 tokens, in order."""
    table: cache.Arrays = extract("tokens", [text])
    return _runs(table["vocabulary"][table["ids"]])


def _runs(tokens: NDArray[np.uint64]) -> NDArray[np.uint64]:
    n = len(tokens) - SHORTEST_PASSAGE + 1
    hashed = np.zeros(max(n, 0), np.uint64)
    for place in range(SHORTEST_PASSAGE):
        hashed = hashed * np.uint64(0x9E3779B97F4A7C15) + tokens[place : place + max(n, 0)]
    return hashed


def _marked(text: str, grams: NDArray[np.uint64], shared: NDArray[np.uint64]) -> tuple[tuple[int, int], ...]:
    """Return the spans of characters covered by shared runs, overlapping ones joined."""
    places = spans(text)
    found: list[tuple[int, int]] = []
    for start in np.flatnonzero(np.isin(grams, shared)).tolist():
        begin, end = places[start][0], places[start + SHORTEST_PASSAGE - 1][1]
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((begin, end))
    return tuple(found)
