"""Plans for equality: power from a pilot against power by simulation with fresh draws, and what a pilot of one model promises."""

from __future__ import annotations

import numpy as np
import pytest

from forensics.equality import permuting, planning, power
from forensics.equality.draws import Draws, Floats
from tests.equality.conftest import make_draws


def curve(probes: list[Draws], most: int, *, seed: int) -> dict[tuple[int, int], planning.Point]:
    points, _ = planning._curve(probes, most, alpha=0.05, seed=seed)
    return {(point.probes, point.draws): point for point in points}


def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning, "PROBES", (5, 10, 30))
    monkeypatch.setattr(planning, "DRAWS", (2, 4, 10))
    monkeypatch.setattr(planning, "REPLICATES", 20)


def pilot(moved: list[float], *, probes: int = 10, draws: int = 5) -> power.Pilot:
    rng = np.random.default_rng(0)
    pairs = np.array([False, True, False])
    return power.Pilot(probes, draws, np.array(moved), rng.normal(size=(3, 4000)), pairs, rng.normal(size=(3, 4000)))


def test_without_a_difference_the_power_is_alpha_with_any_number_of_draws() -> None:
    for alpha in (0.05, 0.01):
        assert power.power(pilot([0, 0, 0]), 40, 20, alpha=alpha) == pytest.approx(alpha, abs=0.001)
        assert power.power(pilot([2, 3, 1]), 40, 20, alpha=alpha, share=0) == pytest.approx(alpha, abs=0.001)


def test_what_a_difference_grows_with_by_hand() -> None:
    """Four times the probes: 2 and √(40 · 39 / (10 · 9)). From 5 to 10 draws: 10 √(9 / 19) / 5 √(4 / 9), and 2."""
    np.testing.assert_allclose(power._growth(pilot([1, 1, 1]), 40, 5), [2, np.sqrt(40 * 39 / 90), 2])
    np.testing.assert_allclose(
        power._growth(pilot([1, 1, 1]), 10, 10), [10 * (9 / 19) ** 0.5 / (10 / 3), 2, 2.0648], 1e-4
    )


def test_the_share_that_is_believed_is_where_so_many_pilots_would_look_like_this_one() -> None:
    """With one kernel that is moved by 3, and two that are not: the largest is 3 by chance with half of ν = 3, nearly."""
    found = pilot([3, 0, 0])
    half, fifth = (power.share(found, confidence=c) for c in (0.5, 0.8))
    assert 0 < fifth < half <= 1
    for part, expected in ((half, 0.5), (fifth, 0.2)):
        largest = power._largest(found, np.full(3, part))
        assert (largest >= 3).mean() == pytest.approx(expected, abs=0.03)
    assert power.share(pilot([0.5, 0.4, 0.1]), confidence=0.8) == 0


def test_no_probe_and_no_answer_is_taken_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two copies of one answer agree by themselves: one model would seem to differ from itself."""
    small(monkeypatch)
    taken: list[list[Draws]] = []
    values = power.values

    def watched(probes: list[Draws], permutations: int, seed: int) -> tuple[list[object], Floats]:
        taken.append(probes)
        return values(probes, permutations, seed)  # type: ignore[return-value]

    monkeypatch.setattr(power, "values", watched)
    numbered = [
        probe._replace(texts=tuple(f"{text} {n}" for n, text in enumerate(probe.texts)))
        for probe in make_draws(1, probes=10, draws=(6, 6))
    ]
    found = curve(numbered, 6, seed=0)
    assert {key for key, point in found.items() if point.how == "simulated"} == {(5, 2), (5, 4), (10, 2)}
    assert len(taken) == 1 + 3 * 20
    for probes in taken:
        assert len({probe.prompt_digest for probe in probes}) == len(probes)
        assert all(len(set(probe.texts)) == len(probe.texts) for probe in probes)


@pytest.mark.slow
def test_a_pilot_of_one_model_promises_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """`at least` is too high for one pilot in five; the power itself for half of them, and by itself it is no promise."""
    small(monkeypatch)
    monkeypatch.setattr(planning, "REPLICATES", 4)
    curves = [curve(make_draws(seed, probes=10, draws=(4, 4)), 4, seed=seed) for seed in range(30)]
    farthest = [found[30, 10] for found in curves]
    assert np.mean([point.at_least <= 0.1 for point in farthest]) >= 0.65
    assert np.mean([point.power <= 0.1 for point in farthest]) >= 0.35
    simulated = [point.power for found in curves for point in found.values() if point.how == "simulated"]
    assert np.mean(simulated) < 0.1


@pytest.mark.slow
def test_power_that_is_carried_on_is_that_of_fresh_draws() -> None:
    """Pilots of three draws, their own chance averaged out, against tests on new draws: more of them, and of more probes."""
    pilot = power.pilot(make_draws(0, probes=10, draws=(3, 3), usual=0.35), seed=0)
    found = [power.values(make_draws(seed, probes=10, draws=(3, 3), usual=0.35), 99, seed)[1] for seed in range(60)]
    moved = np.mean([(v[:, 0] - v[:, 1:].mean(axis=1)) / v[:, 1:].std(axis=1) for v in found], axis=0)
    for probes, draws in ((10, 5), (10, 10), (20, 5)):
        carried = power.power(pilot._replace(moved=np.maximum(moved, 0)), probes, draws, alpha=0.05)
        fresh = np.mean([_p(seed, probes=probes, draws=draws) <= 0.05 for seed in range(1000, 1060)])
        assert carried == pytest.approx(fresh, abs=0.15), (probes, draws)


def _p(seed: int, *, probes: int, draws: int) -> float:
    found = power.values(make_draws(seed, probes=probes, draws=(draws, draws), usual=0.35), 99, seed)[1]
    largest = permuting.combined(found)
    return permuting.p_value(permuting.exceeding(float(largest[0]), largest[1:]), 99)
