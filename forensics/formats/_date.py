"""The date that a document's properties give: SOURCE_DATE_EPOCH, or none, so that the same case gives the same bytes."""

from __future__ import annotations

import os
from datetime import UTC, datetime

from forensics.errors import UsageError


def source_date() -> datetime | None:
    """Return the date that SOURCE_DATE_EPOCH names, in UTC; None where it is not set.

    Raises UsageError where it is no number of seconds since 1970.
    """
    given = os.environ.get("SOURCE_DATE_EPOCH")
    if not given:
        return None
    try:
        return datetime.fromtimestamp(int(given), UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise UsageError(
            f"SOURCE_DATE_EPOCH is {given!r}, which is no number of seconds since 1970.", remedy="Correct or unset it."
        ) from error
