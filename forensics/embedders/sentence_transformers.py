"""Any sentence-transformers model, by name or folder, through torch on the CPU.

Slow to start and heavy; `minilm` gives the default model's vectors without torch. Code that a model brings
along is never run. A name that is not on this machine yet is fetched from its hub, once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from forensics.embedders import Embedder, Progress
from forensics.embedders._files import PACKAGED_NAME, folder_digest, packaged_folder
from forensics.embedders._texts import encode_each
from forensics.errors import UsageError

SUMMARY = "any sentence-transformers model by name or folder, through torch; starts in several seconds"

_WANTED = ("*.json", "*.txt", "*.model", "*.safetensors", "*.bin")
_UNWANTED = ("onnx/*", "openvino/*")


def load(name: str | None) -> Embedder:
    """Load a model from a folder or by its name on the hub; None is the packaged all-MiniLM-L6-v2.

    Sets torch to one thread for the whole process: more would change the last bits of the vectors. Raises
    UsageError when a package is missing or the model cannot be found or read.
    """
    try:
        import sentence_transformers
        import torch
        from transformers.utils import logging as transformers_logging
    except ImportError as error:
        raise UsageError(
            "The embedder 'sentence_transformers' needs sentence-transformers and torch.",
            remedy="Install torch, then sentence-transformers, or use the embedder 'minilm'.",
        ) from error
    torch.set_num_threads(1)
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    folder = _folder(name)
    digest = folder_digest(folder)
    try:
        model = sentence_transformers.SentenceTransformer(str(folder), device="cpu")
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise UsageError(
            f"{folder} cannot be loaded as a sentence-transformers model: {error}",
            remedy="Name a folder that sentence-transformers saved, or a model of its hub.",
        ) from error
    # The first call also settles the tokenizer's padding and truncation, which is not safe from several
    # threads.
    dimension = int(_vector(model, "").shape[0])
    return TorchEmbedder(
        name=_shown(name, folder),
        backend=f"sentence-transformers {sentence_transformers.__version__}, torch {torch.__version__}",
        digest=digest,
        dimension=dimension,
        max_tokens=int(model.max_seq_length or 0),
        model=model,
    )


@dataclass(frozen=True, slots=True)
class TorchEmbedder:
    """A loaded sentence-transformers model; an `Embedder`."""

    name: str
    backend: str
    digest: str
    dimension: int
    max_tokens: int
    model: Any
    """The SentenceTransformer, read only."""

    def encode(
        self, texts: Sequence[str], *, workers: int = 1, progress: Progress | None = None
    ) -> NDArray[np.float32]:
        """Embed texts as `Embedder.encode` says; one per call: a batch changes its members' last bits."""
        return encode_each(texts, self._encode_one, dimension=self.dimension, workers=workers, progress=progress)

    def _encode_one(self, text: str) -> NDArray[np.float32]:
        return _vector(self.model, text)


def _vector(model: Any, text: str) -> NDArray[np.float32]:
    vector = model.encode([text], batch_size=1, show_progress_bar=False, convert_to_numpy=True)[0]
    return np.asarray(vector, np.float32)


def _folder(name: str | None) -> Path:
    """Find the model's folder, so that what is digested is what is loaded."""
    if name is None:
        return packaged_folder()
    if Path(name).is_dir():
        return Path(name)
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    # Names without an owner belong to sentence-transformers, as in that library.
    repository = name if "/" in name else f"sentence-transformers/{name}"
    try:
        return Path(snapshot_download(repository, allow_patterns=list(_WANTED), ignore_patterns=list(_UNWANTED)))
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OSError) as error:
        raise UsageError(
            f"The model {name!r} is neither a folder here nor could it be fetched: {error}",
            remedy="Check the name, or give the folder it was saved in.",
        ) from error


def _shown(name: str | None, folder: Path) -> str:
    """Return a name fit for evidence: never a path of this machine."""
    if name is None:
        return PACKAGED_NAME
    return folder.name if Path(name).is_dir() else name
