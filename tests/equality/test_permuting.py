"""Labels dealt out inside the probes, p-values, the largest of several statistics, Holm."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics.equality import permuting
from forensics.equality.draws import Draws


def probe(place: int, reference: int, questioned: int) -> Draws:
    return Draws(f"sha256:{place:064x}", tuple("abcdefgh"[: reference + questioned]), reference)


def test_every_probe_keeps_its_numbers_of_answers() -> None:
    probes = [probe(0, 2, 3), probe(1, 4, 2), probe(2, 2, 3)]
    for dealt in permuting.deal(probes, 300, 1):
        assert sorted(p for group in dealt for p in group.probes.tolist()) == [0, 1, 2]
        for group in dealt:
            assert set(np.unique(group.labels)) == {0.0, 1.0}
            assert (group.labels.sum(axis=2) == group.sizes[0]).all()


def test_every_choice_of_labels_is_equally_likely() -> None:
    """Of four answers two are dealt to the reference: six ways, each about a sixth of 6,000 times."""
    drawn = np.concatenate([group.labels[0] for dealt in permuting.deal([probe(0, 2, 2)], 6000, 3) for group in dealt])
    assert len(drawn) == 6000
    for chosen in combinations(range(4), 2):
        times = int((drawn[:, chosen].sum(axis=1) == 2).sum())
        assert abs(times - 1000) < 4 * np.sqrt(1000 * 5 / 6)


def test_probes_are_dealt_independently_of_one_another() -> None:
    probes = [probe(p, 3, 3) for p in range(2)]
    labels = np.concatenate([group.labels for dealt in permuting.deal(probes, 4000, 5) for group in dealt], axis=1)
    assert abs(np.corrcoef(labels[0, :, 0], labels[1, :, 0])[0, 1]) < 0.07


def test_the_true_labels_come_first_and_are_the_reference_first() -> None:
    (group,) = permuting.as_they_are([probe(0, 2, 3)])
    assert group.labels.tolist() == [[[1, 1, 0, 0, 0]]]


def test_same_seed_same_labels_and_another_seed_others() -> None:
    def dealt(seed: int) -> bytes:
        return b"".join(g.labels.tobytes() for d in permuting.deal([probe(0, 4, 4)], 50, seed) for g in d)

    assert dealt(1) == dealt(1) != dealt(2)


def test_more_permutations_go_on_where_fewer_stopped() -> None:
    few = next(permuting.deal([probe(0, 4, 4)], 256, 1))[0].labels
    many = next(permuting.deal([probe(0, 4, 4)], 600, 1))[0].labels
    assert (few == many).all()


def test_p_is_never_zero_and_ties_count() -> None:
    assert permuting.p_value(0, 999) == 0.001
    assert permuting.p_value(999, 999) == 1.0
    assert permuting.exceeding(1.0, np.array([1.0, 1.0 - 1e-12, 0.5, 2.0])) == 3


def test_the_largest_is_the_largest_standardised() -> None:
    flat = np.ones(5)
    found = permuting.combined(np.array([[3.0, 0, 0, 0, 2], [0, 0, 100, 0, 0], flat]))
    assert found.argmax() == 2
    np.testing.assert_allclose(found[2], 2.0)  # (100 − 20) / 40


def test_holm_by_hand() -> None:
    assert permuting.holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert permuting.holm([]) == []
    assert permuting.holm([0.9, 0.8]) == [1.0, 1.0]


@given(st.lists(st.floats(0.0001, 1), min_size=1, max_size=8))
def test_holm_keeps_the_order_and_never_makes_smaller(p_values: list[float]) -> None:
    adjusted = permuting.holm(p_values)
    assert all(before <= after <= 1 for before, after in zip(p_values, adjusted, strict=True))
    order = np.argsort(p_values, kind="stable")
    assert (np.diff(np.array(adjusted)[order]) >= 0).all()
