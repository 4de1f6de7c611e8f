"""What every page of one file has in common: parts that lie in the package, a policy that lets nothing else in."""

from __future__ import annotations

import base64
import hashlib
from importlib import resources

from jinja2 import BaseLoader, Environment
from markupsafe import Markup

from forensics import hostile


def part(package: str, name: str) -> str:
    """Return a file of a package's templates."""
    return resources.files(package).joinpath("templates").joinpath(name).read_text(encoding="utf-8")


def policy(css: str, js: str) -> str:
    """Return the content-security policy of a page that runs this script and this style, and loads nothing."""
    return (
        f"default-src 'none'; style-src {_source(css)}; script-src {_source(js)}; base-uri 'none'; form-action 'none'"
    )


def environment() -> Environment:
    """Return an environment in which every text is made harmless, and one line, before it is printed."""
    return Environment(loader=BaseLoader(), autoescape=True, finalize=_finalize)


def _finalize(value: object) -> object:
    if isinstance(value, str) and not isinstance(value, Markup):
        return Markup(hostile.html_line(value))  # noqa: S704  escaped there
    return value


def _source(text: str) -> str:
    """Return the source by which a policy knows an inline script or style."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
