"""Likelihoods under the reference: exact, asked once, kept in the case, and all that `uniformity` needs afterwards."""

from __future__ import annotations

import json
import math
import shutil
from collections import Counter
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from forensics import case, ngram, registry
from forensics.adapters import Model
from forensics.cli import main
from forensics.custody import keys
from forensics.equality import deciding, likelihoods
from forensics.errors import Interrupted, ModelDidNotAnswer
from forensics.records.equality import EqualityTerms, EqualityTest
from tests.equality.conftest import make_draws

PREFIXES = ("Return the", "If the", "This class", "The argument", "When a", "Raise an error", "All of the", "The name")


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def probe_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("probes") / "few.jsonl"
    rows = [{"name": "few", "version": "1"}, *({"id": f"p{i}", "prompt": text} for i, text in enumerate(PREFIXES))]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


def compare(folder: Path, probe_file: Path, reference: str, questioned: str, *more: object) -> Result:
    return run("compare", reference, questioned, "--question", "equality", "--draws", 5, "--probes", probe_file, "--permutations",
               199, "--max-tokens", 25, "--format", "json", "-o", folder, "--json", *more)  # fmt: skip


def uniformity(folder: Path) -> EqualityTest:
    found = case.read_evidence(folder).equality
    assert found is not None
    return next(test for test in found.tests if test.statistic == "uniformity")


def demo() -> type[Model]:
    """The class of the demo models."""
    return type(registry.load("adapters", "demo").connect("alder", {}))


def test_an_n_gram_model_scores_text_by_hand() -> None:
    """After `the`: ½ by three tokens, ½ of the rest by two, 20 in 21 of that by one, and one in four of all tokens."""
    model = ngram.LanguageModel("small", ngram.passages_of("the cat sat"))
    cat = 0.5 + 0.25 + 0.25 / 1.05 + 0.25 * (0.05 / 1.05) / 4
    assert model.likelihood("the", "cat") == pytest.approx(math.log(cat), rel=1e-8)
    unknown = -32 * math.log(2)
    assert model.likelihood("the", "cat dog") == pytest.approx((math.log(cat) + unknown) / 2, rel=1e-8)
    assert model.likelihood("the", "") == model.likelihood("the", " \n\n ") == 0.0


def test_the_shares_are_those_it_draws_by() -> None:
    passages = ngram.passages_of("the cat sat on the mat\n\nthe dog sat on the cat\n\na cat ran, the dog ran")
    model = ngram.LanguageModel("small", passages)
    words = [" sat", " on", " the"]
    shares = {token: model._share(words, token) for token in {t for passage in passages for t in passage}}
    assert sum(shares.values()) == pytest.approx(1, abs=1e-9)
    drawn = Counter(model.generate("sat on the", seed=s, temperature=1, max_tokens=1) for s in range(4000))
    for token in (" cat", " dog", " mat"):
        assert drawn[token.strip()] / 4000 == pytest.approx(shares[token], abs=0.03)


def test_one_model_is_as_likely_as_itself(tmp_path: Path, probe_file: Path) -> None:
    found = []
    for seed in range(6):
        done = compare(tmp_path / str(seed), probe_file, "demo:alder", "demo:alder-mirror", "--sampling-seed", 1000 * seed, "--statistic", "uniformity")  # fmt: skip
        assert done.exit_code == 0, done.stderr
        test = uniformity(tmp_path / str(seed))
        assert (test.reason, test.n_probes, test.draws, test.decides) == (None, 8, (40, 40), True)
        found.append(test.p or 0.0)
    assert sum(p <= 0.05 for p in found) <= 2, found
    assert sum(found) / len(found) > 0.2, found


@pytest.mark.parametrize("questioned", ["demo:alder-tuned", "demo:ash"])
def test_another_model_is_less_likely(tmp_path: Path, probe_file: Path, questioned: str) -> None:
    done = compare(tmp_path, probe_file, "demo:alder", questioned)
    test = uniformity(tmp_path)
    assert test.p is not None
    assert test.p <= 0.01
    assert test.effect is not None
    assert test.effect < -0.5, "what another model writes is the less likely"
    assert json.loads(done.stdout)["equality"]["verdict"] == "differs"


