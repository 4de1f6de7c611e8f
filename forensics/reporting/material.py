"""What every chapter of a report is made from. Holds the evidence; knows nothing of styles and layout."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from forensics.records.evidence import Evidence
from forensics.reporting.parts import Section


class Material(NamedTuple):
    """The evidence and its digest."""

    evidence: Evidence
    digest: str
    """Digest of evidence.json as written."""


Chapter = Callable[[Material], Section]
"""Makes one numbered part of a report."""
