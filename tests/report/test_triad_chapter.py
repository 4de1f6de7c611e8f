"""The chapter on the triad holds whatever a stranger calls a model: every text that could act, in every place of it."""

from __future__ import annotations

from collections.abc import Callable

from markdown_it import MarkdownIt

from forensics import registry
from forensics.records.evidence import Evidence
from forensics.reporting import layout


def test_markdown_keeps_its_structure(make_evidence: Callable[..., Evidence], batch: tuple[str, ...]) -> None:
    parser = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    evidence = make_evidence(lambda kind: "plain")
    assert evidence.triad is not None

    def kinds(name: str) -> list[str]:
        triad = evidence.triad.model_copy(
            update={
                "sentence": f"{name} stands first.",
                "members": tuple(m.model_copy(update={"model": name}) for m in evidence.triad.members),
            }
        )
        found = layout.make(evidence.model_copy(update={"triad": triad}))
        text = registry.load("formats", "markdown").render(found)["report.md"].decode()
        return [token.type for token in parser.parse(text)]

    plain = kinds("plain")
    for name in batch:
        assert kinds(name or "x") == plain, name
