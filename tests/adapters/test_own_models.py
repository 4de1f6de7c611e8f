"""Real models, trained by the tests themselves: served over HTTP by llama.cpp, and asked on the spot by transformers."""

from __future__ import annotations

import functools
import json
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

import pytest
from click.testing import CliRunner

from forensics import registry
from forensics.adapters import Ask, Batched, Model, Reply
from forensics.cli import main
from forensics.errors import UsageError
from forensics.records.probes import Message
from forensics.records.transcript import Sampling

pytestmark = pytest.mark.slow

PREFIXES = (
    "<|user|>What does open do?<|end|><|assistant|>", "Return the", "The default is", "If the file does not exist,",
    "Create a new", "A list of", "Raises an exception when", "This method is called", "Convert a string", "Read at most",
    "The value of the", "Test whether", "Set the name", "For each element", "An instance of", "Parse the",
)  # fmt: skip
GREEDY = Sampling(temperature=0, max_tokens=32, seed=1)


def prefix(text: str, sampling: Sampling = GREEDY) -> Ask:
    return Ask((Message(role="user", content=text),), completion=True, sampling=sampling)


def chat(text: str, sampling: Sampling = GREEDY) -> Ask:
    return Ask((Message(role="user", content=text),), completion=False, sampling=sampling)


def served(addresses: dict[str, str], name: str) -> Model:
    return registry.load("adapters", "openai").connect(name, {"service": "llamacpp", "base_url": addresses[name]})


@functools.cache
def local(folder: Path, **options: str) -> Batched:
    found: Batched = registry.load("adapters", "huggingface").connect(str(folder), options)
    return found


def texts(replies: Sequence[Reply]) -> list[tuple[str, str, str | None]]:
    return [(reply.state, reply.text, reply.finish_reason) for reply in replies]


# --- the two ways to ask one model agree --------------------------------------------------------------------------


def test_both_ways_give_the_same_text_and_log_probabilities(own_models: Path, own_servers: dict[str, str]) -> None:
    """METHOD knows no nearer reference: the same weights, computed by two programs that share no line."""
    sampling = GREEDY.model_copy(update={"logprobs": 5})
    here, there = local(own_models / "A"), served(own_servers, "A")
    compared = 0
    for text in PREFIXES:
        one, other = here.ask(prefix(text, sampling)), there.ask(prefix(text, sampling))
        assert one.logprobs is not None
        assert other.logprobs is not None
        assert one.text == other.text
        for mine, theirs in zip(one.logprobs, other.logprobs, strict=False):
            assert mine.token == theirs.token or "\ufffd" in mine.token
            assert mine.logprob == pytest.approx(theirs.logprob, abs=3e-4)
            assert [p for _, p in mine.top] == pytest.approx([p for _, p in theirs.top][: len(mine.top)], abs=3e-4)
            assert len(mine.top) == 5
            compared += 1
    assert compared > 200


def test_both_ways_write_a_conversation_alike(own_models: Path, own_servers: dict[str, str]) -> None:
    for text in ("What does open do?", "What does é😀 do?"):
        asked = chat(text, GREEDY.model_copy(update={"system": "Be brief."}))
        one, other = local(own_models / "C").ask(asked), served(own_servers, "C").ask(asked)
        assert (one.state, one.text) == (other.state, other.text)
        assert one.tokens is not None
        assert other.tokens is not None
        assert one.tokens[0] == other.tokens[0], "the template's tokens are the same"


def test_a_score_is_the_mean_of_the_log_probabilities_told_while_answering(own_models: Path) -> None:
    """And so the other program's too: the test before this one holds both to the same numbers."""
    model, sampling = local(own_models / "A"), GREEDY.model_copy(update={"logprobs": 0, "max_tokens": 12})
    compared = 0
    for text in PREFIXES:
        reply = model.ask(prefix(text, sampling))
        assert reply.logprobs is not None
        if "\ufffd" in reply.text or not reply.text or reply.finish_reason != "length":
            continue
        [scored] = model.score([prefix(text)], [reply.text])  # type: ignore[attr-defined]
        # A text may be cut into other tokens than those it was made of: then its likelihood is another one.
        compared += scored == pytest.approx(sum(p.logprob for p in reply.logprobs) / len(reply.logprobs), abs=1e-4)
        [other] = local(own_models / "C").score([prefix(text)], [reply.text])  # type: ignore[attr-defined]
        assert other < scored < 0, "what A writes, the independent C finds less likely"
    assert compared >= 5


