"""The cache of vectors: bit-identical to embedding afresh, shared by processes, and no damage unnoticed."""

from __future__ import annotations

import hashlib
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from forensics.embedders import Progress
from forensics.embedders._texts import encode_each
from forensics.embedding_cache import CorruptCache, encode_cached
from forensics.errors import BadFile


@dataclass
class Fake:
    """An embedder whose vectors follow from the text's digest; it counts what it was asked."""

    name: str = "fake"
    backend: str = "fake 1"
    digest: str = "sha256:00"
    dimension: int = 4
    max_tokens: int = 0
    asked: list[str] = field(default_factory=list)
    fails_after: int = 10**9

    def encode(
        self, texts: Sequence[str], *, workers: int = 1, progress: Progress | None = None
    ) -> NDArray[np.float32]:
        def one(text: str) -> NDArray[np.float32]:
            if len(self.asked) >= self.fails_after:
                raise RuntimeError("power cut")
            self.asked.append(text)
            raw = hashlib.sha256((self.digest + text).encode()).digest()[: self.dimension]
            return np.frombuffer(raw, np.uint8).astype(np.float32) + 1

        return encode_each(texts, one, dimension=self.dimension, workers=workers, progress=progress)


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "embeddings.sqlite3"


def test_what_is_cached_is_bit_identical_and_never_embedded_again(cache: Path) -> None:
    texts = ["b", "a", "", "b", "lone \ud83d", "x\x00y", "x"]
    plain = Fake().encode(texts)
    first, second = Fake(), Fake()
    np.testing.assert_array_equal(encode_cached(first, texts, path=cache), plain)
    np.testing.assert_array_equal(encode_cached(second, texts, path=cache, workers=2), plain)
    assert (len(first.asked), second.asked) == (6, [])
    third = Fake()
    mixed = encode_cached(third, ["new", *texts], path=cache)
    np.testing.assert_array_equal(mixed, third.encode(["new", *texts]))
    assert third.asked[0] == "new"


@settings(max_examples=15, deadline=None)
@given(st.lists(st.text(st.characters(codec=None), max_size=4), max_size=12), st.data())
def test_cached_equals_uncached_for_any_texts(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str], data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("cache") / "e.sqlite3"
    known = data.draw(st.lists(st.sampled_from(texts), max_size=6)) if texts else []
    encode_cached(Fake(), known, path=path)
    np.testing.assert_array_equal(encode_cached(Fake(), texts, path=path), Fake().encode(texts))


def test_models_and_back_ends_are_kept_apart(cache: Path) -> None:
    for embedder in (Fake(), Fake(digest="sha256:01"), Fake(backend="fake 2")):
        np.testing.assert_array_equal(encode_cached(embedder, ["a"], path=cache), embedder.encode(["a"]))
        assert len(embedder.asked) == 2


def test_an_interrupted_run_is_taken_up_again(cache: Path) -> None:
    texts = [f"text {n:04}" for n in range(700)]
    broken = Fake(fails_after=600)
    with pytest.raises(RuntimeError, match="power cut"):
        encode_cached(broken, texts, path=cache)
    seen: list[tuple[int, int]] = []
    again = Fake()
    result = encode_cached(again, texts, path=cache, progress=lambda done, total: seen.append((done, total)))
    np.testing.assert_array_equal(result, Fake().encode(texts))
    assert len(again.asked) == 700 - 512
    assert (seen[0], seen[-1]) == ((512, 700), (700, 700))
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


def garbage(path: Path) -> None:
    path.write_bytes(b"not a database at all" * 100)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def changed_vector(path: Path) -> None:
    with sqlite3.connect(path) as store:
        store.execute("UPDATE vector SET value = zeroblob(16)")
    store.close()


def shorter_vector(path: Path) -> None:
    with sqlite3.connect(path) as store:
        store.execute("UPDATE vector SET value = substr(value, 1, 12)")
    store.close()


def swapped_vectors(path: Path) -> None:
    with sqlite3.connect(path) as store:
        rows = store.execute("SELECT rowid, value, seal FROM vector ORDER BY rowid LIMIT 2").fetchall()
        for (row, _, _), (_, value, seal) in zip(rows, rows[::-1], strict=True):
            store.execute("UPDATE vector SET value = ?, seal = ? WHERE rowid = ?", (value, seal, row))
    store.close()


def other_layout(path: Path) -> None:
    with sqlite3.connect(path) as store:
        store.execute("PRAGMA user_version = 99")
    store.close()


def other_database(path: Path) -> None:
    path.unlink()
    with sqlite3.connect(path) as store:
        store.execute("CREATE TABLE notes (text)")
    store.close()


@pytest.mark.parametrize(
    "damage", [garbage, cut, changed_vector, shorter_vector, swapped_vectors, other_layout, other_database]
)
def test_damage_is_reported_and_never_read(cache: Path, damage: Any) -> None:
    texts = [f"text {n}" for n in range(300)]
    encode_cached(Fake(), texts, path=cache)
    damage(cache)
    with pytest.raises(CorruptCache, match="Delete it") as caught:
        encode_cached(Fake(), texts, path=cache)
    assert isinstance(caught.value, ValueError)
    assert str(cache) in str(caught.value)


def test_a_cache_that_cannot_be_opened_says_so(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="cannot be used"):
        encode_cached(Fake(), ["a"], path=tmp_path)


WRITER = """
import sys, numpy as np
from pathlib import Path
from forensics.embedding_cache import encode_cached
class Fake:
    name, backend, digest, dimension, max_tokens = "fake", "fake 1", "sha256:00", 4, 0
    def encode(self, texts, *, workers=1, progress=None):
        return np.array([[len(t), int(t), 1, 0] for t in texts], np.float32)
texts = [str(n) for n in range(int(sys.argv[2]), int(sys.argv[2]) + 1500)]
encode_cached(Fake(), texts, path=Path(sys.argv[1]))
"""


@pytest.fixture
def writers(cache: Path) -> Iterator[list[subprocess.Popen[str]]]:
    root = Path(__file__).parents[1]
    command = [sys.executable, "-c", WRITER, str(cache)]
    started = [
        subprocess.Popen([*command, start], cwd=root, stderr=subprocess.PIPE, text=True) for start in ("0", "500")
    ]
    yield started
    for process in started:
        process.kill()
        process.communicate()


def test_two_processes_fill_one_cache(cache: Path, writers: list[subprocess.Popen[str]]) -> None:
    for process in writers:
        _, errors = process.communicate(timeout=60)
        assert (process.returncode, errors) == (0, "")
    embedder = Fake()
    rows = encode_cached(embedder, [str(n) for n in range(2000)], path=cache)
    assert embedder.asked == []
    np.testing.assert_array_equal(rows[:, 1], np.arange(2000))
