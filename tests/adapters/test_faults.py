"""What headers say: how long to wait and how much is left, in every way in which services were seen to write it."""

from __future__ import annotations

import email.utils
import time
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics.adapters import _faults as faults


def in_seconds(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0.25"}, 0.25),
        ({"retry-after": "-3"}, 0.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "1e300"}, 7 * 86_400.0),
        ({"retry-after-ms": "1500", "retry-after": "2"}, 1.5),
        ({"retry-after-ms": "x", "retry-after": "2"}, 2.0),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0.0),
        ({"retry-after": "Wed, 99 Oct 2015 07:28:00 GMT"}, None),
    ],
)
def test_how_long_to_wait(headers: dict[str, str], seconds: float | None) -> None:
    assert faults.wait(headers) == seconds


def test_a_date_to_wait_for() -> None:
    found = faults.wait({"retry-after": email.utils.formatdate(time.time() + 90, usegmt=True)})
    assert found is not None
    assert 80 < found <= 90


def test_what_is_left_as_openai_says_it() -> None:
    headers = {
        "x-ratelimit-remaining-requests": "59", "x-ratelimit-reset-requests": "1s",
        "x-ratelimit-remaining-tokens": "149984", "x-ratelimit-reset-tokens": "6m0s",
    }  # fmt: skip
    assert faults.quota(headers) == {"requests": 59, "tokens": 149984, "reset": 360}
    assert faults.quota({**headers, "x-ratelimit-remaining-requests": "0"})["reset"] == 1


def test_what_is_left_as_anthropic_and_openrouter_say_it() -> None:
    found = faults.quota({
        "anthropic-ratelimit-requests-remaining": "3", "anthropic-ratelimit-requests-reset": in_seconds(30),
        "anthropic-ratelimit-tokens-remaining": "1000", "anthropic-ratelimit-tokens-reset": in_seconds(10),
    })  # fmt: skip
    assert (found["requests"], found["tokens"]) == (3, 1000)
    assert 25 < found["reset"] <= 30
    found = faults.quota({"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int((time.time() + 40) * 1000))})
    assert found["requests"] == 0
    assert 30 < found["reset"] <= 40
    assert faults.quota({"x-ratelimit-remaining-requests": "many", "ratelimit-remaining": "-1"}) == {}


def test_a_limit_without_a_time_waits_until_something_is_left() -> None:
    headers = {"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "12s"}
    assert faults.classify(429, headers, faults.Said(None, "Slow.")).after == 12
    assert faults.classify(429, {"x-ratelimit-remaining-tokens": "5"}, faults.Said(None, "Slow.")).after is None
    assert faults.classify(429, headers, faults.Said(None, "Slow.", after=3)).after == 3
    assert faults.classify(429, {**headers, "retry-after": "1"}, faults.Said(None, "Slow.", after=3)).after == 1
    assert faults.classify(400, {"retry-after": "1"}, faults.Said(None, "Bad.")).after is None


@given(st.text(max_size=40) | st.from_regex(r"[-+.0-9hmse:TZ ]{0,12}"))
def test_no_header_breaks_anything(text: str) -> None:
    for found in (
        faults.wait({"retry-after": text, "retry-after-ms": text}),
        faults.seconds_until(text),
        *faults.quota({"x-ratelimit-remaining": text, "x-ratelimit-reset": text}).values(),
    ):
        assert found is None or 0 <= found < float("inf")


@given(st.integers(300, 599), st.text(max_size=30), st.booleans())
def test_every_status_has_one_kind_and_something_to_do(status: int, code: str, waits: bool) -> None:
    fault = faults.classify(status, {"retry-after": "1"} if waits else {}, faults.Said(code, "x"))
    assert fault.remedy
    if 400 <= status < 500 and status not in (408, 409, 425, 429):
        assert fault.kind in ("terminal", "bad_request")
    assert (fault.after is not None) == (waits and fault.kind in ("rate_limited", "transient"))


def test_a_parameter_that_is_refused_is_named_with_what_to_do() -> None:
    def remedy(param: str | None) -> str:
        return faults.classify(400, {}, faults.Said("unsupported_value", "Unsupported.", param=param)).remedy

    assert "omit=temperature" in remedy("temperature")
    assert "omit=logprobs" in remedy("top_logprobs")
    assert "max_tokens_field=max_completion_tokens" in remedy("max_tokens")
    for other in (None, "messages[0].role", "\x1b[2J"):
        assert "omit=NAME" in remedy(other)
        assert "doctor" in remedy(other)
