"""The tree of errors: exit statuses, what a message holds, and the way across process borders."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from forensics import errors

STATUSES = {
    "ForensicsError": 1, "UsageError": 2, "UnknownName": 2, "BadFile": 2, "ModelDidNotAnswer": 3, "IntegrityBroken": 4,
    "GateTripped": 5, "TooLittleEvidence": 6, "Interrupted": 130,
}  # fmt: skip
EXAMPLES = [
    errors.ForensicsError("a", remedy="b"),
    errors.UsageError("a", remedy="b"),
    errors.UnknownName("statistic", "lexicla", ["lexical", "opening"]),
    errors.BadFile(Path("x.json"), "broken", line=3, remedy="get it again"),
    errors.ModelDidNotAnswer("a"),
    errors.IntegrityBroken("a", remedy="b"),
    errors.GateTripped("a"),
    errors.TooLittleEvidence("a", remedy="b"),
]


def test_every_error_has_its_exit_status_and_stands_in_the_tree_drawn() -> None:
    found = {
        name: kind for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, Exception)
    }
    assert {name: kind.exit_status for name, kind in found.items()} == STATUSES
    for name, kind in found.items():
        assert f"{name} " in (errors.__doc__ or "")
        assert issubclass(kind, errors.ForensicsError)


@pytest.mark.parametrize("error", EXAMPLES, ids=lambda e: type(e).__name__)
def test_errors_cross_process_borders_whole(error: errors.ForensicsError) -> None:
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert (str(again), again.__dict__, again.args) == (str(error), error.__dict__, error.args)


def test_an_unknown_name_says_what_was_given_what_is_near_and_what_is_known() -> None:
    error = errors.UnknownName("statistic", "lexicla", ["opening", "lexical"])
    assert error.message == "Unknown statistic 'lexicla'. Did you mean 'lexical'?"
    assert error.remedy == "Known: lexical, opening."
    assert "none" in errors.UnknownName("format", "x", []).remedy
    assert "and 70 more" in errors.UnknownName("model", "x", [f"m{n}" for n in range(100)]).remedy


def test_a_bad_file_names_file_and_line() -> None:
    assert str(errors.BadFile("a.json", "broken JSON", line=7)) == "a.json, line 7: broken JSON."
    assert str(errors.BadFile("a.json", "broken JSON")) == "a.json: broken JSON."
