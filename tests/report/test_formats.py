"""Every format over hostile evidence: nothing of it becomes an element, an address, a formula or a control sequence."""

from __future__ import annotations

import csv
import functools
import io
import itertools
import json
import re
from collections import Counter
from collections.abc import Callable
from html.parser import HTMLParser

import pytest
from markdown_it import MarkdownIt
from rich.console import Console

from forensics import registry
from forensics.records.evidence import Evidence
from forensics.reporting import layout, terminal

Make = Callable[..., Evidence]
VOID = {"meta", "br", "img", "input", "link", "hr", "base"}
PLACES = ("reference", "questioned", "model", "answer", "prompt")


class Page(HTMLParser):
    """Collects what a browser would build: elements, attributes, text."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: Counter[str] = Counter()
        self.attributes: list[tuple[str, str, str]] = []
        self.comments = 0
        self.open: list[str] = []
        self.text: list[str] = []
        self.feed(source)
        self.close()
        assert self.open == [], "every element is closed where it was opened"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements[tag] += 1
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_comment(self, data: str) -> None:
        self.comments += 1

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] not in ("script", "style"):
            self.text.append(data)


def render(name: str, evidence: Evidence) -> dict[str, str]:
    files = registry.load("formats", name).render(layout.make(evidence))
    return {path: data.decode() for path, data in files.items()}


def page(evidence: Evidence) -> Page:
    return Page(render("html", evidence)["report.html"])


@functools.cache
def said_by_strangers(texts: tuple[str, ...], make: Make) -> Evidence:
    """Return evidence in which strangers say these texts wherever they have a say."""
    turn = itertools.cycle(texts)
    options = {"names": texts, "exhibits": len(texts), "probes": 5, "statistics": ("lexical",), "ratio": 1.2}
    return make(lambda kind: next(turn), **options)


@functools.cache
def laid_out(name: str, texts: tuple[str, ...], make: Make) -> dict[str, str]:
    return render(name, said_by_strangers(texts, make))


@functools.cache
def built(texts: tuple[str, ...], make: Make) -> Page:
    return Page(laid_out("html", texts, make)["report.html"])


def harmless(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Return as many ordinary names."""
    return tuple(f"word-{i}" for i in range(len(texts)))


IGNORED = {"mark", "span", "i", "p", "li"}
"""Elements whose number follows the length or the hidden characters of a text."""


def test_html_has_the_elements_of_harmless_evidence(make_evidence: Make, batch: tuple[str, ...]) -> None:
    plain, found = built(harmless(batch), make_evidence), built(batch, make_evidence)
    assert {k: n for k, n in found.elements.items() if k not in IGNORED} == {
        k: n for k, n in plain.elements.items() if k not in IGNORED
    }
    assert set(found.elements) - IGNORED <= set(plain.elements)
    assert {(tag, name) for tag, name, _ in found.attributes} <= {(tag, name) for tag, name, _ in plain.attributes} | {
        ("span", "class"),
        ("td", "class"),
    }
    assert found.comments == 0


def test_html_leads_nowhere_and_runs_only_its_own_script(make_evidence: Make, batch: tuple[str, ...]) -> None:
    found = built(batch, make_evidence)
    for _, name, value in found.attributes:
        assert not name.startswith("on")
        assert name not in ("src", "style", "srcset", "action", "formaction", "data", "poster", "xlink:href")
        if name == "href":
            assert value.startswith("#")
    ids = [value for _, name, value in found.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"[A-Za-z0-9._+~-]+", value) for value in ids)
    referred = [part for _, name, value in found.attributes if name == "aria-labelledby" for part in value.split()]
    assert set(referred) <= set(ids)
    assert found.elements["script"] == 1


def test_html_forbids_the_network(make_evidence: Make) -> None:
    found = page(make_evidence())
    policy = next(value for tag, name, value in found.attributes if name == "content" and "default-src" in value)
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "http" not in policy
    assert "unsafe" not in policy


def test_html_says_everything_without_its_script(make_evidence: Make) -> None:
    source = render("html", make_evidence(ratio=1.2))["report.html"]
    bare = re.sub(r"<script>.*?</script>", "", source, flags=re.DOTALL)
    assert "".join(Page(bare).text).split() == "".join(Page(source).text).split()
    assert not re.search(r"<[^>]*\shidden\b", source)


def test_html_shows_what_was_hidden(make_evidence: Make) -> None:
    joined = "".join(built(("abc\u202egnp\u200b.exe",) * 4, make_evidence).text)
    assert "abc⟦U+202E⟧gnp⟦U+200B⟧.exe" in joined
    assert "\u202e" not in joined
    assert "27E6" not in joined, "shown once, not the showing shown again"


def test_figures_show_what_was_hidden(make_evidence: Make) -> None:
    files = laid_out("markdown", ("a\u202eb",) * 4, make_evidence)
    assert ">a⟦U+202E⟧b</text>" in files["figures/score-lexical.svg"]
    assert "27E6" not in "".join(files.values())


def test_an_empty_name_is_not_an_empty_place(make_evidence: Make) -> None:
    found = built(("", " ", "\n", "x"), make_evidence)
    assert [text for text in found.text if "(empty)" in text or "⏎" in text]