# --- the local folder ---------------------------------------------------------------------------------------------


def test_several_at_once_are_answered_as_one_by_one(own_models: Path) -> None:
    model = local(own_models / "A")
    asks = [prefix(text, sampling) for text in PREFIXES for sampling in (GREEDY, Sampling(temperature=0, max_tokens=3))]
    assert model.batch > 1
    assert texts(model.ask_many(asks)) == texts([model.ask(ask) for ask in asks])
    assert len({reply.text for reply in model.ask_many(asks)}) > 10


def test_a_seed_decides_and_no_neighbour_does(own_models: Path) -> None:
    model = local(own_models / "A")
    drawn = [prefix("Return the", Sampling(temperature=1, max_tokens=12, seed=seed)) for seed in range(8)]
    together = texts(model.ask_many(drawn))
    assert together == texts([model.ask(ask) for ask in drawn])
    assert together == texts(list(reversed(model.ask_many(list(reversed(drawn))))))
    assert len(set(together)) > 5
    free = Sampling(temperature=1, max_tokens=12)
    assert len({model.ask(prefix("Return the", free)).text for _ in range(4)}) > 1, "no seed, no repetition"


def test_parameters_narrow_the_choice(own_models: Path) -> None:
    model = local(own_models / "A")
    greedy = model.ask(prefix("Return the"))
    for sampling in (
        Sampling(temperature=1, top_p=1e-9, max_tokens=32, seed=5), Sampling(temperature=1e-6, max_tokens=32, seed=6),
    ):  # fmt: skip
        assert model.ask(prefix("Return the", sampling)).text == greedy.text
    short = model.ask(prefix("Return the", Sampling(temperature=0, max_tokens=4)))
    assert (short.tokens or (0, 0))[1] == 4
    assert short.finish_reason == "length"
    assert greedy.text.startswith(short.text)


def test_the_folder_s_own_habits_hold_where_nothing_is_asked_for(own_models: Path, tmp_path: Path) -> None:
    import shutil

    place = tmp_path / "model"
    shutil.copytree(own_models / "A", place)
    ask = prefix("Return the", Sampling(max_tokens=16, seed=3))
    sampled = local(own_models / "A").ask(ask)
    assert sampled.request is not None
    assert sampled.request["sent"]["temperature"] == 1, "this folder says do_sample"
    habits = {"eos_token_id": 1, "do_sample": False, "repetition_penalty": 1.3}
    (place / "generation_config.json").write_text(json.dumps(habits))
    model = registry.load("adapters", "huggingface").connect(str(place), {})
    other = model.ask(ask)
    assert (other.request["sent"]["temperature"], other.request["sent"]["repetition_penalty"]) == (0, 1.3)
    assert other.text != local(own_models / "A").ask(prefix("Return the", Sampling(temperature=0, max_tokens=16))).text
    assert model.notes["weights"] != local(own_models / "A").notes["weights"], "what decides the answers is digested"


def test_weights_have_a_digest_of_their_own(own_models: Path) -> None:
    digests = {name: local(own_models / name).notes["weights"] for name in "ABC"}
    assert len(set(digests.values())) == 3
    assert all(digest.startswith("sha256:") for digest in digests.values())


def test_what_does_not_fit_is_a_bad_request(own_models: Path) -> None:
    model = local(own_models / "A")
    long, fine, nothing = model.ask_many([prefix("word " * 2000), prefix("Return the"), prefix("")])
    for failed in (long, nothing):
        assert failed.fault is not None
        assert (failed.state, failed.text, failed.fault.kind) == ("failed", "", "bad_request")
    assert fine.state == "text"