def test_the_file_is_asked_for_once_and_is_all_that_is_needed(
    tmp_path: Path, probe_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    assert compare(whole, probe_file, "demo:alder", "demo:ash").exit_code == 0
    scored: list[int] = []
    score = demo().score  # type: ignore[attr-defined]

    def counted(self: object, asks: list[object], texts: list[str]) -> object:
        if len(scored) == 5:
            raise Interrupted("asked to stop")
        scored.append(len(texts))
        return score(self, asks, texts)

    monkeypatch.setattr(likelihoods, "_AT_ONCE", 2)
    monkeypatch.setattr(demo(), "score", counted)
    assert compare(broken, probe_file, "demo:alder", "demo:ash").exit_code == 130
    assert not (broken / "case.json").exists()
    scored.clear()
    done = compare(broken, probe_file, "demo:alder", "demo:ash")
    assert done.exit_code == 0, done.stderr
    assert len(scored) == 4, "of eight probes four were written down before the end"
    assert "scoring 40 answers under demo:alder" in done.stderr
    values = [json.loads((f / "likelihoods.json").read_text())["probes"] for f in (whole, broken)]
    assert values[0] == values[1]

    monkeypatch.setattr(demo(), "score", lambda *_: pytest.fail("the model was asked again"))
    before = {name: (broken / name).read_bytes() for name in ("likelihoods.json", "scores.json", "evidence.json")}
    assert compare(broken, probe_file, "demo:alder", "demo:ash").exit_code == 0
    assert run("score", broken).exit_code == 0
    assert {name: (broken / name).read_bytes() for name in before} == before


def test_other_answers_are_scored_anew(tmp_path: Path, probe_file: Path) -> None:
    assert compare(tmp_path, probe_file, "demo:alder", "demo:ash").exit_code == 0
    before = case.read_likelihoods(tmp_path, case.read_case(tmp_path))
    (tmp_path / "transcripts" / "questioned.jsonl").unlink()
    assert compare(tmp_path, probe_file, "demo:alder", "demo:elm").exit_code == 0
    after = case.read_likelihoods(tmp_path, case.read_case(tmp_path))
    assert before is not None
    assert after is not None
    assert before.reference == after.reference
    assert all(a.values != b.values for a, b in zip(before.probes, after.probes, strict=True))


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory, probe_file: Path) -> tuple[Path, Path]:
    """A case and its bundle."""
    place = tmp_path_factory.mktemp("sealed")
    key = place / "seal.pem"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FORENSICS_PASSPHRASE", "a passphrase for tests")
        keys.new(key, ask=lambda: "a passphrase for tests")
        assert compare(place / "case", probe_file, "demo:alder", "demo:alder-tuned", "--key", key).exit_code == 0
        done = run("seal", place / "case", "-o", place / "bundle", "--key", key)
        assert done.exit_code == 0, done.stderr
    return place / "case", place / "bundle"


def test_a_bundle_is_computed_again_without_the_model(
    sealed: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo(), "score", lambda *_: pytest.fail("the model was asked"))
    assert (sealed[1] / "bag" / "data" / "likelihoods.json").is_file()
    done = run("verify", sealed[1], "--recompute")
    assert done.exit_code == 0, done.output
    assert "byte for byte" in done.output


@pytest.mark.parametrize("fault", ["edited", "gone"])
def test_likelihoods_that_are_not_the_case_s_are_refused(sealed: tuple[Path, Path], tmp_path: Path, fault: str) -> None:
    made, bundle = (Path(shutil.copytree(path, tmp_path / path.name)) for path in sealed)
    for path in (made / "likelihoods.json", bundle / "bag" / "data" / "likelihoods.json"):
        text = path.read_text("utf-8")
        path.unlink()
        if fault == "edited":
            path.write_text(text.replace("-", "-1", 1), "utf-8")
    done = run("score", made)
    assert done.exit_code == 4
    assert "likelihoods.json is not the file this case was made with" in done.stderr
    assert run("seal", made, "-o", tmp_path / "again", "--key", sealed[0].parent / "seal.pem").exit_code != 0
    found = run("verify", bundle, "--recompute")
    assert found.exit_code == 4
    assert "likelihoods.json" in found.output


