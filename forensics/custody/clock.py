"""One clock for everything that carries a time. SOURCE_DATE_EPOCH stops it, so that files can be made again byte for byte."""

from __future__ import annotations

import os
from datetime import UTC, datetime


def now() -> str:
    """Return the present time: UTC, ISO 8601, whole seconds."""
    fixed = os.environ.get("SOURCE_DATE_EPOCH", "")
    moment = datetime.fromtimestamp(int(fixed), UTC) if fixed.isdigit() else datetime.now(UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def parsed(text: str) -> datetime | None:
    """Return a recorded time, or None where it is no time; a time without a zone is taken for UTC."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