def test_a_broken_folder_is_a_fault_that_lasts(own_models: Path, tmp_path: Path) -> None:
    import shutil

    place = tmp_path / "broken"
    shutil.copytree(own_models / "A", place)
    (place / "model.safetensors").write_bytes(b"\x00" * 100)
    reply = registry.load("adapters", "huggingface").connect(str(place), {}).ask(prefix("x"))
    assert reply.fault is not None
    assert (reply.state, reply.fault.kind) == ("failed", "terminal")


def test_without_a_template_there_is_no_conversation(own_models: Path, tmp_path: Path) -> None:
    import shutil

    place = tmp_path / "plain"
    shutil.copytree(own_models / "A", place)
    (place / "chat_template.jinja").unlink()
    model = registry.load("adapters", "huggingface").connect(str(place), {})
    with pytest.raises(UsageError, match="chat template"):
        model.ask(chat("x"))
    with pytest.raises(UsageError, match="no system prompt"):
        model.ask(prefix("x", Sampling(system="x")))


@pytest.mark.parametrize(
    "options",
    [{"device": "tpu"}, {"dtype": "int8"}, {"batch": "0"}, {"batch": "x"}, {"threads": "0"}, {"base_url": "x"}],
)
def test_options_that_cannot_be(own_models: Path, options: dict[str, str]) -> None:
    with pytest.raises(UsageError):
        registry.load("adapters", "huggingface").connect(str(own_models / "A"), options)


# --- over HTTP ----------------------------------------------------------------------------------------------------


def test_a_real_server_is_deterministic_and_says_who_it_is(own_servers: dict[str, str]) -> None:
    model = served(own_servers, "A")
    one, again = model.ask(prefix("Return the")), model.ask(prefix("Return the"))
    assert texts([one]) == texts([again])
    assert one.answered_as == "A"
    assert one.tokens is not None
    assert 1 <= one.tokens[1] <= 32
    assert one.dropped == {}


def test_an_unsupported_parameter_is_answered_in_the_server_s_words(own_servers: dict[str, str]) -> None:
    options = {"base_url": own_servers["A"], "extra": '{"grammar":"this is no grammar"}'}
    reply = registry.load("adapters", "openai").connect("A", options).ask(chat("x"))
    assert reply.fault is not None
    assert (reply.state, reply.text, reply.fault.kind) == ("failed", "", "bad_request")


def test_a_model_made_from_another_is_nearer_to_it_than_one_that_was_not(
    own_servers: dict[str, str], tmp_path: Path
) -> None:
    """B was trained further from A; C was not. Prefixes, raw completions, greedy, 32 tokens, over HTTP."""
    probes = tmp_path / "prefixes.jsonl"
    lines = [{"name": "prefixes", "version": "1", "kind": "completion"}]
    lines += [{"id": f"p{number}", "prompt": text} for number, text in enumerate(PREFIXES)]
    probes.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    names = {name: f"llamacpp:{name}?base_url={quote(url, safe=':/')}" for name, url in own_servers.items()}

    def raw(questioned: str, *cohort: str) -> dict[str, float]:
        case = tmp_path / f"case-{questioned}"
        others = [word for name in cohort for word in ("--cohort", names[name])]
        done = CliRunner().invoke(
            main,
            ["compare", names["A"], names[questioned], *others, "--probes", str(probes), "--temperature", "0",
             "--max-tokens", "32", "--statistic", "lexical", "--statistic", "opening", "--replicates", "100",
             "--format", "csv", "-o", str(case)],
        )  # fmt: skip
        assert done.exit_code == 0, done.output
        scores = json.loads((case / "scores.json").read_text("utf-8"))["scores"]
        return {score["statistic"]: (score["raw"], score["rank"]["reference"]) for score in scores}

    near, far = raw("B", *"CDEF"), raw("C", *"BDEF")
    for statistic in ("lexical", "opening"):
        assert near[statistic][0] > far[statistic][0], statistic
        assert near[statistic][1] == 1, "B is the nearest to A"
        assert far[statistic][1] > 1, "C is not, with B beside it"
