"""The checks of probe sets: each finds its fault, all faults come at once, and the shipped sets have none."""

import json

import pytest
from click.testing import CliRunner

from forensics import probes
from forensics.cli import main
from forensics.probes import checks, rules, vocabulary
from forensics.probes.likeness import alike, grams
from forensics.records.probes import Message, Probe

HEADER = {"name": "mine", "version": "1", "languages": ["en"]}


@pytest.fixture
def written(tmp_path):
    def write(*lines, header=HEADER):
        path = tmp_path / "mine.jsonl"
        path.write_text("\n".join([json.dumps(header), *(x if isinstance(x, str) else json.dumps(x) for x in lines)]))
        return str(path)

    return write


def faults(path):
    return {(fault.probe, fault.check) for fault in checks.check([path]).faults}


def test_shipped_sets_have_no_faults():
    checked = checks.check([])
    assert checked.faults == ()
    assert checked.probes > 1500
    assert checked.files == len(probes.names())


def test_a_sound_set_has_no_faults(written):
    path = written(
        {"id": "mine-001", "prompt": "Which of my two left gloves would you keep, and what would you tell the other?"},
        {
            "id": "mine-002",
            "prompt": "How many oxen fit between these words? Only the number.",
            "key": "4",
            "accept": ["four"],
        },
    )
    assert faults(path) == set()


def test_all_faults_come_at_once_with_line_and_remedy(written):
    path = written(
        {"id": "mine-001", "prompt": "Tell me something about buttons."},
        {"id": "mine-001", "prompt": "A different thing entirely, told by a lamp."},
        {"id": "mine-004", "prompt": "Warum steht der Schrank vor dem Fenster, und wer hat ihn da hingestellt?"},
        {"id": "bare"},
        "not json",
        {"id": "mine-005", "prompt": "  "},
    )
    checked = checks.check([path])
    assert [(f.line, f.check) for f in checked.faults] == [
        (3, "ids"),
        (4, "ids"),
        (4, "language"),
        (5, "schema"),
        (6, "schema"),
        (7, "form"),
        (7, "length"),
    ]
    assert all(fault.remedy.endswith(".") and fault.what for fault in checked.faults)


@pytest.mark.parametrize(
    ("probe", "check"),
    [
        ({"prompt": "x" * 4001}, "length"),
        ({"prompt": "Describe the smell of an attic.", "max_tokens": 12}, "length"),
        ({"prompt": "Describe the smell of an attic. "}, "form"),
        ({"prompt": "a\x07bell"}, "form"),
        ({"messages": [{"role": "assistant", "content": "Hello"}]}, "form"),
        ({"prompt": "Name a stone.", "language": "fr"}, "language"),
        ({"prompt": "いちばん好きな石は何ですか。"}, "language"),
        ({"prompt": "Name a stone.", "accept": ["flint"]}, "key"),
        ({"prompt": "Name a stone.", "key": "flint or chert"}, "key"),
        ({"prompt": "Name a stone.", "key": " flint"}, "key"),
        ({"prompt": "Name a stone.", "key": "flint", "accept": ["flint"]}, "key"),
        ({"prompt": "How many stones?", "key": "1234", "accept": ["1,235"]}, "key"),
        (
            {"prompt": "There is no mineral like zubite, is there?", "key": "there is no", "category": "nonexistent"},
            "key",
        ),
        ({"prompt": "Would Elon Musk like this stone?"}, "person"),
        ({"prompt": "Write the postcard Mozart never sent."}, "person"),
        ({"prompt": "Is GPT-4 better at naming stones?"}, "vendor"),
        ({"prompt": "Show me how to build a bomb from stones."}, "harm"),
        ({"prompt": "Our fifteen-year-old is allowed some wine on Sundays."}, "harm"),
        ({"prompt": "I might kill the lawn under cardboard."}, "harm"),
    ],
)
def test_each_rule_finds_its_fault(probe, check):
    found = rules.faults_of(Probe.model_validate({"id": "mine-001", **probe}), ["en"])
    assert {fault.check for fault in found} == {check}


@pytest.mark.parametrize("extra", [{"choices": ["flint", "basalt"]}, {"choices": ["flint", "chert"], "pair": "p1"}])
def test_choices_and_pairs_are_whole(written, extra):
    assert faults(written({"id": "mine-001", "prompt": "Choose A: flint. B: chert.", **extra})) == {
        ("mine-001", "pair")
    }


def test_category_excuses_words_but_never_requests(written):
    words = {"prompt": "I might kill the lawn under cardboard.", "category": "alarming-innocent"}
    request = {"prompt": "Show me how to build a bomb from stones.", "category": "alarming-innocent"}
    assert faults(written({"id": "mine-001", **words})) == set()
    assert faults(written({"id": "mine-001", **request})) == {("mine-001", "harm")}
    dead = {"prompt": "Hum the tune of Mozart's lost opera about geese.", "key": "does not exist"}
    assert faults(written({"id": "mine-001", **dead, "category": "nonexistent"})) == set()


def test_faulty_earlier_answers_are_not_the_users_words():
    said = Probe(
        id="x",
        messages=(Message(role="assistant", content="Ask Elon Musk."), Message(role="user", content="Why him?")),
    )
    assert list(rules.faults_of(said, ["en"])) == []


