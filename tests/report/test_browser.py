"""Both styles in a real browser: only our script runs, nothing leaves the file, and it reads well on phone, screen, paper.

Chromium is driven over its own protocol on loopback. Skipped where there is none, and the check with axe-core where
`make browser` has not brought it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from forensics import registry
from forensics.records.evidence import Evidence
from forensics.reporting import layout
from forensics.reporting.parts import Style
from tests.report.browser import CHROMIUM, Browser

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine; `make browser` installs it")
AXE = Path(__file__).parents[2] / "build" / "node_modules" / "axe-core" / "axe.min.js"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    pytest.importorskip("websocket", reason="websocket-client is not installed")
    found = Browser(tmp_path_factory.mktemp("profile"))
    yield found
    found.close()


@pytest.fixture(params=["analyst", "court"])
def page(
    request: pytest.FixtureRequest,
    make_evidence: Callable[..., Evidence],
    hostile_texts: list[str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """A report that strangers had a say in."""
    style: Style = request.param
    if style not in _MADE:
        evidence = make_evidence(names=[text for text in hostile_texts if len(text) < 300], exhibits=3, ratio=1.2)
        made = layout.make(evidence, style=style, us=style == "court")
        _MADE[style] = tmp_path_factory.mktemp(style) / "page.html"
        _MADE[style].write_bytes(registry.load("formats", "html").render(made)[f"{made.stem}.html"])
    return _MADE[style]


_MADE: dict[Style, Path] = {}


def test_only_our_script_runs_and_nothing_leaves_the_file(browser: Browser, page: Path) -> None:
    browser.open(page)
    assert browser.value("document.querySelectorAll('thead [role=button]').length") > 10, (
        "our script made headings sort"
    )
    assert browser.value("document.scripts.length") == 1
    assert browser.value("document.querySelectorAll('iframe,object,embed,base,form,img,link').length") == 0
    browser.value("new Promise((done) => setTimeout(done, 300))")
    assert browser.complaints == []
    assert browser.asked == [page.as_uri()]


def test_the_plots_are_drawn(browser: Browser, page: Path) -> None:
    browser.open(page)
    boxes = browser.value(
        "[...document.querySelectorAll('figure .wide svg')].map((s) => [s.clientWidth, s.getBBox().width, s.getBBox().height])"
    )
    assert len(boxes) >= 5
    assert all(shown > 300 and width > 100 and height > 50 for shown, width, height in boxes)


def test_a_click_and_a_key_sort_a_table(browser: Browser, page: Path) -> None:
    browser.open(page)
    column = "[...document.querySelector('table#custody').tBodies[0].rows].map((r) => r.cells[1].textContent)"
    before = browser.value(column)
    press = "document.querySelector('table#custody').tHead.rows[0].cells[1].firstElementChild"
    browser.value(f"{press}.click()")
    first = browser.value(column)
    browser.value(f"{press}.dispatchEvent(new KeyboardEvent('keydown', {{key: 'Enter', bubbles: true}}))")
    second = browser.value(column)
    assert sorted(before) == sorted(first) == sorted(second)
    assert len({tuple(one) for one in (before, first, second)}) == 3
    assert browser.value(f"{press}.parentElement.getAttribute('aria-sort')") == "descending"


def test_the_pointer_shows_values(browser: Browser, page: Path) -> None:
    """Hover is extra: the same values stand in the CSV files, and nothing is there before a pointer moves."""
    browser.open(page)
    assert browser.value("[...document.querySelectorAll('.readout')].every((one) => one.textContent === '')")
    move = """(selector, share) => { const drawing = document.querySelector(selector), box = drawing.getBoundingClientRect();
        const target = drawing.querySelector('circle') && !drawing.dataset.axes ? drawing.querySelector('circle') : drawing;
        target.dispatchEvent(new PointerEvent('pointermove', {bubbles: true, clientX: box.left + share * box.width, clientY: box.top + 60}));
        return drawing.nextElementSibling.textContent; }"""
    said = browser.value(f"({move})('#figure-tippett-independent .wide svg', 0.5)")
    assert re.match(
        r"log10 LR [−0-9.]+\. share of pairs with this log10 LR or more: Hp true: .*; Hd true: .*: [0-9.e−]+$", said
    ), said
    model = browser.value(f"({move})('#figure-score-lexical .wide svg', 0.5)")
    assert re.search(r": [−0-9.e]+ \(", model), model


@pytest.mark.parametrize("ratio", [None, 1.2])
def test_the_first_screen_holds_the_answer_the_scale_the_propositions_and_the_plot(
    browser: Browser, make_evidence: Callable[..., Evidence], tmp_path: Path, ratio: float | None
) -> None:
    names = [f"some-language-model-{i}" for i in range(150)]
    made = layout.make(
        make_evidence(names=names, ratio=ratio).model_copy(update={"warnings": ("A warning of usual length.",)})
    )
    path = tmp_path / "page.html"
    path.write_bytes(registry.load("formats", "html").render(made)["report.html"])
    browser.open(path)
    ends = browser.value(
        "['.answer', '.scale', '.weighed', '.cautions', '.first svg'].map((s) => document.querySelector(s).getBoundingClientRect().bottom)"
    )
    assert max(ends) <= 900, "a screen of 1280 by 900 pixels"
    steps = browser.value("[...document.querySelectorAll('.scale .applies b')].map((one) => one.textContent)")
    assert steps == ([] if ratio is None else ["moderate support"])


def test_a_phone_never_scrolls_sideways(browser: Browser, page: Path) -> None:
    browser.open(page, width=360)
    assert browser.value("document.documentElement.scrollWidth") <= 360
    outside = """[...document.querySelectorAll('body *')].filter((e) => !e.closest('.scroll') && !e.closest('svg') && !e.closest('.skip')
        && e.getClientRects().length && e.getBoundingClientRect().right > 361).map((e) => e.outerHTML.slice(0, 90))"""
    assert browser.value(outside) == []


CONTRAST = """(() => {
  const rgb = (text) => (text.match(/[\\d.]+/g) || [0, 0, 0, 0]).map(Number);
  const light = (c) => { const [r, g, b] = c.slice(0, 3).map((v) => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const behind = (e) => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor); if (c.length < 4 || c[3] > 0) return c; }
    return [255, 255, 255]; };
  const bad = [];
  for (const e of document.querySelectorAll('body *')) {
    if (![...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim()) || !e.getClientRects().length) continue;
    const svg = e.closest('svg'), style = getComputedStyle(e);
    const pair = [light(rgb(svg ? style.fill : style.color)), light(behind(svg || e))].sort((a, b) => b - a);
    const ratio = (pair[0] + 0.05) / (pair[1] + 0.05);
    if (ratio < 4.5) bad.push([ratio.toFixed(2), e.outerHTML.slice(0, 80)]);
  }
  return bad;
})()"""


@pytest.mark.parametrize("dark", [False, True])
def test_every_text_stands_out_from_what_is_behind_it(browser: Browser, page: Path, dark: bool) -> None:
    browser.open(page, dark=dark)
    paper = browser.value("getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, re.findall(r"\d+", paper)[:3])) < 150) == dark
    assert browser.value(CONTRAST) == []


def test_print_has_the_same_pages_each_time_and_from_any_screen(browser: Browser, page: Path) -> None:
    browser.open(page)
    first = browser.pages()
    assert first > 5
    assert browser.pages() == first
    browser.open(page, width=360, dark=True)
    assert browser.pages() == first, "paper is paper, whatever the screen was"


@pytest.mark.parametrize("dark", [False, True])
def test_axe_finds_no_serious_fault(browser: Browser, page: Path, dark: bool) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is not there; `make browser` fetches it into build/")
    browser.open(page, dark=dark)
    browser.call("Runtime.evaluate", expression=AXE.read_text("utf-8"))
    found = browser.value(
        "axe.run().then((r) => r.violations.filter((v) => ['serious', 'critical'].includes(v.impact))"
        ".map((v) => [v.id, v.nodes.length, v.nodes[0].html.slice(0, 200), v.nodes[0].failureSummary]))"
    )
    assert found == []
