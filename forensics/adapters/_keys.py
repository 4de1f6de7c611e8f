"""Keys of services: from the environment, or from the system's keyring where the package is installed. Never from a file."""

from __future__ import annotations

import importlib.util
import os

from forensics import http
from forensics.errors import UsageError

SERVICE = "forensics"
"""Under which name the keyring holds keys, each under its variable's name."""


def find(variable: str, service: http.Base, *, named: bool) -> str | None:
    """Return the key; None where the service needs none, as one on this machine may.

    Raises UsageError where it is missing, malformed, or would travel in the open though nobody named its variable.
    """
    if not variable:
        return None
    key = os.environ.get(variable, "") or _kept(variable)
    if not key:
        if service.loopback:
            return None
        raise UsageError(
            f"The environment variable {variable} holds no key for {service.host}.",
            remedy=f"Set {variable}, or name another variable with key_env (key_env= for a service without keys).",
        )
    if not (key.isascii() and key.isprintable()) or " " in key:
        raise UsageError(f"The value of {variable} is no key: it holds blanks or line ends.", remedy="Set it again.")
    if not (service.secure or service.loopback or named):
        raise UsageError(
            f"The key in {variable} would travel unencrypted to {service.host}.",
            remedy="Use https, or name the variable with key_env if that is meant (key_env= sends no key).",
        )
    return key


def _kept(variable: str) -> str:
    """Return what the system's keyring holds under a variable's name; nothing where there is no keyring."""
    if importlib.util.find_spec("keyring") is None:
        return ""
    import keyring
    import keyring.errors

    try:
        return keyring.get_password(SERVICE, variable) or ""
    except keyring.errors.KeyringError:
        return ""  # a machine without a screen has no back-end
