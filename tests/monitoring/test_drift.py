"""Drift: windows never overlap, nights stay independent though they share a baseline, and what moved is named."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from benchmarks import nights
from forensics.errors import UsageError
from forensics.monitoring import draws, drift, forms, windows
from forensics.monitoring.drift import Dated
from forensics.numerics import evalues


def recorded(day: int, *, conditions: str = "c", digest: str | None = None) -> windows.Recorded:
    return windows.Recorded(f"2026-11-{day:02}", Path(f"{day}.jsonl"), digest or f"d{day}", conditions)


def bank(seed: int, *, probes: int = 4, draws_: int = 200, first: str = "abc") -> list[list[str]]:
    rng = np.random.default_rng(seed)
    return [["".join(rng.choice(list(first), 12)) for _ in range(draws_)] for _ in range(probes)]


# --- windows ------------------------------------------------------------------------------------------------------


def test_the_first_nights_are_the_baseline_and_tonight_is_none_of_them() -> None:
    found = windows.windows([recorded(d) for d in range(1, 7)], baseline_nights=3, since=None)
    assert found is not None
    assert [r.night for r in found.baseline] == ["2026-11-01", "2026-11-02", "2026-11-03"]
    assert [r.night for r in found.earlier] == ["2026-11-04", "2026-11-05"]
    assert (found.tonight.night, found.epoch) == ("2026-11-06", "2026-11-01")


def test_nothing_is_tested_while_the_baseline_is_being_collected() -> None:
    assert windows.windows([recorded(d) for d in range(1, 4)], baseline_nights=3, since=None) is None
    assert windows.windows([], baseline_nights=3, since=None) is None


@pytest.mark.parametrize("tonight", [recorded(2), recorded(1), recorded(9, digest="d1")])
def test_a_baseline_that_overlaps_a_tested_night_is_refused(tonight: windows.Recorded) -> None:
    with pytest.raises(UsageError, match=r"overlaps|two windows"):
        windows.Windows((recorded(1), recorded(2)), (), tonight)
    with pytest.raises(UsageError, match=r"overlaps|two windows"):
        windows.Windows((recorded(1), recorded(3)), (recorded(2),), recorded(9))


def test_moving_the_baseline_or_asking_otherwise_begins_anew() -> None:
    nights_ = [recorded(d) for d in range(1, 9)]
    moved = windows.windows(nights_, baseline_nights=2, since=date(2026, 11, 5))
    assert moved is not None
    assert moved.epoch == "2026-11-05"
    other = [*nights_[:4], *(recorded(d, conditions="other") for d in range(5, 9))]
    begun = windows.windows(other, baseline_nights=2, since=None)
    assert begun is not None
    assert begun.epoch == "2026-11-05"


# --- form ---------------------------------------------------------------------------------------------------------


def test_form_is_told_from_content() -> None:
    plain = "It is a list.\nOf words."
    for dressed in (f" {plain}", f"{plain}\n", f"<|assistant|>{plain}<|end|>", plain.replace("\n", "\r\n")):
        assert forms.content(dressed) == forms.content(plain)
        assert any(forms.traits(dressed))
    assert not any(forms.traits(plain))
    assert forms.content("It is a set.") != forms.content(plain)


# --- validity -----------------------------------------------------------------------------------------------------


def test_the_pool_is_thinned_without_regard_to_time_or_content() -> None:
    probe = np.zeros((10, 32), np.uint8)
    made = [Dated(f"night {n}", probe, np.full((10, draws.LENGTH), n, np.int32)) for n in range(40)]
    kept = drift.by_probe(made, largest=100, seed="s")[probe[0].tobytes()][:, 0]
    assert len(kept) == 100
    assert 10 < (kept < 20).sum() < 90
    # A night that joins later throws out at most what it brings in: what was kept is a chance selection of all.
    later = drift.by_probe(made[:39], largest=100, seed="s")[probe[0].tobytes()][:, 0]
    assert sum(np.isin(later, kept)) >= 80


def test_nights_that_share_a_baseline_are_independent_and_a_fixed_baseline_is_not() -> None:
    """The whole point: neighbouring nights' p-values do not hang together, and a year keeps its promise."""
    year = nights.Year(nights=40, baseline=2, draws=2)
    rng = np.random.default_rng(0)
    own = bank(1, draws_=year.needed)
    whole = nights.seen(own)["received"]
    kernel = whole._replace(features=whole.features[:, :, :16])  # some columns: the others only take time
    order = nights.dealt(rng, 300, 4, year, draws_held=year.needed)
    valid, fixed = nights.p_values(kernel, order, year, rng), nights.fixed_baseline(kernel, order, year, rng)
    low, high = stats.binom.interval(0.9999, valid.size, 0.05)
    assert low <= (valid <= 0.05).sum() <= high
    together = [float(np.corrcoef(p[:, 0], p[:, 1:].mean(axis=1))[0, 1]) for p in (valid, fixed)]
    assert abs(together[0]) < 0.15
    assert together[1] > 0.3
    alarms = [(evalues.log_wealth(evalues.log_e(p)) >= np.log(20)).any(axis=1).mean() for p in (valid, fixed)]
    assert alarms[0] <= stats.binom.ppf(0.999, 300, 0.05) / 300
    assert alarms[1] > alarms[0]


