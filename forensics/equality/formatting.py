"""Trivial formatting: whether a difference goes away with leading spaces, line ends or leaked pieces of a template.

A trait is named as the cause only where it occurs on one side more than on the other (labels dealt out inside the
probes, Holm over the traits), and where the difference is gone once it is taken out of the answers of both sides.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from forensics import canonical
from forensics.equality import permuting, testing
from forensics.equality.draws import Draws, Floats
from forensics.equality.testing import Tested
from forensics.records.equality import EqualityTerms, Trait

_SPECIAL = re.compile(
    r"<\|[^|<>\n]{1,40}\|>|</?s>|<(?:bos|eos|pad|unk)>|\[/?INST\]|<</?SYS>>|<(?:start|end)_of_turn>(?:model|user)?"
    r"|<｜[^｜<>\n]{1,40}｜>"
)
_SPEAKER = re.compile(
    r"^\s*(?:\*\*)?(?:assistant|ai|bot|model|response|answer|output)(?:\*\*)?\s*:(?:\*\*)?\s*|^\s*(?:assistant|model)\s*\n+\s*",
    re.IGNORECASE,
)


_FAR = 10
"""Times by which a p-value must have grown: else taking out next to nothing could lift it just above α."""


class Kind(NamedTuple):
    """A kind of trivial formatting, and how an answer looks without it."""

    id: str
    name: str
    without: Callable[[str], str]


KINDS = (
    Kind("special-tokens", "special tokens of a chat template", lambda text: _SPECIAL.sub("", text)),
    Kind("speaker", "the speaker's name before the answer", lambda text: _SPEAKER.sub("", text)),
    Kind("line-ends", "carriage returns at line ends", lambda text: text.replace("\r\n", "\n")),
    Kind("leading", "white space before the answer", lambda text: text.lstrip()),
    Kind("trailing", "white space after the answer", lambda text: text.rstrip()),
)
"""In the order in which they are taken out: white space last, so that it does not stay behind a piece of a template."""


def traits(probes: Sequence[Draws], terms: EqualityTerms, *, seed: int) -> list[tuple[Kind, Trait]]:
    """Return the kinds of formatting that occur on one side more than on the other."""
    has = [[np.array([kind.without(text) != text for text in p.texts], np.float64) for p in probes] for kind in KINDS]
    observed = [_uneven(probes, there) for there in has]
    found = [k for k, there in enumerate(has) if any(column.any() for column in there)]
    p_values = dict(zip(found, _p_values(probes, [has[k] for k in found], terms, seed), strict=True))
    adjusted = dict(zip(found, permuting.holm([p_values[k] for k in found]), strict=True))
    return [
        (
            KINDS[k],
            Trait(
                id=KINDS[k].id,
                name=KINDS[k].name,
                reference=observed[k][0],
                questioned=observed[k][1],
                p=canonical.rounded(adjusted[k]),
                p_without=None,
                effect_without=None,
            ),
        )
        for k in found
        if adjusted[k] <= terms.alpha
    ]


def without(probes: Sequence[Draws], kinds: Sequence[Kind]) -> list[Draws]:
    """Take some kinds of formatting out of the answers of both sides; a likelihood is that of the answer as it was."""
    return [_plain(probe, tuple(_taken_out(text, kinds) for text in probe.texts)) for probe in probes]


def _plain(probe: Draws, texts: tuple[str, ...]) -> Draws:
    return probe._replace(texts=texts, likelihoods=probe.likelihoods if texts == probe.texts else ())


def _taken_out(text: str, kinds: Sequence[Kind]) -> str:
    for kind in kinds:
        text = kind.without(text)
    return text


def explained(
    probes: Sequence[Draws], tested: Tested, terms: EqualityTerms, *, seed: int, chosen: Sequence[str] | None
) -> tuple[tuple[Trait, ...], Tested | None]:
    """Return the uneven traits, each with what is left without it, and the tests without all of them.

    None in their place where the difference is still there.
    """
    uneven = traits(probes, terms, seed=seed)
    if not uneven:
        return (), None
    tests = {kind.id: testing.run(without(probes, [kind]), terms, seed=seed, chosen=chosen) for kind, _ in uneven}
    every = testing.run(without(probes, [kind for kind, _ in uneven]), terms, seed=seed, chosen=chosen)
    filled = tuple(
        trait.model_copy(update={"p_without": _least(tests[kind.id]), "effect_without": _effect(tests[kind.id])})
        for kind, trait in uneven
    )
    return filled, every if gone(tested, every, terms) else None


def gone(before: Tested, after: Tested, terms: EqualityTerms) -> bool:
    """Say whether a difference is gone: no test that decides finds it any more, and p is far above what it was."""
    was, left = _least(before), _least(after)
    if left is None:
        return bool(after.deciding) and not any(test.effect for test in after.deciding)
    return left > terms.alpha and left >= min(_FAR * (was or 0.0), 0.5)


def _least(tested: Tested) -> float | None:
    return min((test.p_adjusted for test in tested.deciding if test.p_adjusted is not None), default=None)


def _effect(tested: Tested) -> float | None:
    """Return the effect by the first test that decides; None where none is left, the likelihoods being of other text."""
    return next((test.effect for test in tested.deciding), None)


def _uneven(probes: Sequence[Draws], has: Sequence[Floats]) -> tuple[int, int]:
    """Count the answers of the reference and of the questioned model that have a trait."""
    first = sum(int(there[: probe.reference].sum()) for probe, there in zip(probes, has, strict=True))
    return first, sum(int(there.sum()) for there in has) - first


def _p_values(probes: Sequence[Draws], has: Sequence[Sequence[Floats]], terms: EqualityTerms, seed: int) -> list[float]:
    """Return the p-value of each trait's difference in rate, averaged over probes."""
    values: list[list[Floats]] = [[] for _ in has]
    for dealt in (permuting.as_they_are(probes), *permuting.deal(probes, terms.permutations, seed)):
        for kept, there in zip(values, has, strict=True):
            total: Floats = np.zeros(dealt[0].labels.shape[1])
            for group in dealt:
                stacked = np.stack([there[p] for p in group.probes.tolist()])
                first = np.einsum("kbn,kn->kb", group.labels, stacked)
                rest = stacked.sum(axis=1)[:, None] - first
                total += (first / group.sizes[0] - rest / group.sizes[1]).sum(axis=0)
            kept.append(np.abs(total))
    joined = [np.concatenate(kept) for kept in values]
    return [permuting.p_value(permuting.exceeding(float(line[0]), line[1:]), terms.permutations) for line in joined]
