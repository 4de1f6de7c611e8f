"""The page of a screen in a real browser: nothing leaves it, and search, filters, keys and clicks do what they say."""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from forensics.picturing.files import pictures
from forensics.picturing.material import Material

_SPEC = importlib.util.spec_from_file_location("driving", Path(__file__).parents[1] / "report" / "test_browser.py")
assert _SPEC
assert _SPEC.loader
driving = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(driving)
pytestmark = driving.pytestmark

HOSTILE = ["</script><script>document.title='x'</script>", "<img src=x onerror=alert(1)>", "a\u202eb", "w" * 300]


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    pytest.importorskip("websocket", reason="websocket-client is not installed")
    found = driving.Browser(tmp_path_factory.mktemp("profile"))
    yield found
    found.close()


@pytest.fixture(scope="module")
def page(make_material: Callable[..., Material], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("screen") / "screen.html"
    path.write_bytes(pictures(make_material(40, 9, names=HOSTILE))["screen.html"])
    return path


def wait(browser: Any) -> None:
    browser.value("new Promise((done) => setTimeout(done, 150))")


def test_nothing_leaves_the_page_and_nothing_complains(browser: Any, page: Path) -> None:
    browser.open(page)
    for tab in range(4):
        browser.value(f"openTab({tab}); choose(0); choosePair(2, 5)")
        wait(browser)
    assert browser.complaints == []
    assert browser.asked == [page.as_uri()]
    assert browser.value("document.title") == "40 models, 780 pairs"
    assert browser.value("document.querySelectorAll('img,iframe,object,link').length") == 0


def test_the_heat_map_is_drawn_in_its_colours(browser: Any, page: Path) -> None:
    browser.open(page)
    wait(browser)
    colours = browser.value(
        """(() => { const d = pen.getImageData(0, 0, canvas.width, canvas.height).data, s = new Set();
        for (let i = 0; i < d.length; i += 4) s.add(`${d[i]},${d[i + 1]},${d[i + 2]}`); return [...s]; })()"""
    )
    assert "212,207,197" in colours, "the diagonal"
    assert sum(c in colours for c in ("247,242,232", "247,230,201", "243,207,154", "234,166,99", "217,116,58")) >= 4


def test_a_key_on_the_heat_map_opens_a_pair_with_its_figures(browser: Any, page: Path) -> None:
    browser.open(page)
    wait(browser)
    press = "canvas.dispatchEvent(new KeyboardEvent('keydown', {{key: '{}', bubbles: true}}))"
    for key in ("ArrowRight", "ArrowRight", "ArrowDown", "Enter"):
        browser.value("canvas.focus();" + press.format(key))
    shown = browser.value("$('panel').textContent")
    a, b = browser.value("[data.order[1], data.order[2]]")
    assert browser.value(f"state.pair.join() === '{a},{b}'")
    for words in (
        "Raw",
        "Normalised",
        "log₁₀ LR",
        "Rank seen from",
        "Lineages",
        browser.value(f"figure(close({a}, {b}))"),
    ):
        assert words in shown
    assert browser.value("location.hash") == f"#pair-{a}-{b}"
    assert "closeness" in browser.value("$('status').textContent"), "said aloud"


def test_a_pair_without_value_says_why(browser: Any, page: Path) -> None:
    browser.open(page)
    browser.value("choosePair(1, 0)")
    assert "no probe in common" in browser.value("$('panel').textContent")


def test_a_click_on_the_heat_map_chooses_the_cell_below_it(browser: Any, page: Path) -> None:
    browser.open(page)
    wait(browser)
    x, y = browser.value(
        """(() => { canvas.scrollIntoView(); const b = canvas.getBoundingClientRect();
        return [b.left + sizes.left + 7.5 * sizes.cell, b.top + sizes.top + 3.5 * sizes.side]; })()"""
    )
    for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
        browser.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)
    assert browser.value("state.pair.join() === [data.order[3], data.order[7]].join()")


