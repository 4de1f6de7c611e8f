"""The page of a history in a real browser: nothing leaves it, nothing in it acts, and values can be read off."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from forensics.monitoring import page as pages
from forensics.monitoring.history import Row, open_history
from tests.monitoring.test_history import fill

_SPEC = importlib.util.spec_from_file_location("driving", Path(__file__).parents[1] / "report" / "test_browser.py")
assert _SPEC
assert _SPEC.loader
driving = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(driving)
needs_browser = driving.pytestmark

HOSTILE = "</script><script>document.title='x'</script><img src=x onerror=alert(1)>\u202e"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    pytest.importorskip("websocket", reason="websocket-client is not installed")
    found = driving.Browser(tmp_path_factory.mktemp("profile"))
    yield found
    found.close()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("history")
    with open_history(folder / "history.sqlite", create=True) as history:
        fill(history, ["one", "two"], text=HOSTILE)
        (folder / "history.html").write_text(pages.page(history, alpha=0.05), "utf-8")
    return folder / "history.html"


def test_the_same_history_gives_the_same_page_and_an_empty_one_says_so(tmp_path: Path) -> None:
    with open_history(tmp_path / "h.sqlite", create=True) as history:
        assert "No night is recorded" in pages.page(history, alpha=0.05)
        fill(history, ["one"])
        assert pages.page(history, alpha=0.05) == pages.page(history, alpha=0.05)
    with open_history(tmp_path / "h.sqlite") as history:
        text = pages.page(history, alpha=0.01)
    assert "1/α = 100" in text
    assert "<script>document" not in text


@pytest.mark.parametrize("nights", [1, 2, 30])
def test_any_number_of_nights_can_be_drawn(tmp_path: Path, nights: int) -> None:
    with open_history(tmp_path / "h.sqlite", create=True) as history:
        fill(history, ["one"], nights=nights)
        assert pages.page(history, alpha=0.05).count("<svg") == 2


class Scripts(HTMLParser):
    """The contents of a page's scripts, and every element."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.elements: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        if tag == "script":
            self.found.append("")

    def handle_data(self, data: str) -> None:
        if self.cdata_elem == "script":
            self.found[-1] += data


@pytest.mark.parametrize("name", [HOSTILE, "</script><script>alert(1)</script>", "</script x=", "<!--<script>"])
def test_no_name_ends_the_script_that_holds_the_values(tmp_path: Path, name: str) -> None:
    """A history is a file that somebody may have written to: every name in it may be anything."""
    with open_history(tmp_path / "h.sqlite", create=True) as history:
        fill(history, [name], text=name)
        values = {"watch": name, "stream": "content", "epoch": "2026-11-01", "conditions": "c", "p": 0.5, "log_e": 0.1}
        history.add([Row("drift", {"night": "2026-11-08", "pair": name, **values, "log_wealth": 3.0})])
        found = Scripts(pages.page(history, alpha=0.05))
    assert len(found.found) == 2, "the values, and our own script"
    assert "<" not in found.found[0]
    lines = [line for line, _ in json.loads(found.found[0])["pairs"][0]["lines"]]
    assert f"Evidence of change, {name}" in lines, "or else nothing was tried here"
    assert "JSON.parse" in found.found[1]
    assert "img" not in found.elements


@needs_browser
def test_nothing_leaves_the_page_and_hostile_names_do_not_act(browser: Any, made: Path) -> None:
    browser.open(made)
    assert browser.complaints == []
    assert browser.asked == [made.as_uri()]
    assert browser.value("document.title") == "2 pairs, 8 nights"
    assert browser.value("document.querySelectorAll('img,iframe,object,link').length") == 0
    assert "onerror" in browser.value("document.body.textContent")


@needs_browser
@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("dark", [False, True])
def test_it_fits_the_screen_and_reads_in_both_schemes(browser: Any, made: Path, width: int, dark: bool) -> None:
    browser.open(made, width=width, dark=dark)
    assert browser.value("document.documentElement.scrollWidth") <= width
    shown = "narrow" if width == 360 else "wide"
    assert browser.value(f"document.querySelector('figure .{shown} svg').getBoundingClientRect().width") > 300
    ink = browser.value("getComputedStyle(document.querySelector('figure svg text.ink')).fill")
    paper = browser.value("getComputedStyle(document.body).backgroundColor")
    assert ink != paper
    assert browser.complaints == []


@needs_browser
def test_values_are_read_off_by_keys_and_pairs_are_found(browser: Any, made: Path) -> None:
    browser.open(made)
    press = "s.dispatchEvent(new KeyboardEvent('keydown', {key: 'KEY', bubbles: true}))"
    browser.value("var s = document.querySelector('#pair-0 .wide svg'); s.focus()")
    assert "2026-11-08 (TRIPPED)" in browser.value("document.querySelector('#pair-0 .readout').textContent")
    browser.value("var s = document.querySelector('#pair-0 .wide svg'); " + press.replace("KEY", "Home"))
    said = browser.value("document.querySelector('#pair-0 .readout').textContent")
    assert said.startswith("2026-11-01 (ok)")
    assert "Length, questioned 201" in said
    assert browser.value("document.querySelectorAll('#pair-0 .wide .cursor').length") == 1
    browser.value("const q = document.getElementById('search'); q.value = 'two'; q.dispatchEvent(new Event('input'))")
    assert browser.value("[...document.querySelectorAll('section.pair')].map((s) => s.hidden).join()") == "true,false"
    assert browser.value("document.getElementById('status').textContent") == "1 of 2 pairs"


@needs_browser
def test_it_has_no_fault_that_axe_knows(browser: Any, made: Path) -> None:
    if not driving.AXE.exists():
        pytest.skip("axe-core is not there; `make browser` fetches it")
    browser.open(made)
    browser.value(driving.AXE.read_text("utf-8") + "; 0")
    found = browser.value("axe.run().then((r) => r.violations.map((v) => v.id + ': ' + v.nodes[0].html))")
    assert found == []
