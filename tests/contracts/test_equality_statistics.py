"""What every statistic for the question of equality must keep: a new one is tested by adding its file."""

from __future__ import annotations

import numpy as np
import pytest

from forensics import features, registry
from forensics.equality import permuting, testing
from forensics.equality.draws import Draws

CASES = [(name, kernel) for name in testing.names() for kernel in registry.load("statistics", name).KERNELS]
WORDS = ("mill", "river", "grain", "stone", "bell", "tower", "lamp", "shore")


@pytest.fixture(params=CASES, ids=lambda case: ":".join(case).rstrip(":"))
def case(request: pytest.FixtureRequest) -> tuple[str, str]:
    if request.param[1] == "embedding" and features.unavailable("embedding"):
        pytest.skip("no embedder here")
    return request.param


def draws(seed: int, shift: int = 0, *, sizes: tuple[tuple[int, int], ...] = ((4, 4), (5, 3), (4, 4), (2, 6), (3, 3), (4, 4))) -> list[Draws]:  # fmt: skip
    """Answers of three words; with `shift` the questioned model uses other words, tokens and likelihoods."""
    rng = np.random.default_rng(seed)
    made = []
    for place, (n, m) in enumerate(sizes):
        moved = [0] * n + [shift] * m
        texts = tuple(" ".join(WORDS[(i + k) % 8] for i in rng.integers(0, 5, 3)) for k in moved)
        first = tuple({w: float(-rng.uniform(1, 2) - k) for w in WORDS[:4]} for k in moved)
        likelihoods = tuple(float(rng.normal() - 2 * k) for k in moved)
        made.append(Draws(f"sha256:{place:064x}", texts, n, first, likelihoods))
    return made


def observed(case: tuple[str, str], probes: list[Draws]) -> float:
    return float(
        registry.load("statistics", case[0]).measure(probes, case[1]).under(permuting.as_they_are(probes))[0][0]
    )


def test_it_says_what_it_is(case: tuple[str, str]) -> None:
    plugin = registry.load("statistics", case[0])
    assert plugin.__doc__
    assert 10 < len(plugin.SUMMARY) < 110
    assert "\n" not in plugin.SUMMARY
    assert isinstance(plugin.VERSION, str)
    assert plugin.ROLE == "equality"
    assert plugin.NEEDS in ("texts", "first", "likelihoods")
    assert plugin.UNIT
    assert set(getattr(plugin, "OPT_IN", {})) | set(getattr(plugin, "COMBINED", ())) <= set(plugin.KERNELS)


def test_values_for_every_labelling_and_probe(case: tuple[str, str]) -> None:
    probes = draws(1, 2)
    measure = registry.load("statistics", case[0]).measure(probes, case[1])
    (dealt,) = permuting.deal(probes, 7, 1)
    values = measure.under(dealt)
    assert values.statistic.shape == values.effect.shape == (7,)
    assert np.isfinite([*values.statistic, *values.effect]).all()
    numerators, denominators = measure.by_probe()
    assert numerators.shape == denominators.shape == (len(probes),)
    true = measure.under(permuting.as_they_are(probes))
    assert float(true.effect[0]) == pytest.approx(numerators.sum() / denominators.sum(), rel=1e-4, abs=1e-7)


def test_what_moves_the_questioned_model_away_makes_it_larger(case: tuple[str, str]) -> None:
    assert observed(case, draws(1, 3)) > observed(case, draws(1, 0))


def test_the_sides_may_be_swapped(case: tuple[str, str]) -> None:
    if case[0] == "uniformity":
        pytest.skip("uniformity asks about the questioned side's place among the reference's answers")
    probes = draws(2, 1)
    swapped = []
    for probe in probes:
        n = probe.reference
        parts = {
            field: (*getattr(probe, field)[n:], *getattr(probe, field)[:n])
            for field in ("texts", "first", "likelihoods")
        }
        swapped.append(probe._replace(reference=len(probe.texts) - n, **parts))
    assert observed(case, swapped) == pytest.approx(observed(case, probes), rel=1e-4, abs=1e-6)


def test_the_order_of_probes_and_of_draws_does_not_matter(case: tuple[str, str]) -> None:
    probes = draws(3, 1)
    turned = []
    for probe in reversed(probes):
        n = probe.reference
        parts = {
            f: (*getattr(probe, f)[:n][::-1], *getattr(probe, f)[n:][::-1]) for f in ("texts", "first", "likelihoods")
        }
        turned.append(probe._replace(**parts))
    assert observed(case, turned) == pytest.approx(observed(case, probes), rel=1e-4, abs=1e-6)


def test_labels_dealt_in_blocks_are_labels_dealt_at_once(case: tuple[str, str]) -> None:
    probes = draws(4, 1)
    measure = registry.load("statistics", case[0]).measure(probes, case[1])
    (dealt,) = permuting.deal(probes, 9, 2)
    whole = measure.under(dealt).statistic
    parts = [measure.under([g._replace(labels=g.labels[:, i : i + 3]) for g in dealt]).statistic for i in (0, 3, 6)]
    np.testing.assert_allclose(np.concatenate(parts), whole, rtol=1e-4, atol=1e-7)


def test_hostile_answers_crash_nothing(case: tuple[str, str]) -> None:
    texts = (
        "\x00",
        "\x1b[2J",
        "\u202e",
        " ",
        "",
        "x" * 5000,
        "\U0010ffff" * 9,
        "e\u0301" * 100,
        "\n" * 500,
        "İ" * 21,
        "`" * 300,
        "a\u0000b",
    )
    probes = [
        probe._replace(texts=tuple(texts[(p + i) % len(texts)] for i in range(len(probe.texts))))
        for p, probe in enumerate(draws(5))
    ]
    assert np.isfinite(observed(case, probes))