def test_the_simulation_tests_what_the_tool_tests() -> None:
    """The same draws through the tool's own way and through the simulation: the same statistics for every choice."""
    year = nights.Year(nights=3, baseline=4, draws=2)
    own = bank(3, draws_=year.needed)
    order = np.tile(np.arange(year.needed), (1, 4, 1))
    told = nights.p_values(nights.seen(own)["received"], order, year, np.random.default_rng(0))[0]
    probes = np.repeat(np.arange(4, dtype=np.uint8), year.needed).reshape(4, -1)
    dated = []
    for start, stop in ((0, 4), (4, 6), (6, 8), (8, 10)):
        ids = np.stack([np.full(32, p, np.uint8) for p in probes[:, start:stop].ravel()])
        dated.append(Dated(f"{start}", ids, draws.codes([t for texts in own for t in texts[start:stop]])))
    for night in range(3):
        given = drift.compared(dated[: night + 1], [dated[night + 1]], seed="x")
        assert drift.p_value(given, seed="x") == pytest.approx(told[night], abs=0.12)


# --- power --------------------------------------------------------------------------------------------------------


def test_a_swap_is_found_within_three_nights_wherever_it_falls_and_named_probes_are_those_that_moved() -> None:
    year = nights.Year(nights=24, baseline=8, draws=4)
    own = bank(5, draws_=year.needed, probes=8)
    other = bank(6, draws_=year.needed, probes=8, first="abd")
    for swap in (2, 20):
        p = nights.years(own, count=4, year=year, seed=swap, instead=(swap, other), most=2999)
        alarmed = nights.wealth(p) >= np.log(20)
        assert (alarmed[:, : min(swap + 3, 24)].any(axis=1)).mean() >= 0.9
        assert alarmed[:, :swap].any(axis=1).mean() < 0.2


WORDS = ("the", "list", "of", "a", "returns", "value", "is", "set", "file", "names", "each", "order", "key", "None")


def sentences(seed: int, *, draws_: int, weights: np.ndarray) -> list[list[str]]:
    """Answers of changing length in which no place always holds the same word, as models give them."""
    rng = np.random.default_rng(seed)
    shares = weights / weights.sum()
    return [[" ".join(rng.choice(WORDS, rng.integers(3, 14), p=shares)) for _ in range(draws_)] for _ in range(25)]


def test_a_swapped_model_is_found_within_three_nights_of_25_probes_and_10_draws() -> None:
    """The size that `nightly init` writes: another frequency of the same words, at no certain place of an answer."""
    year = nights.Year(nights=5, baseline=30, draws=10)
    usual = np.arange(1, len(WORDS) + 1)[::-1] ** 1.0
    own = sentences(1, draws_=year.needed, weights=usual)
    other = sentences(2, draws_=30, weights=usual * np.linspace(1, 3, len(WORDS)))
    wealth = nights.wealth(nights.years(own, count=1, year=year, seed=0, instead=(2, other), most=1999))[0]
    assert (wealth[:2] < np.log(20)).all()
    assert wealth[4] >= np.log(20)
    still = nights.wealth(nights.years(own, count=1, year=year, seed=0))[0]
    assert (still < np.log(20)).all()


def test_only_probes_that_moved_are_named() -> None:
    own, other = bank(7, probes=10, draws_=40), bank(8, probes=10, draws_=40, first="xyz")
    ids = np.stack([np.full(32, p, np.uint8) for p in range(10) for _ in range(8)])
    before = Dated("before", ids, draws.codes([t for texts in own for t in texts[:8]]))
    mixed = [(other if p < 3 else own)[p][8:16] for p in range(10)]
    after = Dated("after", ids, draws.codes([t for texts in mixed for t in texts]))
    found = drift.moved(drift.compared([before], [after], seed="s"), seed="s")
    assert {probe.probe[0] for probe in found} >= {0, 1, 2}
    assert len(found) <= 4


def test_the_same_draws_and_names_give_the_same_p_value() -> None:
    own = bank(9, draws_=20)
    ids = np.stack([np.full(32, p, np.uint8) for p in range(4) for _ in range(4)])
    nights_ = [
        Dated(str(n), ids, draws.codes([t for texts in own for t in texts[4 * n : 4 * n + 4]])) for n in range(3)
    ]
    given = drift.compared(nights_[:2], nights_[2:], seed="s")
    assert drift.p_value(given, seed="a") == drift.p_value(given, seed="a")
    assert drift.p_value(given, seed="a") != drift.p_value(given, seed="b")
