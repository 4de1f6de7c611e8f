"""The page in a real browser: its script runs under its own policy, and it prints. Skipped where there is no Chromium."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from forensics import registry
from forensics.records.evidence import Evidence
from forensics.reporting import layout

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")


def browse(page: Path, *options: str) -> str:
    """Run the browser once, alone and offline, and return what it says on standard output."""
    quiet = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run")
    offline = ("--proxy-server=127.0.0.1:9", f"--user-data-dir={page.parent / 'profile'}")
    done = subprocess.run([str(CHROMIUM), *quiet, *offline, *options, page.as_uri()],
                          capture_output=True, text=True, timeout=120, check=True)  # fmt: skip
    return done.stdout


@pytest.fixture
def page(make_evidence: Callable[..., Evidence], hostile_texts: list[str], tmp_path: Path) -> Path:
    texts = [text for text in hostile_texts if len(text) < 300]
    evidence = make_evidence(names=texts, exhibits=3, ratio=1.2)
    path = tmp_path / "report.html"
    path.write_bytes(registry.load("formats", "html").render(layout.make(evidence))["report.html"])
    return path


def test_only_our_script_runs(page: Path) -> None:
    built = browse(page, "--dump-dom")
    assert 'role="button"' in built, "the script of the page was let run and made the headings sort"
    assert built.count("<script") == 1
    assert not re.search(r"<(iframe|object|embed|base|form|img|link)\b", built)


def test_it_prints(page: Path) -> None:
    target = page.parent / "report.pdf"
    browse(page, f"--print-to-pdf={target}", "--no-pdf-header-footer")
    assert target.read_bytes().startswith(b"%PDF-")
    assert len(re.findall(rb"/Type\s*/Page\b", target.read_bytes())) > 5
