"""The report as one HTML file: no network, readable on a phone and on paper, complete without its script.

Every text from the evidence passes `hostile` on its way into the template, whatever the template does.
"""

from __future__ import annotations

import base64
import hashlib

from forensics.formats import _page
from forensics.reporting.parts import Report

SUMMARY = "report.html: one self-contained page for screen, phone and paper"


def render(report: Report) -> dict[str, bytes]:
    """Return report.html, or report.court.html."""
    css, js = _page.part("report.css"), _page.part("report.js")
    policy = (
        f"default-src 'none'; style-src {_source(css)}; script-src {_source(js)}; base-uri 'none'; form-action 'none'"
    )
    return {f"{report.stem}.html": _page.page(report, css=css, js=js, policy=policy).encode()}


def _source(text: str) -> str:
    """Return the content-security-policy source of an inline script or style."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
