"""RO-Crate 1.1 metadata of a bundle: what the files are, for machines that know nothing of this tool. Written by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from forensics import canonical
from forensics.custody.hashing import Scanned
from forensics.records.case import Case

NAME = "ro-crate-metadata.json"
_MEDIA = {
    "json": "application/json",
    "jsonl": "application/jsonl",
    "log": "application/jsonl",
    "csv": "text/csv",
    "html": "text/html",
    "md": "text/markdown",
    "svg": "image/svg+xml",
    "pdf": "application/pdf",
    "gz": "application/gzip",
    "zst": "application/zstd",
    "pem": "application/x-pem-file",
    "tsr": "application/timestamp-reply",
}
_DESCRIBED = {
    "case.json": "What was compared with what",
    "scores.json": "How close the two sides are, by statistic",
    "evidence.json": "Everything the report says",
    "calibration.json": "How scores become likelihood ratios",
    "custody.log": "Who did what, when",
    "environment.json": "Where the numbers were computed",
    "seals/salts.json": "Secret of the salted commitments; taken out of redacted editions",
}


def metadata(case: Case, files: Mapping[str, Scanned], *, date: str, tool: str) -> bytes:
    """Return ro-crate-metadata.json for the files of a payload."""
    title = f"Evidence: {case.questioned.name} compared with {case.reference.name}"
    root: dict[str, Any] = {
        "@id": "./",
        "@type": "Dataset",
        "name": title,
        "description": f"{title}; question: {case.question.replace('_', ' ')}. Made by forensics {tool}.",
        "datePublished": date,
        "license": {"@id": "#rights"},
        "hasPart": [{"@id": path} for path in sorted(files)],
    }
    rights = {
        "@id": "#rights",
        "@type": "CreativeWork",
        "name": "Rights",
        "description": "Answers may be under the terms of the services that gave them; see the case.",
    }
    descriptor = {
        "@id": NAME,
        "@type": "CreativeWork",
        "about": {"@id": "./"},
        "conformsTo": {"@id": "https://w3id.org/ro/crate/1.1"},
    }
    graph = [descriptor, root, rights, *(_file(path, files[path]) for path in sorted(files))]
    return canonical.pretty({"@context": "https://w3id.org/ro/crate/1.1/context", "@graph": graph})


def _file(path: str, scanned: Scanned) -> dict[str, Any]:
    return {
        "@id": path,
        "@type": "File",
        "name": _DESCRIBED.get(path, path),
        "contentSize": str(scanned.size),
        "encodingFormat": _MEDIA.get(path.rpartition(".")[2], "application/octet-stream"),
        "sha256": scanned.sha256,
    }
