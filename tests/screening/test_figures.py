"""What is concluded from a screen's values: lineages inferred, lists of suspects, likelihood ratios."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import false_discovery_control

from forensics import calibrations, case
from forensics.errors import UsageError
from forensics.records.calibration import Calibration
from forensics.screening import discovery, kin
from forensics.screening.ratios import Side, ratios


def closeness(families: list[int], *, near: float, seed: int = 0) -> np.ndarray:
    """Scores of pairs: noise, a model's own level, and more within a family."""
    rng = np.random.default_rng(seed)
    m, own = len(families), np.array(families)
    noise = rng.normal(0, 1, (m, m))
    values = (noise + noise.T) / np.sqrt(2) + near * (own[:, None] == own[None, :])
    np.fill_diagonal(values, np.nan)
    return values


# --- lineages -------------------------------------------------------------------------------------------------------


def test_families_are_found_and_marked_and_declared_ones_stay() -> None:
    families = [0, 0, 0, 1, 1, *range(2, 32)]
    values = closeness(families, near=14)
    found = kin.lineages(values, [None] * len(families))
    assert [one.lineage for one in found[:5]] == ["inferred 1"] * 3 + ["inferred 2"] * 2
    assert all(one.inferred for one in found[:5])
    assert all(one == kin.Kin(None, inferred=False) for one in found[5:])
    declared: list[str | None] = ["oak", None, None, "inferred 1", None, *[None] * 30]
    named = kin.lineages(values, declared)
    assert [one.lineage for one in named[:5]] == ["oak", "oak", "oak", "inferred 1", "inferred 1"]
    assert [one.inferred for one in named[:5]] == [False, True, True, False, True]


def test_two_declared_lineages_are_never_joined_however_near() -> None:
    values = closeness([0, 0, 0, *range(1, 30)], near=30)
    found = kin.lineages(values, ["oak", "elm", None, *[None] * 29])
    assert [one.lineage for one in found[:2]] == ["oak", "elm"]
    assert found[2] == kin.Kin("elm", inferred=True)  # equally many: by name


@pytest.mark.parametrize("models", [20, 40, 120])
def test_unrelated_models_are_not_joined(models) -> None:
    joined = 0
    for seed in range(20):
        values = closeness(list(range(models)), near=0, seed=seed)
        joined += sum(one.inferred for one in kin.lineages(values, [None] * models))
    assert joined == 0


def test_few_models_are_left_as_they_are() -> None:
    values = closeness([0, 0, *range(1, 18)], near=40)
    assert not any(one.inferred for one in kin.lineages(values, [None] * 19))
    same = np.zeros((25, 25))
    assert not any(one.inferred for one in kin.lineages(same, [None] * 25))


# --- suspects -------------------------------------------------------------------------------------------------------


def test_the_shares_are_counted_by_hand() -> None:
    null = np.array([0.0, 1.0, 2.0, 3.0])
    np.testing.assert_allclose(discovery.tail(null, np.array([3.5, 3.0, 0.5, -1.0])), [1 / 5, 2 / 5, 4 / 5, 1])
    ranks = discovery.ranked(
        np.array([[np.nan, 2, 1, 2], [2, np.nan, 0, np.nan], [1, 0, np.nan, 5], [2, np.nan, 5, np.nan]])
    )
    assert ranks.tolist() == [[0, 1, 3, 1], [1, 0, 2, 0], [2, 3, 0, 1], [2, 0, 1, 0]]


def test_q_is_that_of_the_reference_implementation() -> None:
    p = np.random.default_rng(0).uniform(0, 1, 60) ** 3
    np.testing.assert_allclose(discovery.adjusted(p), false_discovery_control(p, method="by"), rtol=1e-12)
    assert discovery.adjusted(np.zeros(0)).tolist() == []


def test_what_is_named_at_five_percent_is_rarely_unrelated() -> None:
    """No model has a relative: a share of at most 5% of suspects has anybody with list p or q of at most 0.05."""
    named = {"list_p": 0, "q": 0}
    trials = 0
    for seed in range(6):
        values = closeness(list(range(60)), near=0, seed=seed)
        for suspect in range(60):
            found = discovery.nearest(values, [str(i) for i in range(60)], suspect, by=values)
            named["list_p"] += bool(np.nanmin(found.list_p) <= 0.05)
            named["q"] += bool(np.nanmin(found.q) <= 0.05)
            trials += 1
    assert 0.02 < named["list_p"] / trials < 0.08, "and it is not merely silent"
    assert named["q"] / trials <= 0.05


def test_a_relative_is_named_and_comes_first() -> None:
    families = [0, 0, *range(1, 59)]
    values = closeness(families, near=12)
    found = discovery.nearest(values, [str(f) for f in families], 0, by=values)
    assert found.order[0] == 1
    assert found.list_p[1] == pytest.approx(1 / (1 + found.models))
    assert found.q[1] == pytest.approx(found.least_q)
    assert found.models == 58
    assert found.pairs == 58 * 57 // 2
    assert np.nanmin(np.delete(found.list_p, 1)) > 0.05