def test_likelihoods_of_other_answers_are_refused(sealed: tuple[Path, Path], tmp_path: Path) -> None:
    made = Path(shutil.copytree(sealed[0], tmp_path / "case"))
    record = case.read_case(made)
    swapped = record.model_copy(update={"reference": record.questioned, "questioned": record.reference})
    case.write(made, case.CASE, swapped)
    done = run("score", made)
    assert done.exit_code == 4
    assert "is of other answers" in done.stderr


def test_a_redacted_edition_does_not_let_guesses_be_checked(
    sealed: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORENSICS_PASSPHRASE", "a passphrase for tests")
    done = run("redact", sealed[1], "-o", tmp_path / "open", "--rule", "probe:p0|for the test", "--key", sealed[0].parent / "seal.pem")  # fmt: skip
    assert done.exit_code == 0, done.output
    assert not list((tmp_path / "open").rglob("likelihoods.json"))
    plain = json.loads((sealed[0] / "likelihoods.json").read_text("utf-8"))["questioned"].removeprefix("sha256:")
    assert not [p for p in (tmp_path / "open").rglob("*") if p.is_file() and plain.encode() in p.read_bytes()]
    assert run("verify", tmp_path / "open").exit_code == 0


def test_where_the_reference_cannot_score_the_reason_stands(tmp_path: Path, probe_file: Path) -> None:
    assert compare(tmp_path / "one", probe_file, "demo:alder", "demo:ash").exit_code == 0
    recorded = f"replay:{tmp_path / 'one' / 'transcripts' / 'reference.jsonl'}"
    assert compare(tmp_path / "two", probe_file, recorded, "demo:ash").exit_code == 0
    assert uniformity(tmp_path / "two").reason == likelihoods.RECORDED
    assert not uniformity(tmp_path / "two").decides
    assert not (tmp_path / "two" / "likelihoods.json").exists()
    assert compare(tmp_path / "three", probe_file, "command:cat", "demo:ash").exit_code == 0
    assert "the adapter command cannot score text" in (uniformity(tmp_path / "three").reason or "")
    assert compare(tmp_path / "four", probe_file, "demo:alder", "demo:ash", "--statistic", "mmd").exit_code == 0
    held = case.read_case(tmp_path / "four").equality
    assert held is not None
    assert (held.likelihoods, held.unscored) == (None, likelihoods.NOT_WANTED)


def test_a_model_that_fails_at_scoring_is_a_reason(
    tmp_path: Path, probe_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise ModelDidNotAnswer("no memory for it.", remedy="Buy some.")

    monkeypatch.setattr(demo(), "score", fails)
    assert compare(tmp_path, probe_file, "demo:alder", "demo:ash").exit_code == 0
    assert uniformity(tmp_path).reason == "no memory for it"


def test_a_likelihood_is_that_of_the_answer_with_its_formatting() -> None:
    """Taken out of the text, formatting is not taken out of the likelihood: then the other tests decide whether it is the cause."""
    terms = EqualityTerms(alpha=0.05, delta=0.05, permutations=499)
    probes = make_draws(
        5, form=lambda text: f" {text}", extras=lambda rng, _, questioned: float(rng.normal() - 3 * questioned)
    )
    found = deciding.decide(probes, terms, seed=0)
    assert {t.statistic for t in found.tests if t.decides} == {"mmd", "uniformity"}
    assert (found.verdict, found.cause) == ("differs", "formatting")
    alone = deciding.decide(probes, terms, seed=0, chosen=["uniformity"])
    assert (alone.verdict, alone.cause) == ("differs", None), "nothing is left that could say so"
