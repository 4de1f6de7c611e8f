"""The real server of llama.cpp on loopback with a model of our own; a real service with OpenAI's protocol.

Run as a program: `python tests/servers/llamacpp.py NAME FILE` serves until it is ended, and says first where.
"""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.servers import gguf_file, models


def folder() -> Path:
    """Return the folder of trained models, their GGUF files beside them; skips where a package is missing."""
    for package in ("torch", "transformers", "gguf", "xllamacpp"):
        pytest.importorskip(package, reason=f"{package} is not installed: models of our own cannot be served")
    place = models.folder()
    import filelock

    with filelock.FileLock(f"{place}.lock", timeout=120):
        for name in models.NAMES:
            path = place / f"{name}.gguf"
            if not path.exists():
                gguf_file.write(place / name, path.with_suffix(".part"))
                path.with_suffix(".part").rename(path)
    return place


@contextlib.contextmanager
def serve(place: Path, names: Sequence[str]) -> Iterator[dict[str, str]]:
    """Serve models, a server each; gives their addresses, `/v1` included."""
    with contextlib.ExitStack() as stack:
        started = {name: stack.enter_context(_process(name, place / f"{name}.gguf")) for name in names}
        yield {name: _address(process) for name, process in started.items()}


@contextlib.contextmanager
def _process(name: str, path: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, __file__, name, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def _address(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("listening "):
            return line.split()[1] + "/v1"
    raise AssertionError("llama.cpp's server did not start")


def main(name: str, path: str) -> None:
    """Serve one model on a free port."""
    import xllamacpp

    wanted = xllamacpp.CommonParams()
    wanted.model.path = path
    wanted.model_alias = [name]
    wanted.hostnames = ["127.0.0.1"]
    wanted.port = 0
    wanted.n_ctx = 2048
    wanted.n_parallel = 4
    wanted.cpuparams.n_threads = wanted.cpuparams_batch.n_threads = 1
    wanted.n_threads_http = 4
    # What is kept of the text before is kept in 32 bits, as transformers does.
    wanted.cache_type_k = wanted.cache_type_v = xllamacpp.ggml_type.GGML_TYPE_F32
    wanted.flash_attn_type = xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED
    wanted.use_jinja = True
    wanted.warmup = False
    wanted.n_gpu_layers = 0
    wanted.offline = True
    server = xllamacpp.Server(wanted)
    print("listening", server.listening_address, flush=True)
    signal.pause()


if __name__ == "__main__":
    main(*sys.argv[1:])
