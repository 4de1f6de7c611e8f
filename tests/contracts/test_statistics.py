"""What every statistic must keep, whatever it measures: a new one is tested by adding its file.

The corpus is made up so that every kind of statistic finds something: keyed answers, refusals, free choices, claims of
identity, several draws, and members who left probes out.
"""

from __future__ import annotations

import importlib
import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from forensics import canonical, corpus, deriving, features, measuring, registry, scoring, transcripts
from forensics.corpus import Corpus
from forensics.records.case import Source
from forensics.records.transcript import Answer, Sampling, TranscriptHeader
from forensics.statistics import Block

MEMBERS, PROBES = 10, 36


def _costly(name: str) -> bool:
    return features.most_probes(registry.load("statistics", name).FEATURE) is not None


NAMES = [pytest.param(n, marks=[pytest.mark.slow] if _costly(n) else []) for n in measuring.names()]
CLAIMS = ("I am ChatGPT, made by OpenAI.", "I am Claude, trained by Anthropic.", "I am Qwen.")


def _text(member: int, probe: int, draw: int) -> tuple[str, str, str | None]:
    """Return state, text and key. Members 0, 1 and 2 are of one kind."""
    kind = 0 if member < 3 else member
    rng = random.Random(f"{kind}/{probe}/{member if probe % 4 == 0 else ''}/{draw}")
    usual = random.Random(f"usual/{probe}")
    words = [
        usual.choice(["mill", "river", "grain", "stone", "bell", "tower", "lamp", "shore", "reed", "cloud"])
        for _ in range(30)
    ]
    said = " ".join(rng.choice(words) for _ in range(rng.randrange(6, 24)))
    match probe % 6:
        case 0:
            refused = rng.random() < 0.5
            return ("text", "I'm sorry, but I cannot help with that." if refused else f"Certainly! {said}.", None)
        case 1:
            return "text", f"{said}. The answer is {rng.choice(('4', '5', '6', '7'))}.", "4"
        case 2:
            return "text", rng.choice(("blue", "Blue.", "green", "teal", "red", "37", "42")), None
        case 3:
            return "text", rng.choice(CLAIMS) + f" {said}", None
        case 4:
            return "text", f"# {said}\n\n- {said}\n- **{said}**\n\n{said}?", None
        case _:
            refused = rng.random() < 0.6
            return ("refused", "", None) if refused else ("text", f"Sure thing! {said}, {said}!", None)


def _write(folder: Path, member: int) -> Source:
    answers = []
    for probe in range(PROBES):
        if member >= 3 and (member + probe) % 11 == 0:
            continue  # left out
        for draw in range(6 if probe % 6 == 2 else 2 if member % 2 else 1):
            state, text, key = _text(member, probe, draw)
            prompt = f"probe {probe}: name a colour or a number, or who are you"
            answers.append(Answer(probe=f"p{probe}", draw=draw, prompt=prompt, prompt_digest=transcripts.prompt_digest(prompt),
                                  state=state, text=text, key=key, prev=canonical.digest(b"")))  # fmt: skip
    header = TranscriptHeader(schema=transcripts.SCHEMA, model=f"m{member}", adapter="replay", sampling=Sampling(temperature=1.0),
                              probe_set=None, provenance=None, imported=None, notes={})  # fmt: skip
    path = folder / f"m{member}.jsonl"
    path.write_bytes(transcripts.chained(header, answers))
    return Source(name=f"m{member}", role="cohort", format="native", path=str(path), digest=canonical.file_digest(path),
                  lineage=f"l{max(member, 2)}", sampling=None)  # fmt: skip


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> list[Source]:
    folder = tmp_path_factory.mktemp("statistics")
    return [_write(folder, member) for member in range(MEMBERS)]


def build(sources: list[Source], *, workers: int = 1) -> Corpus:
    return corpus.build(sources, root=Path("/"), workers=workers)


