"""Look for secrets in everything that goes into a bundle: keys that stand in the environment, and private keys.

What is found stops the sealing. It cannot find a secret it does not know; services' keys are known by their variables.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from forensics.errors import UsageError

_NAMED = re.compile(r"(?:^|_)(?:KEY|TOKEN|SECRET|PASSWORD|PASSPHRASE|CREDENTIALS?)(?:_|$)", re.IGNORECASE)
_SHORTEST = 8
_PRIVATE = (b"-----BEGIN PRIVATE KEY", b"-----BEGIN ENCRYPTED PRIVATE KEY", b"-----BEGIN OPENSSH PRIVATE KEY")
_NO_SECRETS = ("FORENSICS_KEY",)
"""Variables whose names sound like secrets and hold a path."""


class Watch:
    """The secrets of this process, looked for in one file after the other."""

    def __init__(self) -> None:
        named = {name: value for name, value in os.environ.items() if _NAMED.search(name) and name not in _NO_SECRETS}
        self._needles = {
            value.encode("utf-8", "surrogateescape"): name for name, value in named.items() if len(value) >= _SHORTEST
        }
        self._needles.update(dict.fromkeys(_PRIVATE, "a private key"))
        self._overlap = max(map(len, self._needles)) - 1

    @contextmanager
    def file(self, shown: str) -> Iterator[Callable[[bytes], None]]:
        """Give a way to look at one file, block after block; raises UsageError at the first secret."""
        before = b""

        def look(block: bytes) -> None:
            nonlocal before
            seam = before + block[: self._overlap]
            for needle, name in self._needles.items():
                if needle in block or needle in seam:
                    raise UsageError(
                        f"{shown} holds a secret: the value of {name}."
                        if name in os.environ
                        else f"{shown} holds {name}.",
                        remedy="Nothing was sealed. Take it out at its source, and have the key withdrawn.",
                    )
            before = (before + block if len(block) < self._overlap else block)[-self._overlap :]

        yield look
