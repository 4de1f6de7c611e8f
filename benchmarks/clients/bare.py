"""The least that can be done: threads that send the same bytes over open sockets, and parse and keep nothing.

What no client exceeds at that moment on that machine; shares of the ideal rate on a busy machine are to be read beside it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.clients import CONCURRENCY, MAX_TOKENS, Command

TITLE = "bare sockets in threads: nothing parsed, nothing kept"
_CODE = """
import json, socket, sys, threading
port, path, concurrency, most = int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
prompts = iter(json.load(open(path)))
turn = threading.Lock()
def work():
    sock = socket.create_connection(("127.0.0.1", port))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    while True:
        with turn:
            prompt = next(prompts, None)
        if prompt is None:
            return
        body = json.dumps({"model": "m", "messages": [{"role": "user", "content": prompt}], "max_tokens": most}).encode()
        sock.sendall(b"POST /v1/chat/completions HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: %d\\r\\n\\r\\n%b" % (len(body), body))
        assert b"200" in sock.recv(65536)[:15]
threads = [threading.Thread(target=work) for _ in range(concurrency)]
for thread in threads: thread.start()
for thread in threads: thread.join()
"""


def prepare(_: Path) -> None:
    """Need nothing."""


def command(_: Path, work: Path, url: str, prompts: Sequence[str]) -> Command:
    """Return one run."""
    (work / "prompts.json").write_text(json.dumps(list(prompts)))
    port = url.rpartition(":")[2]
    arguments = [port, str(work / "prompts.json"), str(CONCURRENCY), str(MAX_TOKENS)]
    return Command([sys.executable, "-I", "-c", _CODE, *arguments], {})
