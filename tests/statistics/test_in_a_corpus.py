"""Every statistic through corpus and scoring: a value where it applies, else a reason, and never a NaN."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from forensics import canonical, corpus, deriving, measuring, registry, scoring
from forensics.records.case import Source
from forensics.records.scores import Score

NAMES = measuring.names()


@pytest.fixture
def body(tmp_path: Path, models, fake_embedder):
    """Build a corpus of made-up models; `rows` may change each answer's row before it is written."""

    def make(*, draws: int = 1, keys: bool = True, probes: int = 30, rows=lambda row: row) -> corpus.Corpus:
        sources = []
        for number, model in enumerate(models(3, members=9)):
            model.touchy = max(model.touchy, 0.6)
            rng = random.Random(number)
            lines = []
            for p in range(probes):
                for d in range(draws):
                    row = {"prompt": f"probe {p}", "answer": model.write(rng, p), "draw": d, "number": number}
                    lines.append(json.dumps(rows({**row, "key": "42"} if keys else row)) + "\n")
            path = tmp_path / f"model-{number}.jsonl"
            path.write_text("".join(lines))
            role = ("reference", "questioned", *["cohort"] * 9)[number]
            sources.append(Source(name=path.stem, role=role, format="table", path=str(path), lineage=None, sampling=None,
                                  digest=canonical.file_digest(path)))  # fmt: skip
        return corpus.build(sources, root=Path("/"), workers=1)

    return make


def scored(made: corpus.Corpus) -> dict[str, Score]:
    basis = scoring.population(made)
    return {name: scoring.score(made, name, basis, seed=0, replicates=100) for name in NAMES}


def test_each_has_a_value_or_a_reason(body) -> None:
    for draws in (1, 5):
        for name, score in scored(body(draws=draws)).items():
            assert (score.raw is None) == (score.rank is None)
            assert score.raw is not None or score.reason, name
            json.loads(score.model_dump_json())
            if name != "choice" or draws >= 5:
                assert score.raw is not None, (name, score.reason)
                assert score.n_probes >= 5


def test_those_of_one_habit_rank_first(body) -> None:
    found = scored(body(draws=5))
    for name in ("lexical", "phrases", "style", "answers", "refusal", "semantic"):
        assert found[name].rank.reference == 1, name


def test_keys_reach_the_answers_and_their_absence_is_a_reason(body) -> None:
    assert scored(body(keys=False))["answers"].reason == (
        "only 0 probes with a key were answered by both sides; 5 are needed"
    )


def test_too_few_draws_are_a_reason(body) -> None:
    assert "at least 5 draws per probe" in scored(body())["choice"].reason


def test_nobody_refusing_is_a_reason(body) -> None:
    made = body(rows=lambda row: {**row, "answer": f"Certainly: {row['number'] % 4} of {row['prompt']}."})
    reason = scored(made)["refusal"].reason
    assert reason == "the reference refused 0 and answered 30 of 30 probes; 5 of each are needed"


def test_an_embedder_that_is_missing_is_a_reason(body, monkeypatch) -> None:
    from forensics.features import embedding

    monkeypatch.undo()
    monkeypatch.setenv(embedding.VARIABLE, "nonesuch")
    score = scoring.score(made := body(), "semantic", scoring.population(made), seed=0, replicates=100)
    assert score.raw is None
    assert "nonesuch" in score.reason


def test_costly_features_are_made_for_so_many_probes_and_no_more(body, monkeypatch) -> None:
    from forensics.features import embedding

    monkeypatch.setattr(embedding, "MOST_PROBES", 12)
    made = body()
    assert "embedding" not in measuring.features_of(NAMES)
    embedded = made.features("embedding")
    assert [int(table["embedded"].sum()) for table in embedded] == [12] * 9
    score = scored(made)["semantic"]
    assert score.n_probes == 12
    assert {c.prompt_digest for c in score.contributions} == set(made.probes[:12])


def test_recorded_refusals_without_words_are_read_by_refusal_alone(tmp_path, body) -> None:
    # A native transcript would say so by state; the table's way to say it is a phrase, so states are set by hand here.
    made = body()
    docs = made.docs_in(("text", "refused"))
    assert [len(d.owners) for d in docs] == [len(d.owners) for d in made.docs]
    states = made.members[0].states
    states[:6] = deriving.STATES.index("refused")
    again = corpus.Corpus(made.members, made.probes, 1)
    assert sum(len(d.owners) for d in again.docs_in(("text", "refused"))) == sum(len(d.owners) for d in docs)
    assert sum(len(d.owners) for d in again.docs) == sum(len(d.owners) for d in docs) - 6
    assert registry.load("statistics", "refusal").STATES == ("text", "refused")
