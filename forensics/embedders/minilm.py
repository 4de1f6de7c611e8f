"""The default embedder: all-MiniLM-L6-v2 from its package, through onnxruntime and tokenizers, without torch.

It runs the published float32 weights and nothing else; any other model goes through
`sentence_transformers`. One text per call and one thread per call: a text's bits then depend neither on its
neighbours nor on the number of workers, and nothing is spent on padding.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from forensics.canonical import digest
from forensics.embedders import Embedder, Progress
from forensics.embedders._files import PACKAGED_NAME, folder_digest, packaged_folder
from forensics.embedders._minilm_graph import INPUT, WEIGHTS_FILE, Shape, encoder_model, safetensors_spans
from forensics.embedders._texts import encode_each
from forensics.errors import BadFile, IntegrityBroken, UsageError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

SUMMARY = "all-MiniLM-L6-v2, packaged, through onnxruntime: starts in half a second, without torch or network"

MAX_TOKENS: Final = 256
DIGESTS: Final = {
    WEIGHTS_FILE: "sha256:53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "tokenizer.json": "sha256:be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
    "config.json": "sha256:953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
}
"""What the published model's files must be: weights and tokenizer equal upstream's."""


def load(name: str | None) -> Embedder:
    """Load the packaged model, or the same model from a folder.

    Raises IntegrityBroken when a file is not the published one, BadFile when one is missing, and UsageError
    for the name of another model.
    """
    folder = _folder(name)
    files = {file: _checked(folder, file) for file in DIGESTS}
    config = json.loads(files["config.json"])
    shape = Shape(
        layers=config["num_hidden_layers"],
        heads=config["num_attention_heads"],
        dimension=config["hidden_size"],
        epsilon=config["layer_norm_eps"],
    )
    session, version = _session(files[WEIGHTS_FILE], shape)
    return MiniLM(
        name=PACKAGED_NAME,
        backend=f"onnxruntime {version}",
        digest=folder_digest(folder, DIGESTS),
        dimension=shape.dimension,
        max_tokens=MAX_TOKENS,
        session=session,
        tokenizer=_tokenizer(files["tokenizer.json"]),
    )


@dataclass(frozen=True, slots=True)
class MiniLM:
    """The loaded model; an `Embedder`."""

    name: str
    backend: str
    digest: str
    dimension: int
    max_tokens: int
    session: Any
    """The onnxruntime session; it may be called from several threads."""
    tokenizer: Tokenizer

    def encode(
        self, texts: Sequence[str], *, workers: int = 1, progress: Progress | None = None
    ) -> NDArray[np.float32]:
        """Embed texts as `Embedder.encode` says: [texts, 384], rows of unit length."""
        return encode_each(texts, self._encode_one, dimension=self.dimension, workers=workers, progress=progress)

    def _encode_one(self, text: str) -> NDArray[np.float32]:
        ids = np.array(self.tokenizer.encode(text).ids, np.int64)
        vector: NDArray[np.float32] = self.session.run(None, {INPUT: ids})[0]
        return vector


def _folder(name: str | None) -> Path:
    if name is None or name == PACKAGED_NAME:
        return packaged_folder()
    if Path(name).is_dir():
        return Path(name)
    raise UsageError(
        f"The embedder 'minilm' runs {PACKAGED_NAME} only, not {name!r}.",
        remedy="Use the embedder 'sentence_transformers' for any other model.",
    )


def _checked(folder: Path, file: str) -> bytes:
    """Read one file and check its digest; the bytes returned are the bytes checked."""
    try:
        data = (folder / file).read_bytes()
    except OSError as error:
        raise BadFile(folder / file, f"cannot be read ({error.strerror})", remedy="Install the model again.") from error
    if digest(data) != DIGESTS[file]:
        found, expected = digest(data), DIGESTS[file]
        raise IntegrityBroken(
            f"{folder / file} is not the published {PACKAGED_NAME}: {found} instead of {expected}.",
            remedy="Install the model again, or load it with the embedder 'sentence_transformers'.",
        )
    return data


def _session(weights: bytes, shape: Shape) -> tuple[Any, str]:
    """Start a single-threaded onnxruntime session on weights held in memory; return it and the version."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # The graph names spans of this buffer; the session copies what it needs before the call below returns.
    options.add_external_initializers_from_files_in_memory([WEIGHTS_FILE], [weights], [len(weights)])
    graph = encoder_model(safetensors_spans(weights), shape)
    session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    return session, onnxruntime.__version__


def _tokenizer(data: bytes) -> Tokenizer:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_str(data.decode())
    # The file asks for 128 tokens, always filled up: left so, vectors would be silently wrong.
    tokenizer.no_padding()
    tokenizer.enable_truncation(MAX_TOKENS)
    return tokenizer
