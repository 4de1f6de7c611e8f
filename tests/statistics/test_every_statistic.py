"""What holds for every statistic: symmetry, order, draws, gaps, strange texts. New plugins are tested unasked."""

from __future__ import annotations

import random
import warnings

import numpy as np
import pytest

from forensics import measuring, registry
from forensics.features import extract

NAMES = measuring.names()
MEMBERS, PROBES, DRAWS = 7, 20, 6
KEYS = ["42"] * PROBES
STRANGE = ("\x00" * 50, "\ufffd", "שלום עולם " * 30, "🙂👩‍👩‍👧🇩🇪", "İ" * 300, "\u2028\u2029\x85", "# " * 900, "x" * 100_000, ".", "ﷺ",
           "answer: " + "9" * 5000, '{"answer": "\\', "1/0", "−,", "\\boxed{" * 400, "I cannot " * 400, "`" * 3000)  # fmt: skip


@pytest.fixture
def given(models):
    made = models(5, members=MEMBERS)
    for model in made:
        model.touchy = 0.8
    rng = random.Random(1)
    return [[[model.write(rng, p) for _ in range(DRAWS)] for model in made] for p in range(PROBES)]


@pytest.fixture(params=NAMES)
def name(request, fake_embedder):
    return request.param


def kind(name: str) -> str:
    return registry.load("statistics", name).FEATURE


def test_agreement_is_symmetrical_and_a_member_is_not_compared_with_itself(name, blocks, measured, given) -> None:
    scores = measured(name, blocks(kind(name), given, keys=KEYS))
    assert np.nanmax(np.abs(scores - scores.transpose(0, 2, 1))) < 1e-12
    assert np.isnan(scores[:, range(MEMBERS), range(MEMBERS)]).all()
    pairs = ~np.eye(MEMBERS, dtype=bool)
    assert np.isfinite(np.nanmean(scores[:, pairs]))
    assert np.nanstd(scores[:, pairs]) > 0


def test_a_row_does_not_hang_on_which_others_are_asked_for(name, blocks, measured, given) -> None:
    made = blocks(kind(name), given, keys=KEYS)
    np.testing.assert_allclose(measured(name, made, [4, 1]), measured(name, made)[:, [4, 1]], rtol=0, atol=1e-12)


def test_the_order_of_members_means_nothing(name, blocks, measured, given) -> None:
    order = [3, 0, 6, 2, 5, 1, 4]
    turned = measured(name, blocks(kind(name), [[probe[m] for m in order] for probe in given], keys=KEYS))
    plain = measured(name, blocks(kind(name), given, keys=KEYS))
    np.testing.assert_allclose(turned, plain[:, order][:, :, order], rtol=0, atol=1e-9)


def test_the_order_of_draws_means_nothing(name, blocks, measured, given) -> None:
    turned = [[list(reversed(drawn)) for drawn in probe] for probe in given]
    plain, reverse = (measured(name, blocks(kind(name), g, keys=KEYS)) for g in (given, turned))
    np.testing.assert_allclose(reverse, plain, rtol=0, atol=1e-9)


def test_missing_answers_are_missing_values_and_nothing_else(name, blocks, measured, given) -> None:
    full = measured(name, blocks(kind(name), given, keys=KEYS))
    given[2][3] = None
    given[4] = [None] * MEMBERS
    given[5] = [None if m else drawn for m, drawn in enumerate(given[5])]
    scores = measured(name, blocks(kind(name), given, keys=KEYS))
    assert np.isnan(scores[2, 3]).all()
    assert np.isnan(scores[2, :, 3]).all()
    assert np.isnan(scores[4:6]).all()
    others = np.delete(np.arange(PROBES), [2, 4, 5])
    assert (np.isnan(scores[others]) == np.isnan(full[others])).all() or name == "refusal"


def test_strange_texts_give_numbers_and_no_warnings(name, blocks, measured, given) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for p in range(PROBES):
            for m in range(MEMBERS):
                given[p][m] = [STRANGE[(p * 7 + m * 3 + d) % len(STRANGE)] for d in range(DRAWS)]
        given[0][0] = [STRANGE[0]]
        for keys in (KEYS, [None] * PROBES, ["does not exist"] * PROBES):
            assert not np.isinf(measured(name, blocks(kind(name), given, keys=keys))).any()


def test_equal_answers_of_everybody_give_no_warnings(name, blocks, measured) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scores = measured(name, blocks(kind(name), [[["The same."] * DRAWS] * MEMBERS] * PROBES, keys=KEYS))
        assert not np.isinf(scores).any()


def test_two_members_alone_give_no_warnings(name, blocks, measured) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        measured(name, blocks(kind(name), [["One thing.", "Another thing."]] * PROBES, keys=KEYS))


def test_there_is_a_summary_a_version_and_a_role(name) -> None:
    plugin = registry.load("statistics", name)
    assert plugin.SUMMARY
    assert "\n" not in plugin.SUMMARY
    assert isinstance(plugin.VERSION, str)
    assert plugin.ROLE in ("weighed", "exhibit")


@pytest.mark.parametrize("kind", ["tokens", "layout", "final", "declined", "claims", "embedding"])
def test_features_of_a_text_hang_on_that_text_alone(kind, fake_embedder) -> None:
    texts = ["One thing.", "", "**Two** things: 5.", "İ ça 你好 🙂", *STRANGE]
    together = extract(kind, texts)
    for n, text in enumerate(texts):
        alone = extract(kind, [text])
        for field, values in together.items():
            if field == "ids":
                start, end = together["offsets"][n : n + 2]
                here = together["vocabulary"][values[start:end]]
                assert (here == alone["vocabulary"][alone["ids"]]).all()
            elif field not in ("offsets", "vocabulary"):
                np.testing.assert_array_equal(values[n], alone[field][0])
