"""Where files of the user lie that belong to no case: caches."""

from __future__ import annotations

import os
from pathlib import Path


def home() -> Path:
    """Return the folder of caches; the environment variable FORENSICS_HOME moves it."""
    moved = os.environ.get("FORENSICS_HOME")
    if moved:
        return Path(moved) / "cache"
    import platformdirs

    return Path(platformdirs.user_cache_dir("forensics", appauthor=False))