def test_who_is_near_to_everybody_does_not_come_first() -> None:
    first = 0
    for seed in range(10):
        values = closeness([0, 0, *range(1, 39)], near=6, seed=seed)
        values[39] += 8
        values[:, 39] += 8
        np.fill_diagonal(values, np.nan)
        assert np.nanargmax(values[0]) == 39
        first += discovery.nearest(values, [str(i) for i in [0, 0, *range(1, 39)]], 0, by=values).order[0] == 1
    assert first >= 8


# --- ratios ---------------------------------------------------------------------------------------------------------


EXAMPLE = Path(__file__).parents[2] / "reports" / "example"


def test_a_pair_has_the_ratio_that_its_case_gives(run, tmp_path) -> None:
    """The answers of the committed example, screened: the pair is weighed as its case was."""
    scores, evidence = case.read_scores(EXAMPLE), case.read_evidence(EXAMPLE)
    table = tmp_path / "models.csv"
    lines = [f"{side.model},{side.lineage}" for side in scores.sides]
    table.write_text("\n".join(["model,lineage", *lines]) + "\n", encoding="utf-8")
    result = run(
        EXAMPLE / "transcripts", models=str(table), calibration=str(EXAMPLE / "calibration.json"),
        suspects=(evidence.reference,),
    )  # fmt: skip
    assert result.record.weighing is not None
    assert not result.record.weighing.transferred
    given = [weight.log10_lr for weight in evidence.conclusion.weights if weight.log10_lr is not None]
    found = next(one for one in result.suspects[0].candidates if one.model == evidence.questioned)
    assert given
    assert found.log10_lr == pytest.approx(min(given), abs=2e-4)
    score = next(s for s in scores.scores if s.statistic == result.record.statistics[0].statistic)
    assert found.raw == pytest.approx(score.raw, rel=1e-5)
    assert found.normalised == pytest.approx(score.normalised, rel=1e-5)


def test_a_calibration_that_does_not_fit_is_refused_or_marked(answers, run) -> None:
    with pytest.raises(UsageError, match="does not fit this case: probes"):
        run(answers.path, calibration="demo-derivation")
    found = run(answers.path, calibration="demo-derivation", transfer=True)
    assert found.record.weighing is not None
    assert found.record.weighing.transferred
    with pytest.raises(UsageError, match="--statistic lexical"):
        run(answers.path, calibration="demo-derivation", statistics=("opening",))


def shipped() -> Calibration:
    return calibrations.parse(calibrations.read_bytes("alpaca_eval-derivation"), path="shipped")


def test_ratios_are_capped_monotone_and_symmetric() -> None:
    calibration = shipped()
    z = np.linspace(-3, 30, 36).reshape(6, 6)
    z = (z + z.T) / 2
    found = ratios(calibration, [Side(f"new-{i}", None) for i in range(6)], z[:, :, None], list)
    upper = np.triu_indices(6, 1)
    order = np.argsort(z[upper])
    values = found.log10[upper][order]
    assert (np.diff(values) >= 0).all()
    lineages = {*calibration.lines[0].pairs.lineages}
    assert values.max() <= np.log10(len(lineages) + 1) + 1e-9
    np.testing.assert_array_equal(found.log10, found.log10.T)
    assert np.isnan(found.low).all(), "fewer than 15 lineages: no interval"


def test_own_lineages_and_models_are_left_out_of_the_line() -> None:
    calibration = shipped()
    pairs = calibration.lines[0].pairs
    name, lineage = pairs.models[0], pairs.lineages[0]
    z = np.full((3, 3, 1), 0.8)
    stranger = ratios(calibration, [Side("x", None), Side("y", None), Side("z", None)], z, list).log10[0, 1]
    kin_ = ratios(calibration, [Side("x", lineage), Side("y", None), Side(name, None)], z, list)
    assert kin_.log10[0, 1] != stranger
    few = calibration.model_copy(update={
        "lines": tuple(line.model_copy(update={"validation": line.validation.model_copy(update={"answerable": False})})
                       for line in calibration.lines)
    })  # fmt: skip
    none = ratios(few, [Side("x", None), Side("y", None)], z[:2, :2], list)
    assert np.isnan(none.log10).all()
    assert "cannot tell" in none.reasons[0, 1]


def test_with_lineages_enough_there_are_intervals() -> None:
    calibration = shipped()
    split = []
    for line in calibration.lines:
        # As if every lineage were three: then there are enough of them.
        lineages = tuple(f"{name}/{i % 3}" for i, name in enumerate(line.pairs.lineages))
        split.append(line.model_copy(update={"pairs": line.pairs.model_copy(update={"lineages": lineages})}))
    z = np.array([[np.nan, 0.4, 2.0], [0.4, np.nan, -0.6], [2.0, -0.6, np.nan]])[:, :, None]
    wide = ratios(
        calibration.model_copy(update={"lines": tuple(split)}), [Side(n, None) for n in "xyz"], z, lambda: [z, z + 0.1]
    )
    assert wide.log10[1, 2] < 0 < wide.log10[0, 2]
    assert wide.low[0, 2] <= wide.log10[0, 2] <= wide.high[0, 2]
    assert wide.low[0, 2] < wide.high[0, 2]
    assert np.isnan(wide.low[1, 2]), "a ratio that does not speak for Hp has none"
