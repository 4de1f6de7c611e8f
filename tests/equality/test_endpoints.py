"""`compare` with several endpoints: a case for each, the reference asked once, one that fails loses no other."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from markdown_it import MarkdownIt

from forensics import case, endpoints
from forensics.cli import main
from forensics.custody import keys, log
from forensics.records.endpoints import Endpoints
from forensics.transcripts import safe_name
from forensics.wording_rules import hits
from tests.equality.conftest import make_draws
from tests.equality.test_command import write
from tests.servers.faulty import ROOT, running

DRAWS, PROBES = 3, 8


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def recorded(folder: Path, name: str, seed: int, *, usual: float = 0.0, draws: int = 6) -> str:
    probes = make_draws(seed, usual=usual, draws=(6, draws))
    return f"replay:{write(folder / f'{name}.jsonl', [p.texts[6:] for p in probes])}"


def compare(out: Path, *named: str, more: tuple[object, ...] = ()) -> Result:
    return run("compare", *named, "--question", "equality", "--permutations", 399, "--format", "markdown", "-o", out, *more)  # fmt: skip


def four(folder: Path) -> list[str]:
    """A reference, the same model twice more, and another one."""
    return [
        recorded(folder, "reference", 1),
        recorded(folder, "same", 2),
        recorded(folder, "other", 3, usual=0.6),
        recorded(folder, "again", 4),
    ]


def read(folder: Path) -> Endpoints:
    return Endpoints.model_validate_json((folder / endpoints.RECORD).read_bytes())


# --- recorded answers ---------------------------------------------------------------------------------------------


def test_every_endpoint_is_the_case_that_it_is_alone_and_the_record_says_what_holds_over_all(tmp_path: Path) -> None:
    named = four(tmp_path)
    done = compare(tmp_path / "all", *named, more=("--json",))
    assert done.exit_code == 0, done.stderr
    found = read(tmp_path / "all")
    assert json.loads(done.stdout) == found.model_dump(mode="json", by_alias=True)
    assert (found.reference, found.family, found.terms.alpha) == ("reference", 3, 0.05)
    by_name = {e.model: e for e in found.endpoints}
    assert found.endpoints[0] == by_name["other"]
    assert by_name["other"].verdict == by_name["other"].pair == "differs"
    assert by_name["other"].p == 1 / 400
    assert by_name["other"].p_holm == 3 / 400
    assert by_name["same"].verdict != "differs"
    for model, text in zip(("same", "other", "again"), named[1:], strict=True):
        assert compare(tmp_path / "alone" / model, named[0], text).exit_code == 0
        for name in (case.CASE, case.SCORES, case.EVIDENCE, "report.md"):
            together = tmp_path / "all" / by_name[model].folder / name
            assert together.read_bytes() == (tmp_path / "alone" / model / name).read_bytes()
        assert not (tmp_path / "alone" / model / endpoints.RECORD).exists()
        evidence = case.read_evidence(tmp_path / "alone" / model).equality
        assert evidence is not None
        assert (by_name[model].pair, by_name[model].effect) == (evidence.verdict, evidence.tests[0].effect)


def test_the_order_of_endpoints_changes_no_byte(tmp_path: Path) -> None:
    reference, *others = four(tmp_path)
    for name, order in (("one", others), ("two", others[::-1]), ("one", others)):
        assert compare(tmp_path / name, reference, *order).exit_code == 0
    for name in (endpoints.RECORD, endpoints.PAGE):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_terminal_and_page_show_every_endpoint_and_say_what_a_case_alone_speaks_of(tmp_path: Path) -> None:
    done = compare(tmp_path / "all", *four(tmp_path))
    page = (tmp_path / "all" / endpoints.PAGE).read_text("utf-8")
    shown = " ".join(done.stdout.split())
    for text in (page, shown):
        assert "speaks of that pair alone" in text
        assert "Holm over 3, α = 0.05. Differ: other." in text
        assert list(hits(text)) == []
    assert re.search(
        r"^\| other \| differs \| 0\.00750 \| .* \| \[other\]\(other/evidence\.json\) \|$", page, re.MULTILINE
    )
    html = MarkdownIt("commonmark").enable("table").render(page)
    assert html.count("<tr>") == 4
    assert html.count('href="') == 3


def test_answers_that_never_vary_are_compared_without_chance_and_are_no_member(tmp_path: Path) -> None:
    texts = [(f"answer {p}",) * 3 for p in range(8)]
    reference = f"replay:{write(tmp_path / 'r.jsonl', texts)}"
    exact = write(tmp_path / "b.jsonl", [*texts[1:], ("no",) * 3])
    varied = write(tmp_path / "varied.jsonl", [p.texts[6:] for p in make_draws(3, probes=8)])
    assert compare(tmp_path / "all", reference, f"replay:{exact}", f"replay:{varied}").exit_code == 0
    found = read(tmp_path / "all")
    one = next(e for e in found.endpoints if e.model == "b")
    assert (one.exact, one.p, one.p_holm, one.verdict) == (True, None, None, "differs")
    assert one.reason is not None
    assert "nothing to permute" in one.reason
    assert found.family == 1


def test_one_with_too_little_is_named_with_the_reason_and_all_others_are_done(tmp_path: Path) -> None:
    reference, *others = four(tmp_path)
    poor = recorded(tmp_path, "poor", 5, draws=1)
    done = compare(tmp_path / "all", reference, poor, *others)
    assert done.exit_code == 6
    assert "error: poor: Only 0 of" in done.stderr
    assert "The other 3 are compared" in done.stderr
    assert "not compared" in done.stdout
    last = read(tmp_path / "all").endpoints[-1]
    assert (last.model, last.verdict, last.evidence) == ("poor", None, None)
    assert last.reason is not None
    assert last.reason.startswith("Only 0 of")
    assert read(tmp_path / "all").family == 4, "one that was not compared counts"
    assert f"- poor: {last.reason}" in (tmp_path / "all" / endpoints.PAGE).read_text("utf-8")


def test_a_hostile_name_is_harmless_everywhere(tmp_path: Path) -> None:
    named = four(tmp_path)
    path = write(tmp_path / "evil\x1b[31m|<b>[x](y)\u202e.jsonl", [p.texts[6:] for p in make_draws(9)])
    done = compare(tmp_path / "all", named[0], named[1], f"replay:{path}")
    assert done.exit_code == 0, done.stderr
    assert any("\x1b" in e.model for e in read(tmp_path / "all").endpoints), "the record keeps it as it came"
    page = (tmp_path / "all" / endpoints.PAGE).read_text("utf-8")
    assert "\u202e" not in page + done.stdout
    assert "\x1b[31m" not in page + done.stdout
    html = MarkdownIt("commonmark").enable("table").render(page)
    assert html.count("<tr>") == 3
    assert "<b>" not in html
    for endpoint in read(tmp_path / "all").endpoints:
        assert re.fullmatch(r"[A-Za-z0-9._+-]+", endpoint.folder)


def test_no_two_names_become_one_folder() -> None:
    places = endpoints._places(["a:b", "a_b", "a:B", "transcripts", "c:d"], ["a:b", "a_b", "a:B", "transcripts", "c:d"])
    assert len({place.casefold() for place in places}) == 5
    assert not {place.casefold() for place in places} & {"transcripts", "endpoints.json", "endpoints.md"}
    assert places[4] == "c_d"


# --- used wrongly -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("named", "more", "said"),
    [
        (("demo:oak", "demo:oak"), (), "demo:oak was named twice"),
        (("demo:oak", "demo:alder"), (), "demo:alder is the reference"),
        (("demo:oak", "ours"), (), "ours is demo:oak, which was named already"),
        (("demo:oak", "demo:nobody"), (), "Unknown demo model"),
        (("demo:oak", "nobody:x"), (), "Unknown adapter or service"),
        (("demo:oak", "replay:nowhere.jsonl"), (), "does not exist"),
        (("demo:oak", "demo:elm"), ("--question", "derivation"), "forensics screen"),
        (("demo:oak", "demo:elm"), ("--protocol", "forensics.toml"), "A protocol names one pair"),
        (("demo:oak", "demo:elm"), ("--format", "nothing"), "Unknown format"),
        (("demo:oak", "demo:elm"), ("--statistic", "lexical"), "does not answer"),
        (("demo:oak", "demo:elm"), ("--draws", 1), "--draws 10"),
        (("demo:oak", "demo:elm"), ("--alpha", 0.001), "--permutations 5999"),
        (("demo:oak", "demo:elm"), ("--relatives", "relatives.csv"), "not in the cohort"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: tuple[str, ...], more: tuple[object, ...], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("forensics.toml").write_text('[models.ours]\nadapter = "demo"\nname = "oak"\n')
    Path("relatives.csv").write_text("model,role\ndemo:ash,base\n")
    done = run("compare", "demo:alder", *named, "--question", "equality", "--draws", 3, "--probes", "demo", "-o", "out", *more)  # fmt: skip
    assert done.exit_code == 2, done.stdout
    assert said in done.stderr
    assert "asking" not in done.stderr
    assert not Path("out").exists()


def test_a_copy_of_a_file_is_the_same_endpoint(tmp_path: Path) -> None:
    reference, same, *_ = four(tmp_path)
    copy = tmp_path / "copy.jsonl"
    copy.write_bytes((tmp_path / "same.jsonl").read_bytes())
    done = compare(tmp_path / "all", reference, same, f"replay:{copy}")
    assert done.exit_code == 2
    assert "which was named already" in done.stderr


def test_a_folder_that_holds_one_pair_is_left_alone(tmp_path: Path) -> None:
    reference, *others = four(tmp_path)
    assert compare(tmp_path / "case", reference, others[0]).exit_code == 0
    done = compare(tmp_path / "case", reference, *others)
    assert done.exit_code == 2
    assert "holds the case of one pair" in done.stderr


# --- asked over HTTP ----------------------------------------------------------------------------------------------


def probes(folder: Path) -> Path:
    path = folder / "probes.jsonl"
    rows = [{"name": "few", "version": "1"}, *({"id": f"p{n}", "prompt": f"Say {n}"} for n in range(PROBES))]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def model(url: str, number: int) -> str:
    return f"openai:m{number}?base_url={url}/v1"


def asked(folder: Path, *named: str, more: tuple[object, ...] = ()) -> Result:
    return compare(folder / "all", *named, more=("--probes", probes(folder), "--draws", DRAWS, "--max-tokens", 16, *more))  # fmt: skip


def seen(url: str) -> Counter[str]:
    with urllib.request.urlopen(f"{url}/seen", timeout=20) as said:
        return Counter(name for _, name, _ in json.load(said))


def test_the_reference_is_asked_once_and_every_case_holds_its_answers(tmp_path: Path) -> None:
    with running() as url:
        named = [model(url, n) for n in range(4)]
        dry = asked(tmp_path, *named, more=("--dry-run",))
        assert dry.stdout.count(f"{DRAWS * PROBES} calls") == 4
        assert dry.stdout.count("openai:m0") == 1
        assert seen(url) == {}
        for _ in range(2):
            done = asked(tmp_path, *named)
            assert done.exit_code == 0, done.stderr
            assert seen(url) == {f"m{n}": DRAWS * PROBES for n in range(4)}, "the second time nothing is asked"
    copies = list((tmp_path / "all").glob("*/transcripts/reference.jsonl"))
    assert len(copies) == 3
    assert len({path.read_bytes() for path in (tmp_path / "all").rglob("reference.jsonl")}) == 1
    for path in copies:
        acts = log.read(path.parent.parent).acts
        assert {c.path for c in acts[0].changes} == {"transcripts/reference.jsonl", "transcripts/questioned.jsonl"}


def test_one_that_does_not_answer_costs_no_other_its_case_and_is_asked_again(tmp_path: Path) -> None:
    with running() as url, running(status=401) as closed:
        named = [model(url, 0), model(closed, 1), model(url, 2), model(url, 3)]
        done = asked(tmp_path, *named, more=("--json",))
        assert done.exit_code == 3
        assert "openai:m1" in done.stderr
        assert "The other 2 are compared" in done.stderr
        found = json.loads(done.stdout)["endpoints"]
        assert [e["verdict"] for e in found] == ["differs", "differs", None]
        assert "answered 0 of" in found[2]["reason"]
        assert seen(url) == dict.fromkeys(("m0", "m2", "m3"), DRAWS * PROBES)
        assert asked(tmp_path, *named).exit_code == 3
        assert seen(url) == dict.fromkeys(("m0", "m2", "m3"), DRAWS * PROBES)
        assert sum(seen(closed).values()) == 2, "a refused key costs one call, each time"


def test_a_reference_that_does_not_answer_ends_it(tmp_path: Path) -> None:
    with running() as url, running(status=401) as closed:
        done = asked(tmp_path, model(closed, 0), model(url, 1), model(url, 2))
    assert done.exit_code == 3
    assert "openai:m0" in done.stderr
    assert not (tmp_path / "all" / endpoints.RECORD).exists()


def test_a_budget_is_one_for_all_and_a_run_that_it_ended_goes_on(tmp_path: Path) -> None:
    whole = 3 * DRAWS * PROBES
    with running() as url:
        named = [model(url, n) for n in range(3)]
        first = asked(tmp_path, *named, more=("--max-requests", whole - 20))
        assert first.exit_code == 6, first.stderr
        assert sum(seen(url).values()) == whole - 20
        second = asked(tmp_path, *named)
        assert second.exit_code == 0, second.stderr
        assert seen(url) == {f"m{n}": DRAWS * PROBES for n in range(3)}


def test_what_a_budget_left_unasked_is_not_asked_after_all_when_the_cases_are_made(tmp_path: Path) -> None:
    """Six answers too few spoil three probes at most: five are left, and every case has the same reference."""
    left = 3 * DRAWS * PROBES - 6
    with running() as url:
        done = asked(tmp_path, *(model(url, n) for n in range(3)), more=("--max-requests", left, "--min-answered", 0.5))
        assert done.exit_code == 0, done.stderr
        assert sum(seen(url).values()) == left
    assert len({path.read_bytes() for path in (tmp_path / "all").rglob("reference.jsonl")}) == 1


def test_answers_of_the_reference_from_another_run_are_not_written_over(tmp_path: Path) -> None:
    with running() as url:
        alone = tmp_path / "all" / safe_name(model(url, 1))
        named = [model(url, n) for n in range(3)]
        done = compare(alone, *named[:2], more=("--probes", probes(tmp_path), "--draws", DRAWS, "--max-tokens", 16))
        assert done.exit_code == 0, done.stderr
        before = (alone / "transcripts" / "reference.jsonl").read_bytes()
        done = asked(tmp_path, *named)
        assert done.exit_code == 2
        assert "from another run" in done.stderr
        assert (alone / "transcripts" / "reference.jsonl").read_bytes() == before
        assert seen(url) == {"m0": DRAWS * PROBES, "m1": DRAWS * PROBES}


def test_a_key_seals_every_case_and_each_bundle_is_verified(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(keys.PASSPHRASE, "a long passphrase")
    keys.new(tmp_path / "seal.pem", ask=lambda: "a long passphrase")
    with running() as url:
        done = asked(tmp_path, *(model(url, n) for n in range(3)), more=("--key", tmp_path / "seal.pem"))
    assert done.exit_code == 0, done.stderr
    for number, endpoint in enumerate(read(tmp_path / "all").endpoints):
        folder, bundle = tmp_path / "all" / endpoint.folder, tmp_path / f"bundle-{number}"
        assert (folder / "seals" / "observations").is_dir()
        assert run("seal", folder, "-o", bundle, "--key", tmp_path / "seal.pem").exit_code == 0
        done = run("verify", bundle, "--recompute")
        assert done.exit_code == 0, done.stdout + done.stderr


def test_a_case_whose_sealed_answers_were_changed_costs_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(keys.PASSPHRASE, "a long passphrase")
    keys.new(tmp_path / "seal.pem", ask=lambda: "a long passphrase")
    named = four(tmp_path)
    assert compare(tmp_path / "all", *named, more=("--key", tmp_path / "seal.pem")).exit_code == 0
    recorded(tmp_path, "same", 12)
    done = compare(tmp_path / "all", *named, more=("--key", tmp_path / "seal.pem"))
    assert done.exit_code == 4
    assert "error: same: " in done.stderr
    assert [e.verdict is None for e in read(tmp_path / "all").endpoints] == [False, False, True]


@pytest.mark.slow
def test_a_run_that_was_killed_goes_on(tmp_path: Path) -> None:
    environment: dict[str, Any] = {**os.environ, "PYTHONPATH": str(ROOT)}
    with running(latency=0.2) as url:
        named = [model(url, n) for n in range(3)]
        words = ["compare", *named, "--question", "equality", "--permutations", "399", "--probes", probes(tmp_path), "--draws", DRAWS,
                 "--max-tokens", "16", "--format", "markdown", "--concurrency", "2", "-o", tmp_path / "all"]  # fmt: skip
        command = [sys.executable, "-m", "forensics", *map(str, words)]
        with subprocess.Popen(
            command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as process:
            while sum(seen(url).values()) < 30:
                time.sleep(0.05)
            process.send_signal(signal.SIGKILL)
        killed = seen(url)
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)
        assert done.returncode == 0, done.stderr
        again = seen(url)
    assert sum(again.values()) <= 3 * DRAWS * PROBES + 4, "what was under way, and no more, is asked again"
    assert sum(killed.values()) < 3 * DRAWS * PROBES
    assert len(read(tmp_path / "all").endpoints) == 2
