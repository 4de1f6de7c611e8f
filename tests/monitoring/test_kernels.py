"""What the nightly test sees of answers: the same as the question of equality, read off code points."""

from __future__ import annotations

import numpy as np
import pytest

from forensics import registry
from forensics.equality.draws import Draws as Probe
from forensics.monitoring import draws, kernels

TEXTS = [
    "A list is a sequence.",
    "A list is a sequence!",
    "Naïve 日本語 𝒳 text",
    "",
    "a",
    " A list is a sequence.",
    "",
    "x y z " * 30,
]


@pytest.mark.parametrize(("place", "kernel"), [(0, "spectrum"), (1, "edges")])
def test_kernels_are_those_of_the_question_of_equality(place: int, kernel: str) -> None:
    plugin = registry.load("statistics", "mmd")
    assert set(plugin.COMBINED) == {"spectrum", "pooled", "edges"}
    reference = plugin.measure([Probe("p", tuple(TEXTS), len(TEXTS) // 2)], kernel).matrices[0]
    found = kernels.of_answers(draws.codes(TEXTS)).kernels[place]
    np.testing.assert_allclose(found, 1 - reference, atol=0 if place else 0.07)  # two runs may share a column
    np.testing.assert_array_equal(np.diag(found), 1)


def test_pooled_features_are_roots_of_counts_at_unit_length_and_kernels_are_semidefinite() -> None:
    rng = np.random.default_rng(0)
    texts = ["".join(rng.choice(list("abcdefgh "), 60)) for _ in range(60)]
    seen = kernels.of_answers(draws.codes(texts))
    assert seen.pooled is not None
    assert seen.pooled.shape == (60, kernels.POOLED)
    np.testing.assert_allclose(np.linalg.norm(seen.pooled, axis=1), 1, atol=1e-6)
    reference = registry.load("statistics", "mmd")._shared(texts)
    products, expected = seen.pooled @ seen.pooled.T, reference @ reference.T
    assert np.corrcoef(products.ravel(), expected.ravel())[0, 1] > 0.9  # other columns, so other clashes
    for kernel in seen.kernels:
        assert np.linalg.eigvalsh(kernel.astype(float)).min() > -1e-3


def test_a_view_owes_nothing_to_the_order_of_draws() -> None:
    order = np.random.default_rng(1).permutation(len(TEXTS))
    seen, turned = kernels.of_answers(draws.codes(TEXTS)), kernels.of_answers(draws.codes(TEXTS)[order])
    assert seen.pooled is not None
    assert turned.pooled is not None
    np.testing.assert_allclose(turned.kernels[0], seen.kernels[0][np.ix_(order, order)], atol=1e-6)
    np.testing.assert_allclose(turned.pooled, seen.pooled[order], atol=1e-6)


# --- first tokens -------------------------------------------------------------------------------------------------


def test_first_tokens_are_as_far_apart_as_onetoken_says() -> None:
    """Two draws alone on a probe: minus the kernel is the mean |Δ| that `onetoken` finds between them."""
    plugin = registry.load("statistics", "onetoken")
    firsts = [
        (("a", -0.5), ("b", -1.5), ("c", -3.0)),
        (("b", -0.7), ("a", -1.0)),
        (("ü", -0.2), ("a", -2.0005), ("c", -4.0)),
        (("a", -0.5), ("b", -1.5004), ("c", -3.0)),
    ]
    (kernel,) = kernels.of_tokens(draws.listed(firsts)).kernels
    tokens = {name for first in firsts for name, _ in first}
    for i, one in enumerate(firsts):
        for j, other in enumerate(firsts):
            probe = Probe("p", ("x", "y"), 1, (dict(one), dict(other)))
            listed = {name for first in (one, other) for name, _ in first}
            # There the mean is over the tokens of these two; what neither lists has the least of each.
            least = max(abs(min(v for _, v in one) - min(v for _, v in other)) - plugin.NOISE, 0)
            expected = float(plugin.measure([probe], "").by_probe()[0][0]) * len(listed)
            expected += least * (len(tokens) - len(listed))
            assert -kernel[i, j] == pytest.approx(expected / len(tokens), abs=1e-5)
    assert kernel[0, 3] == 0  # noise of another runtime


def test_tokens_are_read_in_order_of_likelihood_and_none_is_none() -> None:
    found = draws.listed([None, (), [(f"t{i}", -float(i)) for i in reversed(range(30))]])
    assert (found["token"][:2] == 0).all()
    np.testing.assert_array_equal(found["logprob"][2], -np.arange(draws.LIKELIEST))
    assert len(set(found["token"][2].tolist())) == draws.LIKELIEST