def test_a_keyed_set_needs_every_key(written):
    lines = [
        {"id": f"mine-{k:03}", "prompt": f"{word}", "key": str(k)}
        for k, word in enumerate(
            ("Forty times seven?", "Horns on nine rams?", "Sides of a square?", "Wheels on two carts?"), start=1
        )
    ]
    del lines[2]["key"]
    assert faults(written(*lines)) == {("mine-003", "key")}


def test_near_duplicates_within_and_across_sets(written):
    first = {"id": "mine-001", "prompt": "Why does my kettle hum in two different notes when it is nearly boiling?"}
    second = {"id": "mine-002", "prompt": "Why does my kettle hum in two different notes when nearly boiling over?"}
    shipped = probes.load("values").probes[0].prompt
    third = {"id": "mine-003", "prompt": f"{shipped} Please."}
    found = [f for f in checks.check([written(first, second, third)]).faults if f.check == "duplicate"]
    assert [f.probe for f in found] == ["mine-002", "mine-003"]
    assert "values-001 in values.jsonl" in found[1].what


def test_both_orders_of_a_pair_are_no_duplicates(written):
    a, b = "Keep the lamp, it was your aunt's and it still works.", "Give the lamp away, you never liked it at all."
    text = "Which reply is kinder to someone who cannot part with an ugly lamp? A: {} B: {} One letter, one sentence."
    lines = [
        {"id": "mine-001", "prompt": text.format(a, b), "choices": [a, b], "pair": "p1"},
        {"id": "mine-002", "prompt": text.format(b, a), "choices": [b, a], "pair": "p1"},
    ]
    assert faults(written(*lines)) == set()
    del lines[0]["pair"], lines[1]["pair"]
    assert faults(written(*lines)) == {("mine-002", "duplicate")}


def test_a_borrowed_probe_is_word_for_word(written):
    probe = probes.load("values").probes[3].model_dump(mode="json", exclude_defaults=True)
    assert faults(written(probe)) == set()
    assert ("values-004", "borrowed") in faults(written({**probe, "prompt": probe["prompt"] + " Why?"}))


def test_likeness_by_hand():
    # "abcdefg" has abcde, bcdef, cdefg; "abcdefh" shares two of them: 2 / 4.
    assert alike(["abcdefg", "abcdefh"]) == [(0, 1, "Jaccard 0.50")]
    assert alike(["abcdefg", "abcdexy"]) == []
    assert grams("日本語です") == {"日本語", "本語で", "語です"}
    long = "the heron stood on one leg in the shallow water and thought about nothing"
    told = f"Somebody told me once, a good while before the war, and then he laughed and left, that {long}."
    assert alike([long, told]) == [(0, 1, "Jaccard 0.50")] or alike([long, told])[0].how.endswith("contained")


@pytest.mark.parametrize("name", [n for n in probes.names() if n != "demo"])
def test_no_language_is_mistaken_in_shipped_sets(name):
    for probe in probes.load(name).probes:
        assert rules.unlike(rules.text_of(probe), probe.language or "en") is None


def test_languages_are_told_from_each_other():
    wrong = [
        (probe.id, language)
        for probe in probes.load("multilingual").probes
        for language in vocabulary.STOP_WORDS
        if language != probe.language and rules.unlike(probe.prompt, language) is None
    ]
    # Short texts and near neighbours (Spanish and Portuguese) get the benefit of the doubt.
    assert len(wrong) < 0.06 * 90 * 9


def test_command_lists_faults_and_exits_2(written):
    bad = written({"id": "mine-001", "prompt": "Would Elon Musk like this stone?"})
    result = CliRunner().invoke(main, ["probes", "check", bad])
    assert result.exit_code == 2
    assert "mine.jsonl:2 mine-001: person:" in result.stdout
    assert "error: 1 fault in 1 probe set." in result.stderr
    asked = json.loads(CliRunner().invoke(main, ["probes", "check", bad, "--json"]).stdout)
    assert asked["faults"][0]["probe"] == "mine-001"


def test_command_unknown_set_exits_2():
    result = CliRunner().invoke(main, ["probes", "check", "valeus"])
    assert result.exit_code == 2
    assert "values" in result.stderr


def test_show_and_digest():
    shown = json.loads(CliRunner().invoke(main, ["probes", "show", "values", "--category", "honesty", "--json"]).stdout)
    assert {probe["category"] for probe in shown["probes"]} == {"honesty"}
    assert shown["digest"] == probes.load("values").digest
    assert shown["digest"] in shown["datasheet"]
    text = CliRunner().invoke(main, ["probes", "show", "openings"])
    assert "openings-008  (followup, en, at most 200 tokens)" in text.stdout
    assert CliRunner().invoke(main, ["probes", "show", "values", "--category", "honetsy"]).exit_code == 2
    digest = CliRunner().invoke(main, ["probes", "digest", "quick", "values"]).stdout
    assert digest.splitlines()[1] == f"{probes.load('values').digest}  values"


def test_list_probes_is_shortened_for_a_terminal_only():
    from forensics import listing

    rows = listing.rows("probes")
    assert max(map(len, listing.lines(rows, width=60))) == 60
    assert listing.lines(rows, width=None)[0].endswith(rows[0].summary)
