"""Rating probes and planning: hand values, power as well as false alarms, seeds, and the commands end to end."""

import json
import random

import numpy as np
import pytest
from click.testing import CliRunner

from forensics import planning
from forensics.cli import main
from forensics.errors import TooLittleEvidence, UsageError
from forensics.probes import rating
from forensics.probes import separation as separating
from forensics.relations import Pair

LINEAGES = ["oak", "oak", "elm", "elm", "ash", "ash", "fir", "fir", "yew", "bay"]


def agreement(rng, strength, *, lineages=LINEAGES):
    """Symmetric noise, and for each probe so much more between relatives: [probes, m, m]."""
    names = np.array(lineages)
    related = names[:, None] == names[None, :]
    noise = rng.normal(size=(len(strength), len(names), len(names)))
    values = (noise + noise.transpose(0, 2, 1)) / np.sqrt(2) + np.asarray(strength)[:, None, None] * related
    values[:, np.arange(len(names)), np.arange(len(names))] = np.nan
    return values


def test_separation_by_hand():
    # Two lineages of two: s = 3 and 1 within, 0, 0, 0, 2 between; typical m = 0, 1, 0, 1 (means over the other lineage).
    s = np.full((1, 4, 4), np.nan)
    for i, j, value in ((0, 1, 3), (2, 3, 1), (0, 2, 0), (0, 3, 0), (1, 2, 0), (1, 3, 2)):
        s[0, i, j] = s[0, j, i] = value
    # e = s - (m_i + m_j) / 2: within 2.5 and 0.5; between 0, -0.5, -0.5, 1 with mean 0 and sd sqrt(0.375).
    found = separating.separation(s, separating.by_lineage(["a", "a", "b", "b"]))
    assert found == pytest.approx([1.5 / np.sqrt(0.375)])


def test_each_lineage_counts_once():
    rng = np.random.default_rng(1)
    lineages = ["big"] * 12 + ["small"] * 2 + [f"lone-{k}" for k in range(12)]
    names = np.array(lineages)
    values = agreement(rng, np.zeros(1), lineages=lineages)
    values[:, (names == "small")[:, None] & (names == "small")[None, :]] += 6
    labels = separating.by_lineage(lineages)
    assert separating.separation(values, labels)[0] > 2  # 66 pairs of the big one do not drown it


def test_a_member_that_agrees_with_everybody_is_no_relative():
    rng = np.random.default_rng(2)
    values = agreement(rng, np.zeros(40))
    values[:, 0, :] += 5
    values[:, :, 0] += 5
    values[:, 1, :] += 5
    values[:, :, 1] += 5
    assert abs(np.mean(separating.separation(values, separating.by_lineage(LINEAGES)))) < 0.3


def test_missing_answers_and_no_spread_give_no_value():
    values = agreement(np.random.default_rng(3), [1.0, 1.0])
    values[0] = np.nan
    values[1] = 0.25
    assert np.isnan(separating.separation(values, separating.by_lineage(LINEAGES))).all()


def test_split_is_by_lineage_and_seeded():
    labels = separating.by_lineage(LINEAGES)
    splits = {separating.split(labels, share=0.5, seed=seed) for seed in range(20)}
    assert len(splits) > 3
    assert all(len(s & {"oak", "elm", "ash", "fir"}) == 2 and len(s & {"yew", "bay"}) == 1 for s in splits)
    assert separating.split(labels, share=0.5, seed=7) == separating.split(labels, share=0.5, seed=7)
    with pytest.raises(TooLittleEvidence, match="Only 1 development"):
        separating.split(separating.by_lineage(["a", "a", "b"]), share=1.0, seed=0)


def test_labels_from_pairs():
    pairs = [
        Pair("x", "y", "direct", clean=True),
        Pair("x", "z", "unrelated", clean=True),
        Pair("y", "z", "unrelated", clean=False),
        Pair("x", "gone", "direct", clean=True),
    ]
    labels = separating.by_pairs(["x", "y", "z"], ["a", "a", "b"], pairs)
    assert labels.related.tolist() == [[False, True, False], [True, False, False], [False, False, False]]
    assert labels.apart.tolist() == [[False, False, True], [False, False, False], [True, False, False]]
    assert labels.lineages_related() == ["a"]


