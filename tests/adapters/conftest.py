"""Gives each test a server of its own; what it can do wrong stands in faults.py."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.adapters.faults import Scripted
from tests.servers import llamacpp, models
from tests.servers.fakes import serve


@pytest.fixture
def server() -> Iterator[Scripted]:
    scripted = Scripted()
    thread = threading.Thread(target=scripted.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield scripted
    scripted.over.set()
    scripted.shutdown()
    thread.join()
    scripted.server_close()


@pytest.fixture(scope="session")
def fakes() -> Iterator[str]:
    """Fakes of the big protocols, made by others; the address without a path."""
    with serve() as address:
        yield address


@pytest.fixture(scope="session")
def own_models() -> Path:
    """The folder of models that the tests trained themselves."""
    return llamacpp.folder()


@pytest.fixture(scope="session")
def own_servers(own_models: Path) -> Iterator[dict[str, str]]:
    """Real servers of those models: addresses by name."""
    with llamacpp.serve(own_models, models.NAMES) as addresses:
        yield addresses


@pytest.fixture(autouse=True)
def _no_key_is_left_anywhere(request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """After every test: no key that it used stands in a file that it left, or in what was logged.

    All keys of these tests hold the word; certificates and the like do not.
    """
    folder = request.getfixturevalue("tmp_path") if "tmp_path" in request.fixturenames else None
    yield
    assert "canary" not in caplog.text
    for path in folder.rglob("*") if folder is not None else ():
        assert not (path.is_file() and b"canary" in path.read_bytes()), path.name
