"""The report as one HTML file: no network, readable on a phone and on paper, complete without its script.

Every text from the evidence passes `hostile` on its way into the template, whatever the template does.
"""

from __future__ import annotations

from forensics import pages
from forensics.formats import _page
from forensics.reporting.parts import Report

SUMMARY = "report.html: one self-contained page for screen, phone and paper"


def render(report: Report) -> dict[str, bytes]:
    """Return report.html, or report.court.html."""
    css, js = _page.part("report.css"), _page.part("report.js")
    made = _page.page(report, css=css, js=js, policy=pages.policy(css, js))
    return {f"{report.stem}.html": made.encode()}