def test_rating_finds_telling_probes_and_pays_on_unseen_lineages():
    rng = np.random.default_rng(4)
    strength = np.tile([0.0, 0.9], 30)
    lineages = [f"lineage-{k // 2}" for k in range(24)]
    values, labels = agreement(rng, strength, lineages=lineages), separating.by_lineage(lineages)
    seen = separating.members_of(labels, separating.split(labels, share=0.5, seed=0))
    unseen = np.setdiff1d(np.arange(24), seen)
    rated = separating.separation(values[:, seen][:, :, seen], labels.of(seen))
    assert rated[strength > 0].mean() > rated[strength == 0].mean() + 0.5
    worth = separating.worth(values[:, unseen][:, :, unseen], labels.of(unseen), rated, seed=0)
    assert worth.best_half.auc > worth.random_high.auc - 0.01
    assert worth.best_half.auc > worth.worst_half.auc + 0.05
    assert (worth.models, worth.related_pairs, worth.unrelated_pairs) == (12, 6, 60)


def test_rating_of_noise_is_worth_nothing():
    values, labels = agreement(np.random.default_rng(5), np.zeros(60)), separating.by_lineage(LINEAGES)
    worth = separating.worth(values, labels, np.random.default_rng(6).normal(size=60), seed=0)
    assert worth.random_low.auc <= worth.best_half.auc <= worth.random_high.auc


def test_repeatability_tells_real_differences_from_noise():
    lineages = [f"lineage-{k // 3}" for k in range(36)]
    labels = separating.by_lineage(lineages)
    real = agreement(np.random.default_rng(7), np.linspace(0, 2, 40), lineages=lineages)
    noise = (agreement(np.random.default_rng(seed), np.ones(40), lineages=lineages) for seed in range(12))
    assert separating.repeatability(real, labels, seed=0) > 0.7
    assert abs(np.mean([separating.repeatability(values, labels, seed=0) for values in noise])) < 0.15
    assert separating.repeatability(real[:, :6, :6], separating.by_lineage(lineages[:6]), seed=0) is None


# --- over files -----------------------------------------------------------------------------------------------------


@pytest.fixture
def clear(make_folder):
    """Six lineages of three models, twelve telling probes."""
    folder = make_folder(cohort=0, probes=12)
    for lineage in ("elm", "fir", "yew", "bay", "ash"):
        for number in range(3):
            folder.add(f"{lineage}-{number}", lineage=lineage)
    folder.declare()
    return folder


@pytest.fixture
def answers(clear):
    """The same, but the odd probes are answered without regard to lineage."""
    folder = clear
    for path in folder.path.glob("*.jsonl"):
        rows = [json.loads(line) for line in path.read_text().splitlines()]
        for p, row in enumerate(rows):
            if p % 2:
                rng = random.Random(f"{path.stem}/{p}")
                row["answer"] = " ".join(
                    rng.choice(["salt", "bread", "rain", "door", "lamp", "reed"]) for _ in range(12)
                )
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


def test_rate_command(answers, tmp_path):
    probe_set = tmp_path / "mine.jsonl"
    lines = [{"name": "mine", "version": "1"}] + [{"id": f"mine-{p:03}", "prompt": f"probe {p}"} for p in range(12)]
    probe_set.write_text("\n".join(json.dumps(line) for line in lines))
    arguments = ["probes", "rate", str(probe_set), str(answers.path), "--seed", "3"]
    result = CliRunner().invoke(main, [*arguments, "--json"], catch_exceptions=False)
    assert result.exit_code == 0, result.stderr
    content = json.loads(result.stdout)
    best = {rated["probe"] for rated in content["probes"][:6]}
    assert best == {f"mine-{p:03}" for p in range(0, 12, 2)}
    assert content["worth"]["best_half"]["auc"] > content["worth"]["worst_half"]["auc"]
    assert not set(content["development"]) & set(content["unseen"])
    assert {rated["stability"] for rated in content["probes"]} == {None}
    assert CliRunner().invoke(main, [*arguments, "--json"]).stdout == result.stdout
    table = CliRunner().invoke(main, arguments).stdout
    assert "unseen lineages" in table
    assert "mine-000" in table


