"""Compositions and datasheets: fresh, nested, balanced; and staleness is seen and mended."""

import shutil
from pathlib import Path

import pytest

from forensics import probes
from tests import docs_freshness


def test_everything_generated_is_up_to_date(capsys):
    assert docs_freshness.main([]) == 0, capsys.readouterr().out


@pytest.mark.parametrize(("name", "low", "high"), [("quick", 64, 64), ("standard", 230, 250)])
def test_sizes(name, low, high):
    probe_set = probes.load(name)
    assert low <= len(probe_set.probes) <= high
    assert probe_set.header.kind == "chat"


def test_no_composition_asks_who_the_model_is_and_pairs_are_whole():
    for name in docs_freshness.COMPOSITIONS:
        members = probes.load(name).probes
        assert not [probe.id for probe in members if probe.id.startswith("identity-")]
        pairs = [probe.pair for probe in members if probe.pair]
        assert all(pairs.count(pair) == 2 for pair in pairs)


@pytest.fixture
def copied(tmp_path, monkeypatch):
    folder = tmp_path / "probes"
    shutil.copytree(probes.folder(), folder)
    monkeypatch.setattr(probes, "folder", lambda: folder)
    quick = tuple(check for check in docs_freshness.CHECKS if check is not docs_freshness.probe_faults)
    monkeypatch.setattr(docs_freshness, "CHECKS", quick)
    return folder


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


def test_a_changed_word_makes_compositions_and_digests_stale_and_fix_mends_them(copied, capsys):
    edit(copied / "values.jsonl", "Whose breakfast is it?", "Whose breakfast is that?")
    assert docs_freshness.main([]) == 1
    out = capsys.readouterr().out
    assert all(f"{name}." in out for name in ("values", "quick", "standard", "full"))
    assert docs_freshness.main(["--fix"]) == 0
    assert docs_freshness.main([]) == 0
    assert probes.load("values").digest in (copied / "values.md").read_text("utf-8")
    assert "Whose breakfast is that?" in (copied / "quick.jsonl").read_text("utf-8")


def test_what_cannot_be_mended_is_named(copied, capsys):
    (copied / "values.md").unlink()
    assert docs_freshness.main(["--fix"]) == 1
    assert "values.md: missing" in capsys.readouterr().out
