"""Reports of the largest case: how long each format takes to make, how large it is, and how long a browser takes to open it.

PDF is measured beside a headless Chromium that prints the same page: the choice between the two is explained in
`forensics/formats/pdf.py`.
"""

from __future__ import annotations

import base64
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks import timing
from benchmarks.data import Bench
from benchmarks.reporting import number, table
from forensics import case as case_files
from forensics import registry
from forensics.reporting import layout
from tests.report.browser import CHROMIUM, Browser

TITLE = "Reports"
REFERENCE, QUESTIONED = "vicuna-13b-v1.5", "vicuna-7b-v1.5"
FORMATS = ("html", "markdown", "csv", "json", "docx", "pdf")
RUNS = 3
TARGET = "HTML ≤ 3 MB, made in ≤ 10 s, opened in ≤ 2 s"


def run(bench: Bench) -> dict[str, Any]:
    """Compare two models with all others as the cohort, weigh, and lay the case out in both styles."""
    with tempfile.TemporaryDirectory() as work:
        case = Path(work) / "case"
        timing.run([
            *timing.python("-m", "forensics", "compare"), f"replay:{bench.folder / REFERENCE}",
            f"replay:{bench.folder / QUESTIONED}", "--cohort", str(bench.folder), "--calibration",
            "alpaca_eval-derivation", "--format", "json", "-o", str(case),
        ])  # fmt: skip
        rows = [_made(case, style, name) for style in ("analyst", "court") for name in FORMATS]
        pages = _opened(case) if CHROMIUM else []
    return {"models": len(bench.body.members), "probes": len(bench.body.probes), "formats": rows, "pages": pages}


def _made(case: Path, style: Any, name: str) -> dict[str, Any]:
    """Make one format from the evidence on disk; medians, the evidence read each time."""
    seconds, cpu, size = [], [], 0
    for _ in range(1 if name == "pdf" else RUNS):
        wall, processor = time.perf_counter(), time.process_time()
        made = layout.make(case_files.read_evidence(case), style=style)
        files = registry.load("formats", name).render(made)
        seconds.append(time.perf_counter() - wall)
        cpu.append(time.process_time() - processor)
        size = sum(map(len, files.values()))
        for path, data in files.items() if name == "html" else ():
            (case / path).write_bytes(data)
    return {
        "style": style, "format": name, "seconds": statistics.median(seconds), "cpu": statistics.median(cpu), "bytes": size,
    }  # fmt: skip


def _opened(case: Path) -> list[dict[str, Any]]:
    """Open each page in a browser that has opened it before, and print it to PDF with tags."""
    rows = []
    browser = Browser(case / "profile")
    for name in ("report.html", "report.court.html"):
        opened, loaded = [], []
        for _ in range(RUNS):
            start = time.perf_counter()
            browser.open(case / name)
            opened.append(time.perf_counter() - start)
            loaded.append(browser.value("performance.getEntriesByType('navigation')[0].loadEventEnd") / 1000)
        start = time.perf_counter()
        data = base64.b64decode(browser.call("Page.printToPDF", preferCSSPageSize=True, generateTaggedPDF=True)["data"])
        rows.append({
            "page": name, "opened": statistics.median(opened), "loaded": statistics.median(loaded),
            "printed": time.perf_counter() - start, "pdf_bytes": len(data),
        })  # fmt: skip
    browser.close()
    return rows


def show(found: dict[str, Any]) -> str:
    """Lay the figures out."""
    made = [
        [
            f"{row['format']}, {row['style']}",
            number(row["seconds"], 1),
            number(row["cpu"], 1),
            number(row["bytes"] / 1e6, 2),
        ]
        for row in found["formats"]
    ]
    pages = [
        [row["page"], number(row["opened"], 2), number(row["loaded"], 2), number(row["printed"], 1), number(row["pdf_bytes"] / 1e6, 2)]
        for row in found["pages"]
    ]  # fmt: skip
    return "\n\n".join([
        f"One case of {found['models']} models on {found['probes']} prompts, weighed. Target: {TARGET}. Reading the evidence is in every figure; "
        "PDF by WeasyPrint, once.",
        table(["format", "seconds", "CPU seconds", "MB"], made),
        "In headless Chromium (opened: from asking to the load event, as the caller sees it; loaded: as the page itself says), "
        "and its own print to PDF beside ours:",
        table(["page", "opened, s", "loaded, s", "printed, s", "printed, MB"], pages) if pages else "no Chromium here",
    ])  # fmt: skip
