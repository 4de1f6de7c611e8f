"""Signing keys: Ed25519, on disk only behind a passphrase and readable by their owner alone; never inside a case."""

from __future__ import annotations

import os
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from forensics.errors import BadFile, UsageError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

PASSPHRASE = "FORENSICS_PASSPHRASE"  # noqa: S105  the name of a variable, not what it holds
KEY = "FORENSICS_KEY"
"""Names the key file where no option does."""
SHORTEST_PASSPHRASE = 8
_DER_PREFIX = bytes.fromhex("302a300506032b6570032100")
"""What precedes the 32 bytes of an Ed25519 public key in DER (RFC 8410)."""
_CASE_FILES = ("case.json", "protocol.json", "transcripts", "seal.json", "bag")
_WEAK = frozenset(
    bytes.fromhex(point)
    for point in (
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "0100000000000000000000000000000000000000000000000000000000000080",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    )
)
"""Points of small order: under such a key one signature fits many messages."""

Ask = Callable[[], str]


class Signer(NamedTuple):
    """A private key in memory, as far as sealing needs it."""

    sign: Callable[[bytes], bytes]
    public: bytes
    """32 bytes."""

    @property
    def fingerprint(self) -> str:
        """Return the digest that names the key."""
        return fingerprint(self.public)


def new(path: Path, *, ask: Ask) -> str:
    """Make a key, write it encrypted with mode 600, and return its fingerprint; never writes over a file.

    Raises UsageError for a place inside a case or a bundle, and for a passphrase that is too short.
    """
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    _refuse_cases(path)
    passphrase = ask()
    if len(passphrase) < SHORTEST_PASSPHRASE:
        raise UsageError(
            f"The passphrase has {len(passphrase)} characters; at least {SHORTEST_PASSPHRASE} are needed.",
            remedy=f"Choose a longer one, at the prompt or in {PASSPHRASE}.",
        )
    key = Ed25519PrivateKey.generate()
    data = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(passphrase.encode()),
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        # Created with the mode it keeps: at no moment can anybody else read it.
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise UsageError(f"{path} exists already.", remedy="Name another file: a key is never overwritten.") from error
    with os.fdopen(handle, "wb") as stream:
        stream.write(data)
    return _signer(key).fingerprint


def load(path: Path, *, ask: Ask) -> Signer:
    """Open a key file; raises UsageError where others may read it or the passphrase is wrong, BadFile where it is none."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    _refuse_cases(path)
    if not path.is_file():
        raise UsageError(
            f"There is no key at {path}.", remedy="Make one with `forensics keys new`, or name it with --key."
        )
    if os.name == "posix" and path.stat().st_mode & 0o077:
        raise UsageError(f"Others may read {path}.", remedy=f"Make it private: chmod 600 {path}")
    data = path.read_bytes()
    if b"ENCRYPTED" not in data:
        raise BadFile(path, "not a key behind a passphrase", remedy="Make one with `forensics keys new`.")
    try:
        key = serialization.load_pem_private_key(data, ask().encode())
    except (ValueError, TypeError) as error:
        raise UsageError(
            f"{path} does not open with this passphrase.", remedy="Try again; nothing was changed."
        ) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise BadFile(path, "not an Ed25519 key", remedy="Make one with `forensics keys new`.")
    return _signer(key)


def default_path() -> Path:
    """Return where the user's key lies: FORENSICS_KEY, or `keys/seal.pem` in the user's data folder or FORENSICS_HOME."""
    named, moved = os.environ.get(KEY), os.environ.get("FORENSICS_HOME")
    if named:
        return Path(named)
    if moved:
        return Path(moved) / "keys" / "seal.pem"
    import platformdirs

    return Path(platformdirs.user_data_dir("forensics", appauthor=False)) / "keys" / "seal.pem"


def passphrase_from(prompt: Ask) -> Ask:
    """Return a way to get the passphrase: from the environment, or else by asking."""
    return lambda: os.environ.get(PASSPHRASE) or prompt()


def fingerprint(public: bytes) -> str:
    """Return `sha256:` and the SHA-256 of a public key as DER: what `openssl pkey -pubin -outform DER | sha256sum` says."""
    return "sha256:" + sha256(_DER_PREFIX + public).hexdigest()


def grouped(name: str) -> str:
    """Return a fingerprint for paper: sixteen groups of four.

    >>> grouped("sha256:" + "0123456789abcdef" * 4)[:19]
    '0123 4567 89ab cdef'
    """
    digits = name.removeprefix("sha256:")
    return " ".join(digits[i : i + 4] for i in range(0, len(digits), 4))


def read_fingerprint(text: str) -> str:
    """Read a fingerprint as somebody typed it from paper; raises UsageError."""
    digits = "".join(text.lower().removeprefix("sha256:").replace(":", " ").split())
    if len(digits) != 64 or set(digits) - set("0123456789abcdef"):
        raise UsageError(
            f"{text!r} is no fingerprint.", remedy="It has 64 hexadecimal digits; `forensics keys show` prints it."
        )
    return "sha256:" + digits


def public_pem(public: bytes) -> bytes:
    """Return a public key as `openssl` reads it."""
    import base64

    return b"-----BEGIN PUBLIC KEY-----\n" + base64.b64encode(_DER_PREFIX + public) + b"\n-----END PUBLIC KEY-----\n"


def parse_public_pem(data: bytes) -> bytes | None:
    """Return the 32 bytes of a public key written by `public_pem`; None for anything else, weak keys included."""
    import base64
    import binascii

    lines = data.split(b"\n")
    try:
        raw = base64.b64decode(lines[1], validate=True) if len(lines) == 4 else b""
    except binascii.Error:
        return None
    public = raw[len(_DER_PREFIX) :]
    if len(public) != 32 or public_pem(public) != data or public in _WEAK:
        return None
    return public


def is_signed(public: bytes, signature: bytes, message: bytes) -> bool:
    """Say whether a signature over a message was made with the key."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _signer(key: Ed25519PrivateKey) -> Signer:
    from cryptography.hazmat.primitives import serialization

    raw = key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return Signer(key.sign, raw)


def _refuse_cases(path: Path) -> None:
    """Refuse a place from which a key could be handed over with the evidence."""
    for folder in path.resolve().parents:
        if any((folder / name).exists() for name in _CASE_FILES[:2]) or (folder / "bag" / "bagit.txt").exists():
            raise UsageError(
                f"{path} lies inside a case or bundle ({folder}).",
                remedy="Keep keys elsewhere: evidence is handed over.",
            )