@pytest.fixture(autouse=True)
def _one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading files in several processes is tested elsewhere, and costs a second each time."""
    monkeypatch.setattr(deriving, "_WORTH_PROCESSES", 1000)
    for kind in {registry.load("statistics", name).FEATURE for name in measuring.names()}:
        if features.most_probes(kind) is not None:
            monkeypatch.setattr(importlib.import_module(f"forensics.features.{kind}"), "MOST_PROBES", 7)


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest) -> Iterator[str]:
    """Every statistic; one whose features cannot be made here is skipped, loudly."""
    plugin = registry.load("statistics", request.param)
    reason = features.unavailable(plugin.FEATURE)
    if reason is not None:
        pytest.skip(f"{request.param}: {reason}")
    return request.param


def everyone(body: Corpus, name: str) -> np.ndarray:
    return measuring.measure(body, name, range(len(body.members)))


def test_a_statistic_says_what_it_is(name: str) -> None:
    plugin = registry.load("statistics", name)
    assert plugin.__doc__
    assert 10 < len(plugin.SUMMARY) < 110
    assert "\n" not in plugin.SUMMARY
    assert isinstance(plugin.VERSION, str)
    assert plugin.VERSION
    assert plugin.ROLE in ("weighed", "exhibit")
    assert features.version_of(plugin.FEATURE)
    assert set(getattr(plugin, "STATES", ("text",))) <= set(deriving.STATES)


def test_shape_and_what_is_missing(sources: list[Source], name: str) -> None:
    """[probes, rows, members]; missing for a member with itself and where one did not answer; finite or missing."""
    body = build(sources)
    agreement = everyone(body, name)
    assert agreement.shape == (len(body.probes), MEMBERS, MEMBERS)
    assert agreement.dtype == np.float64
    assert not np.isinf(agreement).any()
    assert np.isnan(agreement[:, range(MEMBERS), range(MEMBERS)]).all()
    states = getattr(registry.load("statistics", name), "STATES", ("text",))
    for p, docs in enumerate(body.docs_in(states)):
        absent = sorted(set(range(MEMBERS)) - set(docs.owners.tolist()))
        assert np.isnan(agreement[p][absent]).all()
        assert np.isnan(agreement[p][:, absent]).all()


def test_it_gives_a_value_here(sources: list[Source], name: str) -> None:
    """Or else none of these tests would notice anything."""
    body = build(sources)
    why_not = measuring.inapplicable(body, name, (0, 1))
    if why_not is not None:
        pytest.skip(f"{name} says that it does not apply to the made-up corpus: {why_not}")
    agreement = everyone(body, name)
    assert np.isfinite(agreement[:, 0, 1]).sum() >= 1
    present = agreement[np.isfinite(agreement)]
    assert len(np.unique(np.round(present, 9))) > 1, "the same value everywhere measures nothing"


def test_the_sides_may_be_swapped(sources: list[Source], name: str) -> None:
    agreement = everyone(build(sources), name)
    np.testing.assert_allclose(agreement, agreement.transpose(0, 2, 1), rtol=1e-9, atol=1e-12)


def test_rows_are_those_asked_for(sources: list[Source], name: str) -> None:
    body = build(sources)
    whole = everyone(body, name)
    for rows in ([0, 1], [1, 0], [5], []):
        np.testing.assert_allclose(measuring.measure(body, name, rows), whole[:, rows], rtol=1e-9, atol=1e-12)


def test_the_order_of_members_does_not_matter(sources: list[Source], name: str) -> None:
    before = everyone(build(sources), name)
    order = [0, 1, *random.Random(3).sample(range(2, MEMBERS), MEMBERS - 2)]
    after = everyone(build([sources[m] for m in order]), name)
    np.testing.assert_allclose(after, before[:, order][:, :, order], rtol=1e-9, atol=1e-12)


def test_the_same_bits_for_any_number_of_workers(sources: list[Source], name: str, tmp_path: Path, monkeypatch) -> None:
    found = []
    for workers in (1, 3):
        monkeypatch.setenv("FORENSICS_HOME", str(tmp_path / f"home-{workers}"))
        found.append(everyone(build(sources, workers=workers), name).tobytes())
    assert found[0] == found[1]


def test_nothing_given_to_it_is_changed(sources: list[Source], name: str) -> None:
    plugin = registry.load("statistics", name)
    body = build(sources)
    for table in body.features(plugin.FEATURE):
        for array in table.values():
            array.flags.writeable = False
    rows = np.array([0, 1])
    rows.flags.writeable = False
    from forensics.statistics import score_probe, survey_of

    blocks = measuring._blocks(body, plugin)
    for block in blocks:
        block.owners.flags.writeable = False
        block.rows.flags.writeable = False
    survey = survey_of(plugin, blocks)
    for block in blocks:
        score_probe(plugin, block, rows, survey)


def test_draws_given_twice_do_not_count_twice(sources: list[Source], name: str) -> None:
    """A member whose every answer stands there twice agrees with the others as it did."""
    plugin = registry.load("statistics", name)
    if name == "choice":
        pytest.skip("choice estimates frequencies: it corrects for the number of draws on purpose")
    from forensics.statistics import score_probe, survey_of

    body = build(sources)
    blocks = measuring._blocks(body, plugin)
    rows = np.arange(MEMBERS)
    doubled = [_doubled(block, 4) for block in blocks]
    once, twice = survey_of(plugin, blocks), survey_of(plugin, doubled)
    scores = [np.stack([score_probe(plugin, b, rows, s) for b in bs]) for bs, s in ((blocks, once), (doubled, twice))]
    np.testing.assert_allclose(scores[1], scores[0], rtol=1e-9, atol=1e-12)


def _doubled(block: Block, member: int) -> Block:
    times = np.where(block.owners == member, 2, 1)
    return block._replace(owners=np.repeat(block.owners, times), rows=np.repeat(block.rows, times))


def test_empty_and_lonely_probes_crash_nothing(sources: list[Source], name: str) -> None:
    """A probe nobody answered, one that one member answered, and one that only the sides answered."""
    plugin = registry.load("statistics", name)
    from forensics.statistics import score_probe, survey_of

    body = build(sources)
    block = max(measuring._blocks(body, plugin), key=lambda b: len(np.unique(b.owners)))
    rows = np.array([0, 1])
    for members in ([], [0], [1], [0, 1], [0, 7]):
        kept = np.isin(block.owners, members)
        few = block._replace(owners=block.owners[kept], rows=block.rows[kept])
        scored = score_probe(plugin, few, rows, survey_of(plugin, [few]))
        assert scored.shape == (2, MEMBERS)
        assert not np.isinf(scored).any()
        absent = sorted(set(range(MEMBERS)) - set(members))
        assert np.isnan(scored[:, absent]).all()


def test_it_becomes_a_score_with_a_value_or_a_reason(sources: list[Source], name: str) -> None:
    body = build(
        [
            sources[0].model_copy(update={"role": "reference"}),
            sources[1].model_copy(update={"role": "questioned"}),
            *sources[2:],
        ]
    )
    found = scoring.score(body, name, scoring.population(body), seed=0, replicates=100)
    assert (found.normalised is None) == (found.reason is not None)
    assert found.statistic == name
    assert found.version
    if found.raw is not None:
        assert found.rank is not None


def test_hostile_answers_crash_nothing(name: str, tmp_path: Path) -> None:
    texts = ["\x00", "\x1b[2J", "\u202e", " ", "x" * 50_000, "\U0010ffff" * 9, "\ufeff", "e\u0301" * 100, "\n" * 500, "`" * 300,
             "<b>" * 99, "7" * 5000, "İ" * 2001, "½ ² ٣", "a\u0000b", "|" * 200]  # fmt: skip
    sources = []
    for member in range(7):
        answers = []
        for p in range(len(texts)):
            prompt = f"p{p}"
            text = texts[(p + member * p) % len(texts)]
            answers.append(Answer(probe=prompt, draw=0, prompt=prompt, prompt_digest=transcripts.prompt_digest(prompt), state="text",
                                  text=text, key="7" if p % 2 else texts[p], prev=canonical.digest(b"")))  # fmt: skip
        header = TranscriptHeader(schema=transcripts.SCHEMA, model=f"m{member}", adapter="x", sampling=None, probe_set=None,
                                  provenance=None, imported=None, notes={})  # fmt: skip
        path = tmp_path / f"m{member}.jsonl"
        path.write_bytes(transcripts.chained(header, answers))
        sources.append(Source(name=f"m{member}", role="cohort", format="native", path=str(path),
                              digest=canonical.file_digest(path), lineage=None, sampling=None))  # fmt: skip
    body = build(sources)
    assert not np.isinf(measuring.measure(body, name, (0, 1))).any()
