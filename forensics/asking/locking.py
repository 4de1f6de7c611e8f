"""Keep a second process from a file that is being written. The lock goes with the process, however that ends."""

from __future__ import annotations

import sys
from typing import BinaryIO

_FAR = 1 << 62
"""Where Windows locks one byte: locked bytes cannot be read by others there, and no file reaches this far."""


def lock(stream: BinaryIO) -> bool:
    """Take the lock on an open file, without waiting; says whether it was free."""
    try:
        if sys.platform == "win32":
            import msvcrt

            stream.seek(_FAR)
            msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(stream.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
