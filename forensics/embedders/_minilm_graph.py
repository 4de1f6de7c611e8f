"""The ONNX graph of the packaged MiniLM encoder, written by hand from its safetensors file.

A BERT encoder for one text at a time: no batch axis, no padding, no attention mask. The graph holds no
weight: every initialiser is a span (offset, length) of the safetensors file, so what runs is exactly the
bytes whose digest was checked. Only the few protobuf messages an ONNX model needs are written here; it is
no general ONNX writer, and it knows nothing of tokens, digests or sessions. Message and field numbers are
those of onnx.proto3 (IR version 9).
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

WEIGHTS_FILE: Final = "model.safetensors"
INPUT: Final = "input_ids"
OUTPUT: Final = "mean_of_tokens"

_OPSET: Final = 20
_IR_VERSION: Final = 9
_FLOAT, _INT64 = 1, 7
_EXTERNAL: Final = 1
_DTYPES: Final = {"F32": _FLOAT, "I64": _INT64}

Attribute = int | float | tuple[int, ...]


def _varint(value: int) -> bytes:
    """Encode a protobuf varint; negatives as their 64-bit two's complement."""
    value &= (1 << 64) - 1
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _int(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _bytes(field: int, value: bytes | str) -> bytes:
    data = value.encode() if isinstance(value, str) else value
    return _varint(field << 3 | 2) + _varint(len(data)) + data


def _attribute(name: str, value: Attribute) -> bytes:
    """Encode an AttributeProto; its kind (field 20) is 1 for a float, 2 for an int, 7 for ints."""
    head = _bytes(1, name)
    if isinstance(value, float):
        return head + _varint(2 << 3 | 5) + struct.pack("<f", value) + _int(20, 1)
    if isinstance(value, int):
        return head + _int(3, value) + _int(20, 2)
    return head + b"".join(_int(8, item) for item in value) + _int(20, 7)


def _value_info(name: str, kind: int, dims: Iterable[int | str]) -> bytes:
    """Encode a ValueInfoProto for a tensor; a named dimension is a free one."""
    shape = b"".join(_bytes(1, _bytes(2, d) if isinstance(d, str) else _int(1, d)) for d in dims)
    return _bytes(1, name) + _bytes(2, _bytes(1, _int(1, kind) + _bytes(2, shape)))


@dataclass(frozen=True)
class Span:
    """Where one tensor lies in a safetensors file."""

    kind: str
    """Type as safetensors names it, such as `F32`."""
    shape: tuple[int, ...]
    """Dimensions, row-major."""
    offset: int
    """First byte, counted from the start of the file."""
    length: int
    """Bytes."""


def safetensors_spans(data: bytes) -> dict[str, Span]:
    """Read the directory of a safetensors file: tensor name to the span that holds it.

    Raises ValueError when the file is cut short or its directory does not fit its content.
    """
    if len(data) < 8 or (size := int.from_bytes(data[:8], "little")) > len(data) - 8:
        raise ValueError("not a safetensors file, or one cut short: fetch the model again")
    spans = {}
    for name, entry in json.loads(data[8 : 8 + size]).items():
        if name == "__metadata__":
            continue
        start, end = entry["data_offsets"]
        if not 0 <= start <= end <= len(data) - 8 - size:
            raise ValueError(f"tensor {name} lies outside its safetensors file: fetch the model again")
        spans[name] = Span(entry["dtype"], tuple(entry["shape"]), 8 + size + start, end - start)
    return spans


class _Graph:
    """Collects nodes and initialisers in the order they are named; that order fixes the bytes."""

    def __init__(self, spans: Mapping[str, Span]) -> None:
        self._spans = spans
        self._nodes: list[bytes] = []
        self._initialisers: dict[str, bytes] = {}

    def weight(self, name: str) -> str:
        """Declare a tensor of the weights file as an initialiser and return its name."""
        span = self._spans[name]
        place = {"location": WEIGHTS_FILE, "offset": str(span.offset), "length": str(span.length)}
        self._initialisers[name] = b"".join(
            [
                *(_int(1, d) for d in span.shape),
                _int(2, _DTYPES[span.kind]),
                _bytes(8, name),
                *(_bytes(13, _bytes(1, key) + _bytes(2, value)) for key, value in place.items()),
                _int(14, _EXTERNAL),
            ]
        )
        return name

    def ints(self, *values: int) -> str:
        """Declare a small int64 vector as an initialiser and return its name."""
        name = "ints:" + ",".join(map(str, values))
        raw = struct.pack(f"<{len(values)}q", *values)
        self._initialisers[name] = _int(1, len(values)) + _int(2, _INT64) + _bytes(8, name) + _bytes(9, raw)
        return name

    def number(self, value: float) -> str:
        """Declare a float32 scalar as an initialiser and return its name."""
        name = f"float:{value!r}"
        self._initialisers[name] = _int(2, _FLOAT) + _bytes(8, name) + _bytes(9, struct.pack("<f", value))
        return name

    def node(self, op: str, inputs: Iterable[str], output: str, **attributes: Attribute) -> str:
        """Add one operation with one output and return the output's name."""
        self._nodes.append(
            b"".join(
                [
                    *(_bytes(1, name) for name in inputs),
                    _bytes(2, output),
                    _bytes(3, output),
                    _bytes(4, op),
                    *(_bytes(5, _attribute(name, value)) for name, value in attributes.items()),
                ]
            )
        )
        return output

    def model(self, dimension: int) -> bytes:
        """Serialise the ModelProto: one int64 input [tokens], one float32 output [dimension]."""
        graph = b"".join(
            [
                *(_bytes(1, node) for node in self._nodes),
                _bytes(2, "minilm"),
                *(_bytes(5, tensor) for tensor in self._initialisers.values()),
                _bytes(11, _value_info(INPUT, _INT64, ["tokens"])),
                _bytes(12, _value_info(OUTPUT, _FLOAT, [dimension])),
            ]
        )
        opset = _bytes(1, "") + _int(2, _OPSET)
        return _int(1, _IR_VERSION) + _bytes(2, "forensics") + _bytes(7, graph) + _bytes(8, opset)


@dataclass(frozen=True)
class Shape:
    """The sizes of the encoder, as its config.json gives them."""

    layers: int
    heads: int
    dimension: int
    epsilon: float


def _linear(graph: _Graph, x: str, weights: str, output: str) -> str:
    return graph.node("Gemm", [x, graph.weight(f"{weights}.weight"), graph.weight(f"{weights}.bias")], output, transB=1)


def _add_and_norm(graph: _Graph, terms: tuple[str, str], weights: str, output: str, *, epsilon: float) -> str:
    total = graph.node("Add", terms, f"{output}.sum")
    scale, shift = graph.weight(f"{weights}.weight"), graph.weight(f"{weights}.bias")
    return graph.node("LayerNormalization", [total, scale, shift], output, axis=-1, epsilon=epsilon)


def _embed(graph: _Graph, shape: Shape) -> str:
    """Word + position + first token type, normalised: [tokens, dimension]."""
    words = graph.node("Gather", [graph.weight("embeddings.word_embeddings.weight"), INPUT], "words")
    count = graph.node("Shape", [INPUT], "count")
    every = graph.weight("embeddings.position_embeddings.weight")
    positions = graph.node("Slice", [every, graph.ints(0), count], "positions")
    kinds = graph.weight("embeddings.token_type_embeddings.weight")
    kind = graph.node("Gather", [kinds, graph.ints(0)], "kind")
    placed = graph.node("Add", [words, positions], "placed")
    return _add_and_norm(graph, (placed, kind), "embeddings.LayerNorm", "embedded", epsilon=shape.epsilon)


def _layer(graph: _Graph, x: str, prefix: str, shape: Shape) -> str:
    """One transformer layer (post-norm, exact GELU): [tokens, dimension] to the same."""
    width = shape.dimension // shape.heads
    split = {}
    for part, order in (("query", (1, 0, 2)), ("key", (1, 2, 0)), ("value", (1, 0, 2))):
        flat = _linear(graph, x, f"{prefix}.attention.self.{part}", f"{prefix}.{part}")
        heads = graph.node("Reshape", [flat, graph.ints(0, shape.heads, width)], f"{flat}.heads")
        split[part] = graph.node("Transpose", [heads], f"{flat}.turned", perm=order)
    scores = graph.node("MatMul", [split["query"], split["key"]], f"{prefix}.scores")
    scaled = graph.node("Mul", [scores, graph.number(width**-0.5)], f"{prefix}.scaled")
    shares = graph.node("Softmax", [scaled], f"{prefix}.shares", axis=-1)
    mixed = graph.node("MatMul", [shares, split["value"]], f"{prefix}.mixed")
    turned = graph.node("Transpose", [mixed], f"{prefix}.turned", perm=(1, 0, 2))
    joined = graph.node("Reshape", [turned, graph.ints(0, shape.dimension)], f"{prefix}.joined")
    attended = _linear(graph, joined, f"{prefix}.attention.output.dense", f"{prefix}.attended")
    x = _add_and_norm(
        graph, (attended, x), f"{prefix}.attention.output.LayerNorm", f"{prefix}.mid", epsilon=shape.epsilon
    )
    wide = _linear(graph, x, f"{prefix}.intermediate.dense", f"{prefix}.wide")
    bent = graph.node("Gelu", [wide], f"{prefix}.bent")
    narrow = _linear(graph, bent, f"{prefix}.output.dense", f"{prefix}.narrow")
    return _add_and_norm(graph, (narrow, x), f"{prefix}.output.LayerNorm", f"{prefix}.out", epsilon=shape.epsilon)


def encoder_model(spans: Mapping[str, Span], shape: Shape) -> bytes:
    """Serialise the encoder as an ONNX model: token ids [tokens] to their mean vector [dimension].

    `spans` is what `safetensors_spans` says of the weights file. The model refers to that file as
    `WEIGHTS_FILE` and must be loaded with its bytes. The same arguments give the same bytes. Raises
    KeyError for a missing tensor.
    """
    graph = _Graph(spans)
    x = _embed(graph, shape)
    for layer in range(shape.layers):
        x = _layer(graph, x, f"encoder.layer.{layer}", shape)
    graph.node("ReduceMean", [x, graph.ints(0)], OUTPUT, keepdims=0)
    return graph.model(shape.dimension)
