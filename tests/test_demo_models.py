"""The demo models: the same everywhere, of disjoint text, and with a family tree that shows in their answers."""

import dataclasses
import hashlib
import json
import math
import os
import subprocess
import sys
from collections import Counter
from itertools import combinations
from pathlib import Path
from statistics import fmean

import numpy as np
import pytest

from forensics import demo_models, ngram
from forensics.demo_models import CATALOGUE, corpus_digest, load, relation_between

PROBES = Path(__file__).parents[1] / "probes" / "demo.jsonl"
PROMPTS = [json.loads(line)["prompt"] for line in PROBES.read_text(encoding="utf-8").splitlines()[1:]]
FAMILY = ("alder", "alder-mirror", "alder-tuned", "birch", "birch-tuned", "birch-distilled", "hazel", "hazel-tuned")
COHORT = ("ash", "elm", "fir", "holly", "linden", "oak", "pine", "rowan", "spruce", "willow")
PROGRAM = """
import sys
from forensics.demo_models import corpus_digest, load
print(corpus_digest())
for name in sys.argv[1:]:
    for seed in range(3):
        print(ascii(load(name).generate("The value is", seed=seed)))
"""


def test_the_same_in_another_process_and_order():
    names = ("oak", "birch-distilled")
    environment = {**os.environ, "PYTHONHASHSEED": "20", "PYTHONPATH": str(Path(__file__).parents[1])}
    command = [sys.executable, "-W", "error", "-c", PROGRAM, *names[::-1]]
    lines = (
        subprocess.run(command, env=environment, capture_output=True, check=True, timeout=300)
        .stdout.decode()
        .splitlines()
    )
    here = [[ascii(load(name).generate("The value is", seed=seed)) for seed in range(3)] for name in names]
    assert lines == [corpus_digest(), *here[1], *here[0]]
    assert len(set(lines)) == 7


def test_an_answer_depends_on_nothing_asked_before():
    model = load("oak")
    first = model.generate("When the file", seed=5)
    for prompt in PROMPTS[:5]:
        model.generate(prompt, seed=1, temperature=1.3)
    assert model.generate("When the file", seed=5) == first
    assert (
        ngram.LanguageModel("oak", demo_models._curriculum(CATALOGUE["oak"])).generate("When the file", seed=5) == first
    )


def test_draws_differ_by_seed_and_by_name():
    answers = [[load(name).generate(prompt, seed=seed) for prompt in PROMPTS]
               for name, seed in (("alder", 0), ("alder", 1), ("alder-mirror", 0))]  # fmt: skip
    for a, b in combinations(answers, 2):
        assert sum(x == y for x, y in zip(a, b, strict=True)) <= 3
    assert load("alder")._text == load("alder-mirror")._text


def test_shares_are_disjoint_and_cover_the_text():
    shares = demo_models._shares()
    where = Counter()
    for passages in shares.values():
        assert len(set(passages)) > 20
        where.update(set(passages))
    assert max(where.values()) == 1
    assert sum(len(passages) for passages in shares.values()) == len(demo_models._paragraphs())
    words = {name: sum(map(len, passages)) for name, passages in shares.items()}
    bases = [words[name] for name, model in CATALOGUE.items() if model.relation == "base"]
    assert max(bases) < 2 * min(bases)


def test_a_base_learns_its_own_share_and_a_tuned_one_both():
    shares = demo_models._shares()
    assert tuple(demo_models._curriculum(CATALOGUE["ash"])) == shares["ash"]
    assert tuple(demo_models._curriculum(CATALOGUE["ash-tuned"])) == shares["ash"] + shares["ash-tuned"]
    taught = tuple(demo_models._curriculum(CATALOGUE["larch-distilled"]))
    own = shares["larch-distilled"]
    assert taught[: len(own)] == own
    assert taught[len(own) :] == tuple(demo_models._lessons("larch"))
    assert sum(map(len, taught)) > 3 * sum(map(len, own))


def test_lessons_are_not_the_probes():
    assert not set(demo_models._LESSONS) & set(PROMPTS)
    assert not any(prompt in demo_models._LESSONS or (prompt.startswith(lesson + " ") and len(lesson.split()) > 2)
                   for prompt in PROMPTS for lesson in demo_models._LESSONS)  # fmt: skip


