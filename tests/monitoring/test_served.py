"""Nights against llama.cpp's real server: behind one address the same weights are served in fewer bits from one day on."""

from __future__ import annotations

import json
import threading
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner

from forensics.cli import main
from tests.servers import gguf_file, llamacpp, models

PLAN = """\
schema = "forensics/pairs/1"
[baseline]
nights = 1
[defaults]
probes = "few.jsonl"
draws = 2
temperature = 0.7
max_tokens = 8
{more}
[defaults.gates]
drift = "any"
[[pair]]
name = "served"
reference = "demo:alder"
questioned = "llamacpp:A?base_url={address}"
ask = "questioned"
"""


class Address:
    """One address; what answers there can be exchanged."""

    def __init__(self) -> None:
        self.behind = ""
        outer = self

        class Forward(BaseHTTPRequestHandler):
            def do_POST(self) -> None:  # its base class calls it so
                body = self.rfile.read(int(self.headers["Content-Length"]))
                path = self.path.removeprefix("/v1")
                asked = urllib.request.Request(outer.behind + path, body, {"Content-Type": "application/json"})
                with urllib.request.urlopen(asked, timeout=60) as answer:
                    content = answer.read()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Forward)
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1"


@pytest.fixture
def address() -> Iterator[Address]:
    made = Address()
    thread = threading.Thread(target=made.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made
    made.server.shutdown()
    thread.join()
    made.server.server_close()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[dict[str, str]]:
    """Addresses of one model in 32 bits and in 8."""
    whole = llamacpp.folder()
    (tmp_path / "gguf").mkdir()
    (tmp_path / "gguf" / "A.gguf").symlink_to(whole / "A.gguf")
    gguf_file.write(whole / "A", tmp_path / "gguf" / "eight.gguf", eight_bits=True)
    with llamacpp.serve(tmp_path / "gguf", ["A", "eight"]) as addresses:
        yield addresses


@pytest.mark.slow
@pytest.mark.parametrize("told", [True, False])
def test_fewer_bits_show_in_first_tokens_within_three_nights_and_not_in_few_answers(
    served: dict[str, str], address: Address, tmp_path: Path, told: bool
) -> None:
    lines = [{"name": "few", "version": "1", "kind": "completion"}]
    lines += [
        {"id": f"p{k}", "prompt": " ".join(text.split()[:6])} for k, (_, text) in enumerate(models.documentation()[-8:])
    ]
    (tmp_path / "few.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    plan = tmp_path / "pairs.toml"
    plan.write_text(PLAN.format(address=address.url, more="logprobs = 5" if told else ""), "utf-8")
    alarms = []
    for day in range(1, 7):
        address.behind = served["A" if day < 4 else "eight"]
        done = CliRunner().invoke(main, ["nightly", str(plan), "--night", f"2026-11-0{day}", "--json"])
        assert done.exit_code in (0, 5), done.output
        alarms.append([alarm for alarm in json.loads(done.stdout)["pairs"][0]["alarms"] if alarm["watch"] != "pair"])
    assert not any(alarms[:3])
    assert bool(alarms[-1]) == told
    if told:
        assert alarms[-1][0]["since"] == "2026-11-04"
        assert alarms[-1][0]["detail"] == "The log-probabilities of first tokens changed"
