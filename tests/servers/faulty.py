"""A fast server with OpenAI's protocol that answers every prompt in its own way, after a while, or goes wrong on purpose.

`python -m tests.servers.faulty --latency 0.05 --faults 0.3` prints its port and serves until it is killed. `GET /seen` gives
the prompts and models in the order of their arrival, with the time; `GET /answered` counts complete answers by prompt.
Faults: 429 with Retry-After, 500, 503, no answer at all, a connection reset, a body cut short, a body that is no JSON, and
bytes that drip. Every wrong body quotes the caller's key.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import hashlib
import json
import random
import socket
import struct
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
KINDS = ("429", "500", "503", "silent", "reset", "cut", "no json", "drip")
SILENT_SECONDS = 30.0


def answer_to(model: str, prompt: str) -> str:
    """Return what the server says: another text for every model and prompt."""
    return "Answer " + hashlib.sha256(f"{model}/{prompt}".encode()).hexdigest()[:16] + "."


class Server:
    """What was seen and answered."""

    def __init__(
        self, *, latency: float, faults: float, seed: int, kinds: tuple[str, ...], status: int, named: str = ""
    ) -> None:
        self.named = named
        self.latency, self.faults, self.kinds, self.status = latency, faults, kinds, status
        self.rng = random.Random(seed)
        self.seen: list[tuple[float, str, str]] = []
        self.answered: Counter[str] = Counter()

    def kind(self) -> str:
        return self.rng.choice(self.kinds) if self.rng.random() < self.faults else ""


class Connection(asyncio.Protocol):
    """One connection: reads a request, answers it, and waits for the next."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.buffer = b""
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self.buffer[:end]
        at = head.lower().find(b"content-length:")
        length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        if len(self.buffer) < end + 4 + length:
            return
        body, self.buffer = self.buffer[end + 4 : end + 4 + length], self.buffer[end + 4 + length :]
        if head.startswith(b"GET "):
            self.tell(head.split(b" ", 2)[1])
        else:
            self.post(head, body)

    def tell(self, path: bytes) -> None:
        found: object = self.server.seen if path == b"/seen" else dict(self.server.answered)
        if path.endswith(b"/models"):
            found = {"object": "list", "data": [{"id": "m", "object": "model"}]}
        self.reply(json.dumps(found).encode())

    def post(self, head: bytes, body: bytes) -> None:
        asked = json.loads(body)
        content = asked["messages"][-1]["content"] if "messages" in asked else asked["prompt"]
        if isinstance(content, list):
            content = "".join(part.get("text", "") for part in content)
        server = self.server
        server.seen.append((time.monotonic(), asked["model"], content))
        key = next(
            (line.split(b" ")[-1] for line in head.split(b"\r\n") if line.lower().startswith(b"authorization")), b""
        )
        loop = asyncio.get_running_loop()
        loop.call_later(server.latency, self.act, server.kind(), asked["model"], content, key)

    def act(self, kind: str, model: str, prompt: str, key: bytes) -> None:
        if self.transport.is_closing():
            return
        wrong = b'{"error":{"message":"No: ' + key + b'","code":"x"}}'
        server = self.server
        if server.status != 200:
            self.reply(wrong, status=server.status)
        elif kind == "429":
            self.reply(wrong, status=429, more=b"Retry-After: 0.05\r\n")
        elif kind in ("500", "503"):
            self.reply(wrong, status=int(kind))
        elif kind == "no json":
            self.reply(b"<html>" + key + b"</html>")
        elif kind == "silent":
            asyncio.get_running_loop().call_later(SILENT_SECONDS, self.transport.abort)
        elif kind == "reset":
            sock = self.transport.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.transport.abort()
        else:
            text = answer_to(model, prompt)
            data = json.dumps({
                "id": "c-1", "object": "chat.completion", "created": 1, "model": server.named or model, "system_fingerprint": "fp",
                "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "text": text, "finish_reason": "stop"}],
                "usage": {"prompt_tokens": 9, "completion_tokens": 5, "total_tokens": 14},
            }).encode()  # fmt: skip
            if kind == "cut":
                self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(data), data[:40]))
                self.transport.close()
                return
            server.answered[prompt] += 1
            if kind == "drip":
                asyncio.get_running_loop().create_task(self.drip(data))
            else:
                self.reply(data)

    def reply(self, body: bytes, *, status: int = 200, more: bytes = b"") -> None:
        head = b"HTTP/1.1 %d X\r\nContent-Type: application/json\r\nx-request-id: r\r\n%bContent-Length: %d\r\n\r\n"
        self.transport.write(head % (status, more, len(body)) + body)

    async def drip(self, body: bytes) -> None:
        self.transport.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
        )
        for place in range(0, len(body), 40):
            await asyncio.sleep(0.01)
            self.transport.write(body[place : place + 40])


@contextlib.contextmanager
def running(**options: object) -> Iterator[str]:
    """Run a server in a process of its own; yields its address without a slash."""
    arguments = [f"--{name}={value}" for name, value in options.items()]
    with subprocess.Popen(
        [sys.executable, "-m", "tests.servers.faulty", *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.kill()


async def serve(server: Server) -> None:
    loop = asyncio.get_running_loop()
    listening = await loop.create_server(lambda: Connection(server), "127.0.0.1", 0, backlog=512)
    print(listening.sockets[0].getsockname()[1], flush=True)
    async with listening:
        await listening.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.servers.faulty", description=__doc__)
    parser.add_argument("--latency", type=float, default=0.0)
    parser.add_argument("--faults", type=float, default=0.0, help="share of requests that go wrong")
    parser.add_argument("--kinds", default=",".join(KINDS))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--named", default="", help="the model it claims to be, whatever was asked for")
    parser.add_argument("--status", type=int, default=200, help="answer everything with this status")
    asked = parser.parse_args()
    server = Server(
        latency=asked.latency,
        faults=asked.faults,
        seed=asked.seed,
        kinds=tuple(asked.kinds.split(",")),
        status=asked.status,
        named=asked.named,
    )
    asyncio.run(serve(server))


if __name__ == "__main__":
    main()
