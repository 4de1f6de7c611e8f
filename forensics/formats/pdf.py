"""The report as PDF: the HTML page laid out on paper, tagged for screen readers, fonts embedded, page x of y.

Made by WeasyPrint rather than by a headless browser. Both print the page well; WeasyPrint's file follows PDF/UA-1, is the
same bytes each time on one machine, and needs no browser whose version changes under it. A browser's file is tagged too, but does
not say that it follows PDF/UA, carries the time of making, and is six times as large. It has one advantage: it is several times faster on
the largest case (benchmarks, "Reports"). What costs time here is breaking lines, not drawing: so columns of tables get fixed
widths, worked out once from the texts, and nothing is laid out in a grid. WeasyPrint has one price: it uses the
fonts and the Pango library of the machine, so two machines with other fonts give other bytes. The HTML says the same
and depends on no machine; it is what should be compared byte for byte elsewhere.
"""

from __future__ import annotations

import importlib.util
from ctypes.util import find_library

from forensics.errors import UsageError
from forensics.formats import _page
from forensics.formats._date import source_date
from forensics.reporting.drawing import on_paper
from forensics.reporting.parts import Report

SUMMARY = "report.pdf: the page on paper, tagged, with embedded fonts and page x of y (needs forensics[pdf])"


def missing() -> str | None:
    """Return what must be installed before a PDF can be written here; None when nothing is missing."""
    if importlib.util.find_spec("weasyprint") is None:
        return "WeasyPrint is not installed; run: pip install 'forensics[pdf]'"
    if not all(map(find_library, ("pango-1.0", "pangoft2-1.0"))):
        return "the Pango library is not installed; on Debian or Ubuntu run: apt-get install libpangoft2-1.0-0"
    return None


def render(report: Report) -> dict[str, bytes]:
    """Return report.pdf, or report.court.pdf. Raises UsageError where WeasyPrint or Pango is not installed."""
    if lacking := missing():
        raise UsageError(f"No PDF can be written here: {lacking}.")
    from weasyprint import HTML
    from weasyprint.urls import URLFetcher

    dated = source_date()
    css = _page.part("report.css") + _page.part("pdf.css")
    page = _page.page(report, css=css, dated=dated.strftime("%Y-%m-%dT%H:%M:%SZ") if dated else "")
    document = HTML(string=on_paper(page), url_fetcher=URLFetcher(allowed_protocols=()))
    return {f"{report.stem}.pdf": bytes(document.write_pdf(pdf_variant="pdf/ua-1"))}
