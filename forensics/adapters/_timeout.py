"""How long an adapter waits for an answer."""

from __future__ import annotations

import math

from forensics.errors import UsageError

TIMEOUT_SECONDS = 120.0
MOST_SECONDS = 86_400


def seconds(text: str | None) -> float:
    """Return the option `timeout` as seconds, or the usual ones; raises UsageError for what is no such number."""
    try:
        found = TIMEOUT_SECONDS if text is None else float(text)
    except ValueError:
        found = math.nan
    if not 0 < found <= MOST_SECONDS:
        raise UsageError(f"timeout={text!r} is no number of seconds.", remedy="Write timeout=120, at most 86400.")
    return found