@pytest.fixture
def drawn(tmp_path):
    """Four lineages of two, six probes, four draws: the first three probes are answered alike in every draw."""
    rng = random.Random(1)
    rows = []
    for model in range(8):
        lines = []
        for p in range(6):
            steady = f"{rng.random()} lamp {rng.randrange(3)} reed {rng.randrange(3)} door {rng.randrange(3)}"
            for draw in range(4):
                loose = " ".join(rng.choice(["salt", "bread", "rain", "door", "lamp", "reed"]) for _ in range(9))
                lines.append({"prompt": f"probe {p}", "answer": steady if p < 3 else loose, "draw": draw})
        (tmp_path / f"m{model}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
        rows.append(f"m{model},l{model // 2}")
    (tmp_path / "models.csv").write_text("\n".join(["model,lineage", *rows]))
    return tmp_path


def test_stability_over_draws(drawn):
    from forensics import calibrating
    from forensics.transcripts import prompt_digest

    body = calibrating.gather(drawn, drawn / "models.csv", ["lexical"], only=None, workers=1)
    found = dict(zip(body.probes, rating.stability(body, "lexical"), strict=True))
    by_probe = [found[prompt_digest(f"probe {p}")] for p in range(6)]
    assert min(by_probe[:3]) > 0.99
    assert max(by_probe[3:]) < 0.8


def wanted(folder, **changes):
    content = {
        "folder": getattr(folder, "path", folder),
        "question": "derivation",
        "models": None,
        "pairs": None,
        "power": 0.9,
        "false_positives": 0.05,
        "lr": None,
        "calibration": None,
        "statistic": "lexical",
        "ask": 2,
        "price_in": None,
        "price_out": None,
        "seed": 0,
    }
    return planning.Wanted(**{**content, **changes})


def test_plan_from_a_folder(clear):
    plan = planning.plan(wanted(clear))
    assert plan.budget is not None
    assert plan.budget.calls == 2 * plan.budget.probes
    assert plan.budget.cost is None
    assert plan.content()["budget"]["cost"] == "unknown"
    powers = [point.power for point in plan.curve]
    assert powers[-1] >= 0.9 > powers[-2] if len(powers) > 1 else powers[-1] >= 0.9
    assert any("one draw" in note for note in plan.notes)
    assert plan == planning.plan(wanted(clear))


def test_plan_costs_what_the_prices_say(clear):
    plan = planning.plan(wanted(clear, price_in=2.0, price_out=8.0, ask=5))
    budget = plan.budget
    assert budget.cost == pytest.approx((budget.tokens_in * 2 + budget.tokens_out * 8) / 1e6, rel=1e-5)
    assert planning.plan(wanted(clear, price_in=2.0)).budget.cost is None


def test_plan_without_any_signal_reaches_nothing(make_folder):
    folder = make_folder(cohort=0, probes=6)
    rng = random.Random(9)
    for lineage in ("elm", "fir", "yew", "bay"):
        for number in range(3):
            folder.add(
                f"{lineage}-{number}",
                lineage=lineage,
                answer=lambda _m, _p: " ".join(
                    rng.choice(["salt", "bread", "rain", "door", "lamp", "reed", "oil", "ink"]) for _ in range(12)
                ),
            )
    folder.lineages = {name: lineage for name, lineage in folder.lineages.items() if lineage != "oak"}
    for name in ("reference", "questioned", "relative-0"):
        (folder.path / f"{name}.jsonl").unlink()
    folder.declare()
    plan = planning.plan(wanted(folder, false_positives=0.01))
    assert plan.budget is None
    assert max(point.power for point in plan.curve) < 0.6
    assert plan.curve[-1].beyond


def test_plan_says_what_ratio_is_within_reach(clear):
    limit = planning.plan(wanted(clear, lr=1000)).limit
    # Six lineages, one of them the reference's own: five alternatives.
    assert (limit.lineages, limit.largest, limit.reachable, limit.lineages_needed) == (5, 6.0, False, 999)


def test_distillation_needs_labelled_pairs(clear):
    with pytest.raises(UsageError, match="trained on whose"):
        planning.plan(wanted(clear, question="distillation"))


def test_plan_command(clear):
    result = CliRunner().invoke(main, ["plan", str(clear.path), "--false-positives", "0.05"], catch_exceptions=False)
    assert result.exit_code == 0
    assert "cost    unknown" in result.stdout
    content = json.loads(CliRunner().invoke(main, ["plan", str(clear.path), "--json"]).stdout)
    assert content["recorded_probes"] == 12


def test_plan_weighs_draws_against_probes(drawn):
    plan = planning.plan(wanted(drawn, power=0.99))
    assert plan.recorded_draws == 4
    assert {point.draws for point in plan.curve} == {1, 2, 4}
    assert not any("one draw" in note for note in plan.notes)