def test_search_and_filters_narrow_everything(browser: Any, page: Path) -> None:
    browser.open(page)
    wait(browser)
    browser.value("$('developer').value = 'maker-1'; $('developer').dispatchEvent(new Event('change'))")
    wanted = browser.value("models.filter((m) => m.developer === 'maker-1').length")
    assert 0 < wanted < 40
    assert browser.value("rows.length") == wanted
    assert browser.value("document.querySelectorAll('#tree-neighbour-joining .wide g.m:not(.off)').length") == wanted
    assert f"{wanted} of 40 models" in browser.value("$('status').textContent")
    browser.value("$('search').value = 'model-010'; $('search').dispatchEvent(new Event('input'))")
    assert browser.value("rows.length") == 1
    browser.value("$('search').dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter'}))")
    assert "model-010" in browser.value("$('panel').querySelector('h2').textContent")
    browser.value("document.querySelector('[type=reset]').click()")
    wait(browser)
    assert browser.value("rows.length") == 40
    assert browser.value("document.querySelectorAll('g.m.off').length") == 0


def test_keys_walk_through_tabs_and_trees(browser: Any, page: Path) -> None:
    browser.open(page)
    browser.value(
        "tabs[0].focus(); tabs[0].dispatchEvent(new KeyboardEvent('keydown', {key: 'ArrowRight', bubbles: true}))"
    )
    assert browser.value("document.activeElement.textContent") == "Tree"
    assert browser.value("sections.map((s) => s.hidden).join()") == "true,false,true,true"
    stops = browser.value("document.querySelectorAll('#tree-neighbour-joining .wide g.m[tabindex=\"0\"]').length")
    assert stops == 1, "one stop of the Tab key for the whole tree"
    move = "document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {{key: '{}', bubbles: true}}))"
    browser.value("document.querySelector('#tree-neighbour-joining .wide g.m').focus()")
    for key in ("ArrowDown", "ArrowDown", "Enter"):
        browser.value(move.format(key))
    assert browser.value("Number(document.activeElement.dataset.i) === state.model")
    assert browser.value("$('panel').querySelectorAll('.near').length") == 12
    browser.value("$('panel').querySelector('.near').click()")
    assert browser.value("data.ranks[state.pair[0]][state.pair[1]]") == 1
    browser.value("methods[1].click()")
    assert browser.value("$('tree-neighbour-joining').hidden && !$('tree-average-linkage').hidden")


@pytest.mark.parametrize("tab", range(4))
def test_a_phone_never_scrolls_sideways(browser: Any, page: Path, tab: int) -> None:
    browser.open(page, width=360)
    browser.value(f"openTab({tab}); choosePair(3, 1)")
    wait(browser)
    assert browser.value("document.documentElement.scrollWidth") <= 360
    browser.value("choose(3)")
    assert browser.value("document.documentElement.scrollWidth") <= 360


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("tab", range(4))
def test_every_text_stands_out_from_what_is_behind_it(browser: Any, page: Path, tab: int, dark: bool) -> None:
    browser.open(page, dark=dark)
    browser.value(f"openTab({tab}); choosePair(4, 5)")
    paper = browser.value("getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, re.findall(r"\d+", paper)[:3])) < 150) == dark
    assert browser.value(driving.CONTRAST) == []


@pytest.mark.parametrize("tab", range(4))
def test_axe_finds_no_serious_fault(browser: Any, page: Path, tab: int) -> None:
    if not driving.AXE.exists():
        pytest.skip("axe-core is not there; `make browser` fetches it into build/")
    browser.open(page)
    browser.value(f"openTab({tab}); choose(4)")
    browser.call("Runtime.evaluate", expression=driving.AXE.read_text("utf-8"))
    found = browser.value(
        "axe.run().then((r) => r.violations.filter((v) => ['serious', 'critical'].includes(v.impact))"
        ".map((v) => [v.id, v.nodes.length, v.nodes[0].html.slice(0, 200), v.nodes[0].failureSummary]))"
    )
    assert found == []


def test_an_address_leads_to_its_pair(browser: Any, page: Path) -> None:
    browser.open(page)
    browser.value("location.hash = '#pair-2-6'; 0")
    browser.seen = []
    browser.call("Page.reload")
    while "Page.loadEventFired" not in browser.seen:
        browser._note(json.loads(browser.socket.recv()))
    assert browser.value("state.pair.join()") == "2,6"
    assert browser.value("location.hash") == "#pair-2-6"