def test_html_of_a_large_case_is_small(make_evidence: Make) -> None:
    source = render("html", make_evidence(cohort=151, probes=805, ratio=1.2))["report.html"]
    assert len(source.encode()) < 3_000_000


def test_csv_has_no_formula_and_keeps_its_shape(make_evidence: Make, batch: tuple[str, ...]) -> None:
    plain, found = (laid_out("csv", texts, make_evidence) for texts in (harmless(batch), batch))
    assert set(found) == set(plain)
    for name, text in found.items():
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
        assert {len(row) for row in rows} == {len(rows[0])}
        assert text.count("\n") == len(rows)
        for cell in (cell for row in rows for cell in row):
            if cell.lstrip()[:1] in tuple("=+-@\t\r\uff1d\uff0b\uff0d\uff20"):
                assert re.fullmatch(r"-?\d+(\.\d+)?(e[+-]?\d+)?", cell), f"{name}: {cell!r}"


def test_csv_numbers_stay_numbers(make_evidence: Make) -> None:
    files = render("csv", make_evidence(ratio=-0.8))
    row = next(csv.DictReader(io.StringIO(files["tables/conclusion.csv"])))
    assert float(row["log10_lr"]) == -0.8
    assert float(row["log10_lr_low"]) == pytest.approx(-1.2)
    cells = list(csv.DictReader(io.StringIO(files["tables/cells.csv"])))
    raw = next(cell for cell in cells if cell["id"] == "findings.lexical.raw")
    assert (raw["value"], raw["unit"], raw["n"]) == ("0.31", "score", "20")
    assert raw["source"].startswith("sha256:")


def test_json_keeps_every_text_as_it_is(make_evidence: Make, batch: tuple[str, ...]) -> None:
    found = json.loads(laid_out("json", batch, make_evidence)["report.json"])
    assert [found["summary"]["reference"], found["summary"]["questioned"]] == [
        said_by_strangers(batch, make_evidence).reference,
        said_by_strangers(batch, make_evidence).questioned,
    ]
    tables = {table["id"]: table for section in found["sections"] for table in section["tables"]}
    assert set(batch) <= {row["cells"][1]["value"] for row in tables["custody"]["rows"]}


def test_markdown_has_the_structure_of_harmless_evidence(make_evidence: Make, batch: tuple[str, ...]) -> None:
    parser = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    plain, found = (
        blocks(parser, laid_out("markdown", texts, make_evidence)["report.md"]) for texts in (harmless(batch), batch)
    )
    assert found == plain


def blocks(parser: MarkdownIt, source: str) -> list[str]:
    """Return the block structure; checks on the way that nothing inside leads anywhere."""
    kinds = []
    for token in parser.parse(source):
        assert token.type != "html_block"
        for child in token.children or ():
            assert child.type not in ("html_inline", "link_open", "s_open")
            if child.type == "image":
                assert re.fullmatch(r"figures/[a-z_-]+\.svg", str(child.attrs["src"]))
        kinds.append(token.type)
    return [
        kind
        for kind in kinds
        if kind not in ("list_item_open", "list_item_close", "paragraph_open", "paragraph_close", "inline")
    ]


def test_figures_are_well_formed_and_lead_nowhere(make_evidence: Make, batch: tuple[str, ...]) -> None:
    for name, text in laid_out("markdown", batch, make_evidence).items():
        if name.endswith(".svg"):
            found = Page(text)
            assert set(found.elements) <= {"svg", "title", "desc", "g", "path", "circle", "rect", "text"}
            assert not any("href" in attribute or attribute.startswith("on") for _, attribute, _ in found.attributes)


def test_names_of_files_owe_nothing_to_hostile_names(make_evidence: Make, hostile_texts: list[str]) -> None:
    evidence = make_evidence(names=hostile_texts, statistics=("../../etc/passwd", "a/b"))
    for name in ("csv", "markdown", "html", "json"):
        for path in render(name, evidence):
            assert re.fullmatch(r"[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)?\.(csv|md|svg|html|json)", path), path


def test_terminal_acts_on_nothing(make_evidence: Make, batch: tuple[str, ...]) -> None:
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=True, color_system="standard", width=100)
    terminal.verdict(said_by_strangers(batch, make_evidence), console)
    left = re.sub(r"\x1b\[[0-9;]*m", "", stream.getvalue())
    assert "\x1b" not in left
    assert not any((ord(char) < 32 and char != "\n") or 0x7F <= ord(char) < 0xA0 for char in left)
    own = set(re.findall(r"\x1b\[([0-9;]*)m", stream.getvalue()))
    plain = io.StringIO()
    console = Console(file=plain, force_terminal=True, color_system="standard", width=100)
    terminal.verdict(said_by_strangers(harmless(batch), make_evidence), console)
    assert own <= set(re.findall(r"\x1b\[([0-9;]*)m", plain.getvalue()))


def test_terminal_prints_the_verdict(make_evidence: Make) -> None:
    stream = io.StringIO()
    terminal.verdict(make_evidence(ratio=None), Console(file=stream, width=120))
    shown = " ".join(stream.getvalue().split())
    for words in (
        "made-up-reference",
        "made-up-questioned",
        "0.310 (0.250 to 0.400)",
        "1 / 2 of 13",
        "no calibration given",
    ):
        assert words in shown
