"""Verdicts, equivalence, answers that never vary, trivial formatting, effects and their intervals."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

from forensics.equality import deciding, effects, formatting, testing
from forensics.equality.draws import Draws
from forensics.errors import UnknownName, UsageError
from forensics.records.base import Interval
from forensics.records.equality import EqualityTerms
from forensics.wording_rules import hits
from tests.equality.conftest import make_draws


def terms(**changes: float) -> EqualityTerms:
    return EqualityTerms.model_validate({"alpha": 0.05, "delta": 0.05, "permutations": 499, **changes})


def fixed(texts: list[tuple[str, str]], draws: int = 3) -> list[Draws]:
    """Draws of two sides that always answer alike."""
    return [Draws(f"sha256:{p:064x}", (a,) * draws + (b,) * draws, draws) for p, (a, b) in enumerate(texts)]


def test_two_models_differ() -> None:
    found = deciding.decide(make_draws(1, usual=0.6), terms(), seed=0)
    assert found.verdict == "differs"
    assert found.cause is None
    assert not found.within_delta
    assert "not draws from one distribution" in found.sentence


def test_one_model_is_said_to_differ_by_less_than_delta_only_where_the_interval_says_so() -> None:
    probes = make_draws(3, probes=40, draws=(12, 12))
    tight = deciding.decide(probes, terms(delta=0.03), seed=0)
    assert tight.verdict == "equivalent"
    assert tight.tests[0].effect_interval.high < 0.03
    assert "as large as δ = 0.03 is ruled out" in tight.sentence
    loose = deciding.decide(probes, terms(delta=0.0005), seed=0)
    assert loose.verdict == "cannot tell"
    assert loose.sentence.startswith("Cannot tell")


def test_a_small_difference_is_a_difference_and_is_said_to_be_small() -> None:
    found = deciding.decide(make_draws(4, probes=40, draws=(12, 12), usual=0.25), terms(delta=0.3), seed=0)
    assert found.verdict == "differs"
    assert found.within_delta
    assert "smaller than δ = 0.3" in found.sentence


def test_equivalence_is_claimed_wrongly_no_oftener_than_alpha_promises() -> None:
    """Pairs whose true effect is δ: the upper limit may lie below it in a share of α of them."""
    rng = np.random.default_rng(1)
    below = 0
    for _ in range(400):
        scale = rng.uniform(0.5, 1.5, 25)
        found = effects.ratio(0.04 * scale + rng.normal(0, 0.05, 25), scale, alpha=0.05)
        below += found.interval.high < 0.04
    assert binomtest(below, 400, 0.05, alternative="greater").pvalue > 1e-3
    assert below > 4, "or else equivalence is never claimed"


def test_the_interval_of_a_ratio_by_hand() -> None:
    """Effects 0.1, 0.2, 0.3 with equal scales: mean 0.2, sd 0.1, t(2; 0.95) = 2.920."""
    found = effects.ratio(np.array([0.1, 0.2, 0.3]), np.ones(3), alpha=0.05)
    assert found.value == pytest.approx(0.2)
    assert found.interval.high == pytest.approx(0.2 + 2.91999 * 0.1 / np.sqrt(3), abs=1e-5)
    assert found.interval.level == 0.9
    twice = effects.ratio(np.array([0.1, 0.2, 0.3]), np.ones(3), alpha=0.05, order=2)
    assert twice.interval.high - 0.2 == pytest.approx(2 * (found.interval.high - 0.2), abs=1e-5)


def test_answers_that_never_vary_are_compared_one_by_one() -> None:
    same = deciding.decide(fixed([("a", "a")] * 70), terms(), seed=0)
    assert same.exact
    assert same.verdict == "equivalent"
    assert same.tests[0].p is None
    assert same.tests[0].effect_interval.high == pytest.approx(1 - 0.05 ** (1 / 70), abs=1e-5)
    few = deciding.decide(fixed([("a", "a")] * 8), terms(), seed=0)
    assert few.verdict == "cannot tell"
    one = deciding.decide(fixed([("a", "a")] * 69 + [("a", "b")]), terms(), seed=0)
    assert one.verdict == "differs"
    assert one.probes[0].effect == 1
    assert "differ on 1 of 70 probes" in one.sentence


def test_where_one_side_varies_chance_has_a_part() -> None:
    probes = fixed([("a", "a")] * 9)
    varied = [*probes, Draws(f"sha256:{99:064x}", ("a", "a", "b", "a", "b", "a"), 3)]
    assert not deciding.decide(varied, terms(), seed=0).exact


FORMS = {
    "leading": lambda text: " " + text,
    "trailing": lambda text: text + "\n",
    "special-tokens": lambda text: text + "<|im_end|>",
    "speaker": lambda text: "Assistant: " + text,
    "line-ends": lambda text: text.replace(" ", "\r\n", 1),
}


@pytest.mark.parametrize("kind", FORMS)
def test_a_trivial_change_of_form_is_named_as_the_cause(kind: str) -> None:
    probes = make_draws(6, form=FORMS[kind])
    if kind == "line-ends":
        probes = [
            p._replace(texts=tuple(t.replace(" ", "\n", 1) if i < 6 else t for i, t in enumerate(p.texts)))
            for p in probes
        ]
    found = deciding.decide(probes, terms(), seed=0)
    assert found.verdict == "differs"
    assert found.cause == "formatting"
    assert kind in {trait.id for trait in found.traits}
    assert "formatting accounts for it" in found.sentence
    trait = next(trait for trait in found.traits if trait.id == kind)
    assert (trait.reference, trait.questioned) == (0, 72)


def test_a_change_of_form_does_not_hide_another_model() -> None:
    found = deciding.decide(make_draws(6, usual=0.6, form=FORMS["leading"]), terms(), seed=0)
    assert found.verdict == "differs"
    assert found.cause is None
    assert [trait.id for trait in found.traits] == ["leading"]
    assert found.traits[0].p_without <= 0.05


def test_what_both_sides_do_alike_is_no_cause() -> None:
    probes = [p._replace(texts=tuple(f" {t}" for t in p.texts)) for p in make_draws(6, usual=0.6)]
    assert deciding.decide(probes, terms(), seed=0).traits == ()


def test_formatting_is_found_where_answers_never_vary() -> None:
    found = deciding.decide(fixed([("a", "a\n")] * 10), terms(), seed=0)
    assert (found.verdict, found.cause) == ("differs", "formatting")


@pytest.mark.parametrize(("text", "plain"), [("<s>[INST] hi", " hi"), ("<|start_header_id|>x", "x"), ("<start_of_turn>model\nx", "\nx"),
                                             ("a < b <c> d", "a < b <c> d"), ("x</s>", "x"), ("a<|b c", "a<|b c")])  # fmt: skip
def test_only_pieces_of_templates_are_taken_for_special_tokens(text: str, plain: str) -> None:
    assert formatting.KINDS[0].without(text) == plain


@pytest.mark.parametrize(("text", "plain"), [("Assistant: yes", "yes"), ("**Answer:** 4", "4"), ("assistant\n\nyes", "yes"),
                                             ("Answering: no", "Answering: no"), ("The model: x", "The model: x")])  # fmt: skip
def test_only_a_speaker_is_taken_for_one(text: str, plain: str) -> None:
    assert formatting.KINDS[1].without(text) == plain


def test_named_statistics_decide_and_their_p_values_are_adjusted() -> None:
    found = deciding.decide(make_draws(2), terms(), seed=0, chosen=["energy", "mmd:hamming"])
    deciding_tests = [test for test in found.tests if test.decides]
    assert [(test.statistic, test.kernel) for test in deciding_tests] == [("energy", "spectrum"), ("mmd", "hamming")]
    smaller, larger = sorted(deciding_tests, key=lambda test: test.p)
    assert smaller.p_adjusted == pytest.approx(min(1, 2 * smaller.p), abs=1e-6)
    assert larger.p_adjusted >= smaller.p_adjusted


def test_a_statistic_without_what_it_needs_is_a_result_with_a_reason() -> None:
    found = deciding.decide(make_draws(2), terms(), seed=0, chosen=["onetoken"])
    assert found.verdict == "cannot tell"
    assert "log-probabilities" in found.tests[0].reason
    assert "log-probabilities" in found.sentence


def test_log_probabilities_decide_beside_the_answers() -> None:
    probes = [
        p._replace(first=tuple({"a": -1.0 - 0.2 * (i >= 6), "b": -2.0} for i in range(12))) for p in make_draws(8)
    ]
    found = deciding.decide(probes, terms(), seed=0)
    assert found.verdict == "differs"
    assert {test.statistic for test in found.tests if test.decides} == {"mmd", "onetoken"}
    assert "onetoken" in found.sentence


def test_statistics_of_other_questions_are_refused() -> None:
    with pytest.raises(UsageError, match="lexical"):
        testing.check(["lexical"])
    with pytest.raises(UsageError, match="kernel"):
        testing.check(["mmd:polynomial"])
    with pytest.raises(UnknownName):
        testing.check(["no-such"])


def test_the_words_never_say_more_than_the_test() -> None:
    for seed, usual in ((1, 0.0), (2, 0.6)):
        sentence = deciding.decide(make_draws(seed, usual=usual), terms(), seed=0).sentence
        assert not list(hits(sentence)), sentence


@pytest.mark.parametrize(
    ("effect", "low", "said"),
    [
        (-0.0004, -0.02, "effect 0.000, 90% interval −0.020 to 0.030"),
        (-0.004, -0.0001, "effect −0.004, 90% interval 0.000 to 0.030"),
    ],
)
def test_what_rounds_to_nothing_has_no_sign_and_a_minus_is_one(
    monkeypatch: pytest.MonkeyPatch, effect: float, low: float, said: str
) -> None:
    interval = Interval(low=low, high=0.03, level=0.9, method="m")
    monkeypatch.setattr(effects, "ratio", lambda *_, **__: effects.Effect(effect, interval))
    found = deciding.decide(make_draws(3), terms(), seed=0, chosen=["mmd:spectrum"])
    assert said in found.sentence
    assert "-0.0" not in found.sentence


def test_what_formatting_leaves_has_no_sign_either(monkeypatch: pytest.MonkeyPatch) -> None:
    found = deciding.decide(make_draws(5, form=lambda text: f" {text}"), terms(), seed=0)
    assert found.cause == "formatting"
    left = testing.run(make_draws(5), terms(), seed=0).deciding[0].model_copy(update={"effect": -0.0002})
    assert "effect 0.000, p" in deciding._cause(found.traits, testing.Tested((left,), ()))
