"""One encoding, one digest, whole files or none."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics import canonical

TEXT = st.text(st.characters(codec=None), max_size=40)
"""Any code points, lone surrogates included."""


def test_rfc_8785_appendix_b_numbers() -> None:
    """The standard's own table of IEEE 754 values and how they are written."""
    table = {
        0.0: "0", 5e-324: "5e-324", -5e-324: "-5e-324", 1.7976931348623157e308: "1.7976931348623157e+308",
        9007199254740992: "9007199254740992" , 295147905179352830000.0: "295147905179352830000",
        9.999999999999997e22: "9.999999999999997e+22", 1e23: "1e+23", 999999999999999700000.0: "999999999999999700000",
        1e21: "1e+21", 9.999999999999997e-7: "9.999999999999997e-7", 0.000001: "0.000001",
        333333333.3333332: "333333333.3333332", 1424953923781206.2: "1424953923781206.2",
    }  # fmt: skip
    for value, written in table.items():
        assert canonical.encode(float(value)) == written.encode()


def test_rfc_8785_keys_are_sorted_by_utf_16() -> None:
    """The standard's example in 3.2.3: the order is that of UTF-16 code units, not of code points."""
    value = {"\u20ac": "Euro Sign", "\r": "Carriage Return", "\ufb33": "Hebrew Letter Dalet With Dagesh", "1": "One",
             "\U0001f600": "Emoji: Grinning Face", "\u0080": "Control", "\u00f6": "Latin Small Letter O With Diaeresis"}  # fmt: skip
    order = list(json.loads(canonical.encode(value)))
    assert order == ["\r", "1", "\u0080", "\u00f6", "\u20ac", "\U0001f600", "\ufb33"]


def test_rfc_8785_strings() -> None:
    """The standard's example in 3.2.2."""
    value = {
        "numbers": [333333333.33333329, 1e30, 4.50, 2e-3, 0.000000000000000000000000001],
        "string": "\u20ac$\u000f\u000aA'\u0042\u0022\u005c\\\"/",
        "literals": [None, True, False],
    }
    assert canonical.encode(value) == (
        b'{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],'
        b'"string":"\xe2\x82\xac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
    )


@pytest.mark.parametrize("write", [canonical.encode, canonical.line, canonical.pretty])
@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_no_encoding_lets_a_nan_through(write, number) -> None:
    with pytest.raises(ValueError, match=r"(?i)nan|inf|JSON|represent"):
        write({"value": number})


@pytest.mark.parametrize("write", [canonical.line, canonical.pretty])
@given(text=TEXT)
def test_any_text_can_be_written_and_read_back(write, text) -> None:
    assert json.loads(write({"text": text}))["text"] == canonical.well_formed(text)


@given(TEXT)
def test_well_formed_text_can_be_encoded_and_stays(text: str) -> None:
    once = canonical.well_formed(text)
    assert once.encode().decode() == once
    assert canonical.well_formed(once) == once


@given(st.text(max_size=40))
def test_well_formed_changes_nothing_that_is_in_order(text: str) -> None:
    """No Unicode normalisation, no byte-order mark lost."""
    assert canonical.well_formed(text) == text


def test_well_formed_by_hand() -> None:
    assert canonical.well_formed("\ufeffx\ud800") == "\ufeffx\ufffd"
    assert canonical.well_formed("\ud83d\ude00") == "\U0001f600"
    assert canonical.well_formed("\ude00\ud83d") == "\ufffd\ufffd"
    assert canonical.well_formed("\ud83d\ud83d\ude00") == "\ufffd\U0001f600"


def test_digest_of_nothing_and_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"abc" * 100_000)
    assert canonical.digest(b"") == "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert canonical.file_digest(path) == canonical.digest(b"abc" * 100_000)
    assert canonical.file_digest(path) == "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest()


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_rounded_keeps_six_digits_and_is_its_own_rounding(value: float) -> None:
    once = canonical.rounded(value)
    assert canonical.rounded(once) == once
    assert abs(once - value) <= abs(value) * 1e-5 + 5e-324


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_rounded_refuses_what_is_no_number(value: float) -> None:
    with pytest.raises(ValueError, match="not a finite number"):
        canonical.rounded(value)


@pytest.mark.parametrize("failing", ["replace", "fsync", "chmod"])
def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path, monkeypatch, failing: str) -> None:
    path = tmp_path / "record.json"
    canonical.write_atomic(path, b"old")

    def fail(*_: object, **__: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(os, failing, fail)
    with pytest.raises(OSError, match="disk full"):
        canonical.write_atomic(path, b"new")
    assert [p.name for p in tmp_path.iterdir()] == ["record.json"]
    assert path.read_bytes() == b"old"


def test_an_interrupted_write_leaves_nothing_either(tmp_path: Path, monkeypatch) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", stop)
    with pytest.raises(KeyboardInterrupt):
        canonical.write_atomic(tmp_path / "deep" / "record.json", b"new")
    assert list((tmp_path / "deep").iterdir()) == []


def test_a_written_file_can_be_read_by_others_and_replaces_the_old(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "record.json"
    for content in (b"first", b"second"):
        canonical.write_atomic(path, content)
        assert path.read_bytes() == content
    assert path.stat().st_mode & 0o777 == 0o644