def test_corpus_digest_names_the_text():
    expected = hashlib.sha256("\0".join(demo_models._paragraphs()).encode("utf-8", "surrogatepass")).hexdigest()
    assert corpus_digest() == expected
    assert len(set(demo_models._paragraphs())) == len(demo_models._paragraphs())


def test_catalogue_is_consistent():
    for name, model in CATALOGUE.items():
        assert model.name == name
        assert name.isascii()
        assert name == name.lower()
        assert (model.parent is None) == (model.relation in {"base", "distilled"})
        assert bool(model.teachers) == (model.relation == "distilled")
        assert all(relative in CATALOGUE for relative in (*model.teachers, *filter(None, [model.parent])))
        assert model.lineage == (CATALOGUE[model.parent].lineage if model.parent else name)
    with pytest.raises(dataclasses.FrozenInstanceError):
        CATALOGUE["oak"].name = "elm"
    with pytest.raises(TypeError):
        CATALOGUE["yew"] = CATALOGUE["oak"]


def test_catalogue_is_enough_for_a_calibration():
    lineages = {model.lineage for model in CATALOGUE.values()}
    derived = {model.lineage for model in CATALOGUE.values() if model.relation == "trained_further"}
    assert len(lineages) >= 18
    assert len(derived) >= 12
    relations = {relation_between(a, b) for a, b in combinations(CATALOGUE, 2)}
    assert relations >= {"same_model", "direct", "same_base", "teacher", "teacher_family", "unrelated"}


@pytest.mark.parametrize(
    ("a", "b", "relation"),
    [
        ("alder", "alder", "same_model"),
        ("alder", "alder-mirror", "same_model"),
        ("alder-mirror", "alder-tuned", "direct"),
        ("cedar", "cedar-revised", "direct"),
        ("cedar-tuned", "cedar-revised", "same_base"),
        ("birch", "birch-distilled", "teacher"),
        ("birch-tuned", "birch-distilled", "teacher_family"),
        ("birch-distilled", "maple-distilled", "unrelated"),
        ("oak", "alder-tuned", "unrelated"),
    ],
)
def test_relations(a, b, relation):
    assert relation_between(a, b) == relation_between(b, a) == relation


@pytest.mark.parametrize(("given", "named"), [("aldr", "alder"), ("Birch-distiled", "birch-distilled"), ("", "spruce")])
def test_unknown_name_lists_close_ones(given, named):
    for ask in (load, lambda name: relation_between("oak", name)):
        with pytest.raises(ValueError, match=named):
            ask(given)


def test_unknown_name_is_not_echoed_without_limit():
    with pytest.raises(ValueError, match="no demo model") as caught:
        load("\x1b[31m" + "x" * 100_000)
    assert len(str(caught.value)) < 1000
    assert "\x1b" not in str(caught.value)


@pytest.mark.parametrize(
    "prompt",
    ["", " \n\t ", "\0", "a\0b", "\ud800", "x\udfff y", "\u202egnirts", "\x1b[31mred", "=1+1", "<script>", "名前は", "word " * 20_000],
)  # fmt: skip
def test_hostile_prompts(prompt):
    answer = load("oak").complete(prompt, seed=3)
    assert answer == load("oak").complete(prompt, seed=3)
    assert 0 < answer.tokens <= 60
    assert answer.text == answer.text.strip() != ""
    answer.text.encode("utf-8")


def test_the_prompt_is_continued():
    model = load("elm")
    first = [model.generate("The method must not", seed=seed, max_tokens=1) for seed in range(40)]
    seen = {model._text[position].strip() for position in model._after[" not"]}
    assert sum(word in seen for word in first) >= 36
    assert len(set(first)) > 5


def test_temperature_and_length():
    model = load("fir")
    assert len({model.generate("Return the", seed=seed, temperature=0) for seed in range(5)}) == 1
    assert model.complete("Return", seed=0, max_tokens=7) == (
        model.generate("Return", seed=0, max_tokens=7),
        7,
        "length",
    )
    assert model.complete("Return", seed=0, max_tokens=2000).finish_reason == "stop"
    assert model.generate("Return", seed=-(10**40)) != model.generate("Return", seed=10**40)
    model.generate("Return", seed=0, temperature=5e-324)


