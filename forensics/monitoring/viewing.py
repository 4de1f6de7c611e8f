"""What `forensics history` does: open a history, and write its page or its tables."""

from __future__ import annotations

from pathlib import Path

from forensics import canonical
from forensics.monitoring.history import open_history


def write(database: Path, output: Path | None, *, form: str | None, alpha: float) -> list[Path]:
    """Write the page, or the tables in a format; returns the files written."""
    from forensics.monitoring import exporting, page

    with open_history(database) as history:
        if form is not None:
            return exporting.export(history, output or Path("history-tables"), form)
        target = output or Path("history.html")
        canonical.write_atomic(target, page.page(history, alpha=alpha).encode())
    return [target]
