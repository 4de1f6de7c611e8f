"""What is concluded from a screen's values: lineages inferred, lists of suspects, likelihood ratios."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import false_discovery_control

from forensics import calibrations, case, comparing, demo_population
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
            found = discovery.nearest(values, [str(i) for i in range(60)], suspect)
            named["list_p"] += bool(np.nanmin(found.list_p) <= 0.05)
            named["q"] += bool(np.nanmin(found.q) <= 0.05)
            trials += 1
    assert 0.02 < named["list_p"] / trials < 0.08, "and it is not merely silent"
    assert named["q"] / trials <= 0.05


def test_a_relative_is_named_and_comes_first() -> None:
    families = [0, 0, *range(1, 59)]
    values = closeness(families, near=12)
    found = discovery.nearest(values, [str(f) for f in families], 0)
    assert found.order[0] == 1
    assert found.list_p[1] == pytest.approx(1 / (1 + found.models))
    assert found.q[1] == pytest.approx(found.least_q)
    assert found.models == 58
    assert found.pairs == 58 * 57 // 2
    assert np.nanmin(np.delete(found.list_p, 1)) > 0.05


def test_who_is_near_to_everybody_does_not_come_first() -> None:
    values = closeness([0, 0, *range(1, 39)], near=3)
    values[39] += 4
    values[:, 39] += 4
    np.fill_diagonal(values, np.nan)
    assert np.nanargmax(values[0]) == 39
    assert discovery.nearest(values, [str(i) for i in [0, 0, *range(1, 39)]], 0).order[0] == 1


# --- ratios ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def population(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("demo") / "answers"
    demo_population.write(folder)
    return folder


def test_a_pair_has_the_ratio_that_a_comparison_gives(population, run, wanted, make_folder, tmp_path) -> None:
    result = run(population, calibration="demo-derivation", suspects=("demo:alder",))
    assert result.record.weighing is not None
    assert not result.record.weighing.transferred
    folder = make_folder()
    for name in ("alder-tuned", "oak"):
        asked = wanted(
            folder, tmp_path / name, reference=f"replay:{population / 'alder.jsonl'}",
            questioned=f"replay:{population / name}.jsonl", cohort=(str(population),), statistics=("phrases",),
            calibration="demo-derivation",
        )  # fmt: skip
        compared = comparing.compare(asked, formats=["json"], workers=1, say=lambda _: None)
        weights = case.read_evidence(compared.folder).conclusion.weights
        given = [weight.log10_lr for weight in weights if weight.log10_lr is not None]
        found = next(one for one in result.suspects[0].candidates if one.model == f"demo:{name}")
        assert given
        assert found.log10_lr == pytest.approx(min(given), abs=2e-4)


def test_a_calibration_that_does_not_fit_is_refused_or_marked(answers, run) -> None:
    with pytest.raises(UsageError, match="does not fit this case: probes"):
        run(answers.path, calibration="demo-derivation")
    found = run(answers.path, calibration="demo-derivation", transfer=True)
    assert found.record.weighing is not None
    assert found.record.weighing.transferred
    with pytest.raises(UsageError, match="--statistic phrases"):
        run(answers.path, calibration="demo-derivation", statistics=("lexical",))


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
    for a, b in ((0, 1), (0, 2), (1, 2)):
        assert wide.low[a, b] <= wide.log10[a, b] <= wide.high[a, b]
    assert wide.low[0, 1] < wide.high[0, 1]