@pytest.mark.parametrize(
    "options", [{"temperature": -1}, {"temperature": math.nan}, {"temperature": 11}, {"max_tokens": 0}]
)
def test_options_out_of_range(options):
    with pytest.raises(ValueError, match="temperature"):
        load("fir").generate("Return", seed=0, **options)


def test_draws_follow_the_counts():
    # After "b": "c" twice in three and "d" once; Witten and Bell leave 2 : 3, and one token's readiness is a twentieth.
    model = ngram.LanguageModel("toy", ngram.passages_of("b c\n\nb c\n\nb d"))
    followers = model._followers((" b",), 1.0)
    assert followers.tokens == (" c", " d")
    assert followers.cumulative == (ngram._SCALE, ngram._SCALE + ngram._SCALE // 2)
    assert followers.leave == round(ngram._SCALE * 0.05 * 2 / 3)
    halved = model._followers((" b",), 0.5)
    assert halved.cumulative == (ngram._SCALE, ngram._SCALE + ngram._SCALE // 4)
    for temperature, expected in ((1.0, 2 / 3), (0.5, 4 / 5)):
        answers = (model.generate("x b", seed=s, temperature=temperature, max_tokens=1) for s in range(3000))
        drawn = Counter(answers)
        assert abs(drawn["c"] / (drawn["c"] + drawn["d"]) - expected) < 4 * math.sqrt(expected * (1 - expected) / 2900)


def test_text_is_restored_from_tokens():
    text = "Don't call str.join(parts) on a list-like object, see (above)."
    (passage,) = ngram.passages_of(text)
    assert ngram._join(passage) == text
    assert ngram.passages_of("") == ngram.passages_of(" \n\n ") == ()
    with pytest.raises(ValueError, match="no text"):
        ngram.LanguageModel("empty", ())


def test_without_library_source_it_says_so(tmp_path, monkeypatch):
    (tmp_path / "broken.py").write_text('"""Not Python."""\n)', encoding="utf-8")
    (tmp_path / "old.py").write_text('"""Ten words of prose are in here, \\d of them."""\n', encoding="utf-8")
    monkeypatch.setattr(demo_models.sysconfig, "get_path", lambda name: str(tmp_path))
    with pytest.raises(FileNotFoundError, match="holds only 1 paragraphs"):
        demo_models._paragraphs.__wrapped__()


def similarity(answers):
    """`lexical` as METHOD gives it, written once more and plainly: one row and column per model."""
    total = np.zeros((len(answers), len(answers)))
    for texts in zip(*answers, strict=True):
        tokens = [ngram._TOKEN.findall(text.lower().replace(" ", "  ")) for text in texts]
        grams = [Counter(g for n in (1, 2, 3) for g in zip(*(ts[k:] for k in range(n)), strict=False)) for ts in tokens]
        held = Counter(g for counted in grams for g in counted)
        place = {g: k for k, g in enumerate(g for g, count in held.items() if count > 1)}
        vectors = np.zeros((len(texts), len(place)))
        for row, counted in enumerate(grams):
            for g, count in counted.items():
                if g in place:
                    vectors[row, place[g]] = (1 + math.log(count)) * math.log(len(texts) / held[g])
        vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
        total += vectors @ vectors.T
    return total / len(answers[0])


@pytest.fixture(scope="module")
def scores():
    """Distance from the cohort in its standard deviations, by relation."""
    names = FAMILY + COHORT
    raw = np.mean(
        [similarity([[load(n).generate(p, seed=seed) for p in PROMPTS] for n in names]) for seed in (1, 2)], axis=0
    )
    cohort = slice(len(FAMILY), None)
    found = {}
    for a, b in combinations(range(len(FAMILY)), 2):
        z = fmean((raw[a, b] - raw[x, cohort].mean()) / raw[x, cohort].std(ddof=1) for x in (a, b))
        found.setdefault(relation_between(names[a], names[b]), []).append(z)
    return found


def test_relations_show_in_the_answers(scores):
    mean = {relation: fmean(values) for relation, values in scores.items()}
    assert mean["same_model"] > mean["direct"] > 3
    assert mean["teacher"] > 3
    assert min(scores["direct"]) > max(2.0, np.quantile(scores["unrelated"], 0.9))
    assert abs(mean["unrelated"]) < 1.2
    assert max(mean.values()) < 30
