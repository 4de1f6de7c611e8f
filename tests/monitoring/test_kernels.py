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


@pytest.mark.parametrize(("view", "kernel"), [("spectrum", "spectrum"), ("edges", "edges")])
def test_kernels_are_those_of_the_question_of_equality(view: str, kernel: str) -> None:
    plugin = registry.load("statistics", "mmd")
    assert set(plugin.COMBINED) == {"spectrum", "pooled", "edges"}
    reference = plugin.measure([Probe("p", tuple(TEXTS), len(TEXTS) // 2)], kernel).matrices[0]
    found = getattr(kernels.views(draws.codes(TEXTS)), view)
    np.testing.assert_allclose(
        found, 1 - reference, atol=0.07 if view == "spectrum" else 0
    )  # two runs may share a column
    np.testing.assert_array_equal(np.diag(found), 1)


def test_pooled_features_are_roots_of_counts_at_unit_length_and_kernels_are_semidefinite() -> None:
    rng = np.random.default_rng(0)
    texts = ["".join(rng.choice(list("abcdefgh "), 60)) for _ in range(60)]
    seen = kernels.views(draws.codes(texts))
    assert seen.pooled.shape == (60, kernels.POOLED)
    np.testing.assert_allclose(np.linalg.norm(seen.pooled, axis=1), 1, atol=1e-6)
    reference = registry.load("statistics", "mmd")._shared(texts)
    products, expected = seen.pooled @ seen.pooled.T, reference @ reference.T
    assert np.corrcoef(products.ravel(), expected.ravel())[0, 1] > 0.9  # other columns, so other clashes
    for kernel in (seen.spectrum, seen.edges):
        assert np.linalg.eigvalsh(kernel.astype(float)).min() > -1e-3


def test_a_view_owes_nothing_to_the_order_of_draws() -> None:
    order = np.random.default_rng(1).permutation(len(TEXTS))
    seen, turned = kernels.views(draws.codes(TEXTS)), kernels.views(draws.codes(TEXTS)[order])
    np.testing.assert_allclose(turned.spectrum, seen.spectrum[np.ix_(order, order)], atol=1e-6)
    np.testing.assert_allclose(turned.pooled, seen.pooled[order], atol=1e-6)
