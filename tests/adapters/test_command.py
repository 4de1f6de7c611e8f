"""The adapter for programs: what they read and say, and every way in which they can fail."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from urllib.parse import quote

import pytest
from click.testing import CliRunner

from forensics import registry
from forensics.adapters import Ask, Model, Reply
from forensics.cli import main
from forensics.errors import UsageError
from forensics.records.probes import Message
from forensics.records.transcript import Sampling


def python(code: str, *arguments: str, **options: str) -> Model:
    given = {f"arg{n}": value for n, value in enumerate(("-c", code, *arguments), start=1)}
    return registry.load("adapters", "command").connect(sys.executable, {**given, **options})


def ask(model: Model, *texts: str, completion: bool = False, **sampling: object) -> Reply:
    roles = ["user", "assistant"] * len(texts)
    messages = tuple(Message(role=role, content=text) for role, text in zip(roles, texts, strict=False))
    return model.ask(Ask(messages, completion=completion, sampling=Sampling(**sampling)))


ECHO = "import sys; sys.stdout.buffer.write(sys.stdin.buffer.read())"


def test_the_prompt_goes_in_and_the_answer_comes_out() -> None:
    reply = ask(python(ECHO), " Grüße\r\n\x00 $(id) ")
    assert (reply.state, reply.text, reply.body) == ("text", " Grüße\r\n\x00 $(id) ", None)


def test_one_line_end_of_the_program_is_no_part_of_the_answer() -> None:
    reply = ask(python("print('a\\n')"), "x")
    assert (reply.text, reply.body) == ("a\n", "a\n\n")


def test_a_conversation_is_a_line_of_json() -> None:
    assert json.loads(ask(python(ECHO), "a", "b", "c").text) == [
        {"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}, {"role": "user", "content": "c"},
    ]  # fmt: skip
    assert json.loads(ask(python(ECHO), "a", system="s").text)[0] == {"role": "system", "content": "s"}


def test_parameters_stand_in_the_environment_or_are_absent() -> None:
    show = "import os, json; print(json.dumps({k: v for k, v in os.environ.items() if k.startswith('FORENSICS_ASK_')}))"
    reply = ask(python(show), "x", completion=True, seed=4, temperature=0.5)
    sent = {"FORENSICS_ASK_SEED": "4", "FORENSICS_ASK_TEMPERATURE": "0.5", "FORENSICS_ASK_COMPLETION": "1"}
    assert json.loads(reply.text) == sent
    assert reply.request is not None
    assert reply.request["environment"] == sent
    assert reply.request["absent"] == ["top_p", "max_tokens"]


def test_arguments_come_in_order_and_meet_no_shell() -> None:
    show = "import sys, json; print(json.dumps(sys.argv[1:]))"
    given = [f"{n} $HOME; *" for n in range(9)]
    assert json.loads(ask(python(show, *given), "x").text) == given


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("import sys; print('half'); sys.stderr.write('first\\nout of memory\\n\\n'); sys.exit(3)", "exit status 3: out of memory"),
        ("import sys; sys.exit(1)", "exit status 1: it said nothing"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "ended by signal 9"),
        ("import sys; sys.stdout.buffer.write(b'a\\xff')", "no UTF-8"),
    ],
)  # fmt: skip
def test_a_failure_is_never_text(code: str, error: str) -> None:
    reply = ask(python(code), "x")
    assert (reply.state, reply.text) == ("failed", "")
    assert error in (reply.error or "")


def test_nothing_said_is_empty() -> None:
    assert ask(python("print()"), "x").state == "empty"
    assert ask(python("pass"), "x" * 1_000_000).state == "empty", "a program need not read"


def test_a_program_that_takes_too_long_is_stopped_with_what_it_started(tmp_path: Path) -> None:
    mark = tmp_path / "alive"
    child = f"import time, pathlib; time.sleep(1.5); pathlib.Path({str(mark)!r}).touch()"
    code = f"import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', {child!r}]); time.sleep(30)"
    reply = ask(python(code, timeout="0.5"), "x")
    assert (reply.state, reply.error) == ("failed", "no answer within 0.5 s")
    ask(python("import time; time.sleep(1.6)"), "x")
    assert not mark.exists()


@pytest.mark.parametrize("name", ["", "no-such-program-anywhere", "../../etc/passwd", "\x00", "x" * 10_000])
def test_what_is_no_program_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="no program"):
        registry.load("adapters", "command").connect(name, {})


@pytest.mark.parametrize(
    "options", [{"nonsense": "1"}, {"timeout": "0"}, {"timeout": "x"}, {"arg": "a", "arg1": "b"}, {"arg": "a\x00"}]
)
def test_options_that_cannot_be_are_refused(options: dict[str, str]) -> None:
    with pytest.raises(UsageError):
        registry.load("adapters", "command").connect(sys.executable, options)


def test_a_file_that_no_system_can_run_is_a_fault_that_lasts(tmp_path: Path) -> None:
    path = tmp_path / "program"
    path.write_text("#!/no/such/interpreter\n")
    path.chmod(0o755)
    model = registry.load("adapters", "command").connect(str(path), {})
    reply = ask(model, "x")
    assert (reply.state, reply.text) == ("failed", "")
    assert "cannot be started" in (reply.error or "")
    assert reply.fault is not None
    assert (reply.fault.kind, reply.fault.billed) == ("terminal", False)


def test_a_program_answers_a_probe_set(tmp_path: Path) -> None:
    answers = tmp_path / "answers.py"
    answers.write_text("import sys\nprint('You asked about', len(sys.stdin.read()), 'characters.')\n")
    probes = tmp_path / "two.jsonl"
    probes.write_text('{"name":"two","version":"1"}\n{"id":"a","prompt":"One?"}\n{"id":"b","prompt":"Three?"}\n')
    out = tmp_path / "t.jsonl"
    name = f"command:{sys.executable}?arg={quote(str(answers))}"
    done = CliRunner().invoke(main, ["probe", name, "--probes", str(probes), "-o", str(out)])
    assert done.exit_code == 0, done.output
    lines = [json.loads(line) for line in out.read_text().splitlines()]
    assert [line["text"] for line in lines[1:]] == ["You asked about 4 characters.", "You asked about 6 characters."]
    assert lines[0]["notes"]["program"].startswith("sha256:")
