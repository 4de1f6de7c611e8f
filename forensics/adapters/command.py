"""Ask any program: the prompt on its standard input, the answer on its standard output.

`command:PROGRAM?arg=ONE&arg2=TWO&timeout=60`; no shell is involved. A conversation is given as one line of JSON, and so is
a prompt with a system prompt. The parameters that were asked for stand in the program's environment
(`FORENSICS_ASK_TEMPERATURE`, `_TOP_P`, `_MAX_TOKENS`, `_SEED`, `_COMPLETION`); whether it heeds them is not known here.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from forensics import canonical
from forensics.adapters import Ask, Fault, Reply, _timeout
from forensics.errors import UsageError
from forensics.records.probes import Message
from forensics.transcripts import conversation_text

SUMMARY = "any program: the prompt on standard input, the answer on standard output, no shell"
_PARAMETERS = ("temperature", "top_p", "max_tokens", "seed")
_PREFIX = "FORENSICS_ASK_"
_ARGUMENT = re.compile(r"arg([0-9]{0,3})")
_LONGEST_ERROR = 400


class _Ended(NamedTuple):
    """How a program ended."""

    status: int | None
    """None where it was stopped for taking too long."""
    output: bytes
    errors: bytes


def connect(name: str, options: Mapping[str, str]) -> Program:
    """Find a program; runs nothing yet. Raises UsageError."""
    found = shutil.which(name) if name and "\0" not in name else None
    if found is None:
        raise UsageError(
            f"{name[:200]!r} is no program that can be run.", remedy="Name one on the PATH, or by its path."
        )
    return Program(Path(found), options)


class Program:
    """One program with its arguments."""

    parallel = os.cpu_count() or 1
    cacheable = False
    """What a program answers may hang on more than its own bytes."""

    def __init__(self, path: Path, options: Mapping[str, str]) -> None:
        self._arguments = _arguments(options)
        self._command = [str(path), *self._arguments]
        self._timeout = _timeout.seconds(options.get("timeout"))
        self.endpoint = str(path)
        self.notes: Mapping[str, str] = {
            "program": canonical.file_digest(path),
            "arguments": canonical.encode(self._arguments).decode(),
        }

    def ask(self, ask: Ask) -> Reply:
        """Run the program once."""
        asked = {name: getattr(ask.sampling, name) for name in _PARAMETERS}
        sent = {name: str(value) for name, value in asked.items() if value is not None}
        if ask.completion:
            sent["completion"] = "1"
        environment = {_PREFIX + name.upper(): value for name, value in sent.items()}
        request = {
            "arguments": self._arguments,
            "environment": environment,
            "absent": [name for name, value in asked.items() if value is None],
        }
        dropped = {"logprobs": "a program gives text alone"} if ask.sampling.logprobs is not None else {}
        try:
            ended = self._run(_input(ask), environment)
        except (OSError, ValueError) as error:
            cannot = Fault("terminal", remedy="Check that it runs by itself.")
            return _failed(f"{self._command[0]} cannot be started: {error}", request, cannot)
        if ended.status is None:
            return _failed(f"no answer within {self._timeout:g} s", request, _LATER)
        if ended.status:
            return _failed(_words(ended), request, _LATER)
        try:
            output = ended.output.decode("utf-8")
        except UnicodeDecodeError:
            raw = ended.output.decode("utf-8", "replace")
            return _failed("the answer is no UTF-8", request, _LATER, body=raw)
        # Programs end their last line; models do not.
        text = output.removesuffix("\n").removesuffix("\r")
        body = output if text != output else None
        if not text.strip():
            return Reply(state="empty", text="", request=request, dropped=dropped, body=output or None)
        return Reply(state="text", text=text, request=request, dropped=dropped, body=body)

    def _run(self, given: bytes, environment: Mapping[str, str]) -> _Ended:
        process = subprocess.Popen(  # noqa: S603  a list of arguments, and the user's own program
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, **environment},
            start_new_session=True,  # so that what it starts can be stopped with it
        )
        with process:
            try:
                output, errors = process.communicate(given, timeout=self._timeout)
            except subprocess.TimeoutExpired:
                _stop(process)
                return _Ended(None, b"", b"")
            except BaseException:
                _stop(process)
                raise
        return _Ended(process.returncode, output, errors)


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End a program and whatever it started."""
    if sys.platform == "win32":
        process.kill()
        return
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        process.kill()


def _input(ask: Ask) -> bytes:
    """Return what the program reads: the prompt itself, or a conversation's canonical JSON."""
    messages = list(ask.messages)
    if ask.sampling.system is not None:
        messages.insert(0, Message(role="system", content=ask.sampling.system))
    if len(messages) == 1 and messages[0].role == "user":
        return canonical.well_formed(messages[0].content).encode()
    return canonical.well_formed(conversation_text(messages)).encode() + b"\n"


_LATER = Fault("transient", billed=True, remedy="Run the program by itself to see what it says.")
"""A program that failed may work the next time; what it did before is not known."""


def _failed(error: str, request: Mapping[str, Any], fault: Fault, *, body: str | None = None) -> Reply:
    return Reply(state="failed", text="", request=request, body=body, error=error, fault=fault)


def _words(ended: _Ended) -> str:
    """Say how a program failed: the last line it wrote to standard error, which is where programs say why."""
    lines = ended.errors.decode("utf-8", "replace").split("\n")
    last = next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")
    status = ended.status or 0
    how = f"ended by signal {-status}" if status < 0 else f"exit status {status}"
    return f"{how}: {last[:_LONGEST_ERROR]}"


def _arguments(options: Mapping[str, str]) -> list[str]:
    """Return the arguments in the order of their numbers; `arg` is the first. Raises UsageError."""
    found: dict[int, str] = {}
    for name, value in options.items():
        hit = _ARGUMENT.fullmatch(name)
        if hit is None and name != "timeout":
            raise UsageError(
                f"command models take no option {name!r}.", remedy="Options: arg, arg2, arg3, … and timeout."
            )
        if hit:
            number = int(hit[1] or 1)
            if number in found or "\0" in value:
                raise UsageError(f"{name}={value!r} cannot be given.", remedy="Write arg=…&arg2=…, each number once.")
            found[number] = value
    return [found[number] for number in sorted(found)]
