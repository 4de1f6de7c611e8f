"""Every two-sample statistic on the draws of one pair: p-values by permutation, effects, and what to compare them with.

All statistics and kernels of a pair see the same labellings, so that the largest of several kernels has an exact p-value
too. A statistic that cannot be computed is a result with a reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType
from typing import NamedTuple

import numpy as np

from forensics import canonical, registry
from forensics.equality import effects, permuting
from forensics.equality.draws import Draws, Floats, Measure
from forensics.errors import UsageError
from forensics.features import unavailable
from forensics.records.equality import EqualityTerms, EqualityTest, ProbeEffect

ROLE = "equality"
COMBINED = "largest"
"""Name of what is made of several kernels: the largest standardised statistic."""
EXACT = "exact"
FEWEST_PROBES = 5


class Tested(NamedTuple):
    """The tests of one pair."""

    tests: tuple[EqualityTest, ...]
    probes: tuple[ProbeEffect, ...]

    @property
    def deciding(self) -> list[EqualityTest]:
        """Tests the verdict rests on."""
        return [test for test in self.tests if test.decides]


def names() -> list[str]:
    """Return the statistics for the question of equality."""
    return [name for name in registry.names("statistics") if registry.load("statistics", name).ROLE == ROLE]


def decided_by_default(name: str) -> bool:
    """Say whether the verdict rests on a statistic where none was named."""
    return bool(getattr(registry.load("statistics", name), "DECIDES", True))


def run(
    probes: Sequence[Draws],
    terms: EqualityTerms,
    *,
    seed: int,
    chosen: Sequence[str] | None = None,
    unscored: str | None = None,
) -> Tested:
    """Test whether both sides' answers are draws from one distribution; `chosen` names statistics, None for all.

    A statistic may be named with a kernel, as in `mmd:embedding`; `unscored` says why answers have no likelihood. Raises UsageError for one of another question.
    """
    if is_exact(probes):
        return _exactly(probes, terms)
    wanted = [_wanted(name, chosen=chosen) for name in (chosen if chosen is not None else names())]
    ready = [_ready(probes, request, unscored) for request in wanted]
    measured = [entry for entry in ready if isinstance(entry, _Measured)]
    _permute(probes, measured, terms.permutations, seed)
    tests: list[EqualityTest] = []
    for entry in ready:
        tests += _tests(entry, terms) if isinstance(entry, _Measured) else [entry]
    return Tested(_adjusted(tests), _by_probe(probes, measured))


def most_deciding(chosen: Sequence[str] | None) -> int:
    """Count the tests that a verdict rests on at most; `chosen` names statistics, None for all."""
    return sum(_wanted(name, chosen=chosen).decides for name in (chosen if chosen is not None else names()))


def check(chosen: Sequence[str]) -> None:
    """Raise UsageError or UnknownName for a statistic or a kernel that there is not."""
    for name in chosen:
        _wanted(name, chosen=chosen)


def in_shares(test: EqualityTest) -> bool:
    """Say whether a test states its effect as a share of what lies between the sides: the scale of δ."""
    return test.statistic == EXACT or registry.load("statistics", test.statistic).NEEDS == "texts"


def is_exact(probes: Sequence[Draws]) -> bool:
    """Say whether no draw of a side differs from its other draws, on any probe: then there is nothing to permute."""
    return all(
        len(set(probe.texts[: probe.reference])) == 1 and len(set(probe.texts[probe.reference :])) == 1
        for probe in probes
    )


class _Wanted(NamedTuple):
    name: str
    kernels: tuple[str, ...]
    decides: bool


class _Measured:
    """A statistic made ready, and its values: the true labelling first, then every permutation."""

    def __init__(self, wanted: _Wanted, plugin: ModuleType, probes: Sequence[Draws]) -> None:
        self.wanted = wanted
        self.plugin = plugin
        self.size = (len(probes), sum(p.sizes[0] for p in probes), sum(p.sizes[1] for p in probes))
        self.measures: list[Measure] = [plugin.measure(probes, kernel) for kernel in wanted.kernels]
        self.statistics: Floats = np.zeros((0, 0))
        self.effects: Floats = np.zeros((0, 0))


def _wanted(request: str, *, chosen: Sequence[str] | None) -> _Wanted:
    name, _, kernel = request.partition(":")
    plugin = registry.load("statistics", name)
    if plugin.ROLE != ROLE:
        raise UsageError(f"The statistic {name} does not answer whether two endpoints serve the same model.",
                         remedy=f"Name one of {', '.join(names())}.")  # fmt: skip
    if kernel and kernel not in plugin.KERNELS:
        raise UsageError(f"{name} has no kernel {kernel!r}.", remedy=f"Its kernels are {', '.join(plugin.KERNELS)}.")
    left_out = getattr(plugin, "OPT_IN", {})
    kernels = (kernel,) if kernel else tuple(k for k in plugin.KERNELS if k not in left_out)
    return _Wanted(name, kernels, chosen is not None or decided_by_default(name))


def _ready(probes: Sequence[Draws], wanted: _Wanted, unscored: str | None) -> _Measured | EqualityTest:
    plugin = registry.load("statistics", wanted.name)
    usable = [probe for probe in probes if _has(probe, plugin.NEEDS)]
    reason = None
    if len(usable) < max(FEWEST_PROBES, len(probes)):
        reason = f"{_LACKING[plugin.NEEDS]} on {len(probes) - len(usable)} of {len(probes)} probes"
        reason = unscored if plugin.NEEDS == "likelihoods" and unscored else reason
    if "embedding" in wanted.kernels:
        reason = reason or unavailable("embedding")
    return _without(plugin, wanted, reason) if reason else _Measured(wanted, plugin, probes)


_LACKING = {
    "texts": "no answers",
    "first": "no log-probabilities of the first token were recorded",
    "likelihoods": "the likelihood of the answers under the reference was not recorded",
}


def _has(probe: Draws, needed: str) -> bool:
    if needed == "first":
        return bool(probe.first) and all(probe.first)
    return bool(getattr(probe, needed))


def _permute(probes: Sequence[Draws], measured: Sequence[_Measured], permutations: int, seed: int) -> None:
    """Fill in every statistic under the true labelling and all permutations, the same for all."""
    from threadpoolctl import threadpool_limits

    found: list[list[tuple[Floats, Floats]]] = [[] for entry in measured for _ in entry.measures]
    measures = [measure for entry in measured for measure in entry.measures]
    # BLAS' own threads collapse when the machine is busy, and may add in another order.
    with threadpool_limits(limits=1):
        for dealt in (permuting.as_they_are(probes), *permuting.deal(probes, permutations, seed)):
            for values, measure in zip(found, measures, strict=True):
                values.append(measure.under(dealt))
    parts = iter(found)
    for entry in measured:
        mine = [next(parts) for _ in entry.measures]
        entry.statistics = np.stack([np.concatenate([v[0] for v in values]) for values in mine])
        entry.effects = np.stack([np.concatenate([v[1] for v in values]) for values in mine])


def _tests(entry: _Measured, terms: EqualityTerms) -> list[EqualityTest]:
    """Return one test for each kernel; where several are combined, the largest of them comes first and decides."""
    kernels, together = entry.wanted.kernels, getattr(entry.plugin, "COMBINED", ())
    places = [place for place, kernel in enumerate(kernels) if kernel in together]
    several = len(places) > 1
    made = [
        _test(entry, terms, place, values, decides=entry.wanted.decides and not several and (place == 0))
        for place, values in enumerate(entry.statistics)
    ]
    if several:
        largest = permuting.combined(entry.statistics[places])
        made.insert(0, _test(entry, terms, places[0], largest, decides=entry.wanted.decides, kernel=COMBINED))
    return made


def _test(
    entry: _Measured, terms: EqualityTerms, place: int, values: Floats, *, decides: bool, kernel: str | None = None
) -> EqualityTest:
    measure = entry.measures[place]
    effect = effects.ratio(*measure.by_probe(), alpha=terms.alpha, order=getattr(measure, "order", 1))
    count = permuting.exceeding(float(values[0]), values[1:])
    return EqualityTest(
        statistic=entry.wanted.name,
        version=str(entry.plugin.VERSION),
        kernel=kernel or entry.wanted.kernels[place] or None,
        decides=decides,
        effect=canonical.rounded(effect.value),
        unit=entry.plugin.UNIT,
        effect_interval=effect.interval,
        null_mean=canonical.rounded(float(entry.effects[place][1:].mean())),
        p=canonical.rounded(permuting.p_value(count, terms.permutations)),
        p_adjusted=None,
        permutations=terms.permutations,
        exceeding=count,
        n_probes=entry.size[0],
        draws=entry.size[1:],
        reason=None,
    )


def _without(plugin: ModuleType, wanted: _Wanted, reason: str) -> EqualityTest:
    return _bare(wanted.name, str(plugin.VERSION), plugin.UNIT, reason=reason)


def _bare(name: str, version: str, unit: str, *, reason: str, **more: object) -> EqualityTest:
    """Return a test without a p-value."""
    fields: dict[str, object] = {
        "kernel": None, "decides": False, "effect": None, "effect_interval": None, "null_mean": None, "p": None,
        "p_adjusted": None, "permutations": 0, "exceeding": None, "n_probes": 0, "draws": (0, 0),
    }  # fmt: skip
    return EqualityTest.model_validate(
        {"statistic": name, "version": version, "unit": unit, "reason": reason, **fields, **more}
    )


def _adjusted(tests: Sequence[EqualityTest]) -> tuple[EqualityTest, ...]:
    """Adjust the p-values of the tests that decide, and put them first."""
    deciding = [test for test in tests if test.decides and test.p is not None]
    adjusted = permuting.holm([test.p for test in deciding if test.p is not None])
    first = [
        test.model_copy(update={"p_adjusted": canonical.rounded(p)}) for test, p in zip(deciding, adjusted, strict=True)
    ]
    return (*first, *(test for test in tests if test not in deciding))


def _by_probe(probes: Sequence[Draws], measured: Sequence[_Measured]) -> tuple[ProbeEffect, ...]:
    """Return the effect of every probe by the first statistic that decides, largest first."""
    first = next((entry for entry in measured if entry.wanted.decides), None)
    if first is None:
        return ()
    apart, scale = first.measures[0].by_probe()
    values = np.divide(apart, scale, out=np.zeros_like(apart), where=scale > 0)
    found = [
        ProbeEffect(prompt_digest=probe.prompt_digest, effect=canonical.rounded(float(value)))
        for probe, value in zip(probes, values, strict=True)
    ]
    return tuple(sorted(found, key=lambda entry: (-entry.effect, entry.prompt_digest)))


def _exactly(probes: Sequence[Draws], terms: EqualityTerms) -> Tested:
    """Compare answers one by one: a difference is one, and chance has no part in it."""
    apart = [probe.texts[0] != probe.texts[-1] for probe in probes]
    effect = effects.share(sum(apart), len(probes), alpha=terms.alpha)
    test = _bare(
        EXACT,
        "1",
        "share of probes with different answers",
        reason="no draw of a side differs from its other draws: nothing to permute",
        decides=True,
        effect=canonical.rounded(effect.value),
        effect_interval=effect.interval,
        n_probes=len(probes),
        draws=(sum(p.sizes[0] for p in probes), sum(p.sizes[1] for p in probes)),
    )
    found = [ProbeEffect(prompt_digest=p.prompt_digest, effect=float(a)) for p, a in zip(probes, apart, strict=True)]
    return Tested((test,), tuple(sorted(found, key=lambda entry: (-entry.effect, entry.prompt_digest))))
