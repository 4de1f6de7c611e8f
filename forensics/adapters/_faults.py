"""What a service's status, headers and error words mean: the kind of fault, how long to wait, how much quota is left.

Knows nothing of any one protocol; the tables name what services were seen to send.
"""

from __future__ import annotations

import email.utils
import math
import re
import time
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from forensics.adapters import Fault, FaultKind

FILTERED = frozenset({"content_filter", "content_policy_violation", "data_inspection_failed", "datainspectionfailed"})
"""What services say where they withhold an answer, as reason to finish or as code of an error, in lower case."""
_SPENT = frozenset({
    "insufficient_quota", "billing_hard_limit_reached", "billing_not_active", "billing_error", "arrearage",
    "exceeded_current_quota_error", "insufficient_balance", "credits_exhausted",
})  # fmt: skip
_UNKNOWN_MODEL = frozenset({
    "model_not_found", "model_not_available", "invalid_model", "unknown_model", "not_found_error", "modelnotfound",
    "model_not_exist", "deploymentnotfound",
})  # fmt: skip
_BAD_KEY = frozenset({"invalid_api_key", "authentication_error", "api_key_invalid", "invalidapikey"})
_PASSING = frozenset({408, 409, 425})
"""Client errors that may pass by themselves."""
_CARRIED_OUT = frozenset({408, 502, 504, 520, 522, 524})
"""A gateway gave up waiting: what stands behind it may have answered, and charged."""
_DURATION = re.compile(r"(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+(?:\.\d+)?)s)?(?:(\d+(?:\.\d+)?)ms)?")
_BUCKETS = {
    "requests": ("x-ratelimit-{}-requests", "anthropic-ratelimit-requests-{}", "x-ratelimit-{}", "ratelimit-{}"),
    "tokens": ("x-ratelimit-{}-tokens", "anthropic-ratelimit-tokens-{}", "anthropic-ratelimit-output-tokens-{}"),
}
_EPOCH = 1e9
"""Seconds; a larger number of a header is a date, not a time to wait."""
_LONGEST_WAIT = 7 * 86_400.0


_PARAMETER = "If it refuses a parameter: omit=NAME leaves it out; forensics doctor MODEL shows what is accepted."
_LATER = "The fault is the service's: run the same command again later, it goes on where it stopped."


_OURS = {
    "topP": "top_p", "max_completion_tokens": "max_tokens", "max_output_tokens": "max_tokens", "maxOutputTokens": "max_tokens",
    "random_seed": "seed", "top_logprobs": "logprobs", "responseLogprobs": "logprobs",
}  # fmt: skip
"""Parameters by the names that protocols give them."""


class Said(NamedTuple):
    """What an error's body says."""

    code: str | None
    """The service's own word for the kind of error."""
    words: str
    """On one line, without secrets."""
    after: float | None = None
    """Seconds to wait, where the body says so."""
    param: str | None = None
    """The parameter that is refused, where it is named."""


def classify(status: int, headers: Mapping[str, str], said: Said, *, key_env: str = "") -> Fault:
    """Say what kind of fault an HTTP status other than success is."""
    code = (said.code or "").lower()
    kind = _kind(status, code, waits="retry-after" in headers)
    after = None
    if kind in ("rate_limited", "transient"):
        after = said.after if (asked := wait(headers)) is None else asked
        if after is None and kind == "rate_limited":
            after = _until_refilled(headers)
    remedy = _without(said.param) if kind == "bad_request" and said.param else _remedy(status, code, key_env)
    return Fault(kind, after=after, billed=status in _CARRIED_OUT, remedy=remedy)


def _kind(status: int, code: str, *, waits: bool) -> FaultKind:
    if code in _SPENT or code in _UNKNOWN_MODEL or code in _BAD_KEY:
        return "terminal"
    if status in (429, 529) or (status == 503 and waits):
        return "rate_limited"
    if status in _PASSING or (status >= 500 and status not in (501, 505)):
        return "transient"
    return "terminal" if status < 400 or status in (401, 402, 403, 404, 405, 410) else "bad_request"


def _without(param: str) -> str:
    """Say how to ask without a parameter that was refused by the service's name for it."""
    name = _OURS.get(param, param)
    renamed = " (max_tokens_field=max_completion_tokens renames it)" if param == "max_tokens" else ""
    if name not in ("temperature", "top_p", "max_tokens", "seed", "logprobs"):
        return _PARAMETER
    return f"It refuses {param}: omit={name} leaves it out{renamed}; forensics doctor MODEL shows what is accepted."


def _remedy(status: int, code: str, key_env: str) -> str:
    if code in _SPENT:
        status = 402
    elif code in _BAD_KEY:
        status = 401
    elif code in _UNKNOWN_MODEL:
        status = 404
    key = key_env or "the variable named with key_env"
    says = {
        400: _PARAMETER,
        401: f"Check the key in {key}, and that it may use this model.",
        402: "Have the quota raised; the same command then goes on where it stopped.",
        403: f"Check the key in {key}, and that it may use this model.",
        404: "Check the model's name and base_url, which usually ends in /v1.",
        422: _PARAMETER,
        429: "Wait, or ask for a higher limit; the same command goes on where it stopped.",
    }
    return says.get(status, _LATER if status >= 500 else "Check base_url.")


def wait(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that a service asks to wait, in any of the ways in which it may say so."""
    if (milliseconds := _number(headers.get("retry-after-ms"))) is not None:
        return _bounded(milliseconds / 1000)
    text = headers.get("retry-after")
    if text is None:
        return None
    if (seconds := _number(text)) is not None:
        return _bounded(seconds)
    try:
        return _bounded(email.utils.parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, OverflowError):
        return None


def quota(headers: Mapping[str, str]) -> dict[str, float]:
    """Return what headers say is left: `requests`, `tokens` (counts), and `reset`, the seconds until more is given.

    `reset` is of what is used up where anything is, of what takes longest otherwise.
    """
    found: dict[str, float] = {}
    resets: dict[str, float] = {}
    for name, patterns in _BUCKETS.items():
        for pattern in patterns:
            left = _number(headers.get(pattern.format("remaining")))
            if left is not None and left >= 0:
                found[name] = left
                reset = seconds_until(headers.get(pattern.format("reset")))
                if reset is not None:
                    resets[name] = reset
                break
    empty = [resets[name] for name in resets if found[name] < 1]
    if empty or resets:
        found["reset"] = max(empty or resets.values())
    return found


def _until_refilled(headers: Mapping[str, str]) -> float | None:
    left = quota(headers)
    return left.get("reset") if min(left.get("requests", 1), left.get("tokens", 1)) < 1 else None


def seconds_until(text: str | None) -> float | None:
    """Read a time to wait: seconds, `6m0.5s`, a date of RFC 3339, or seconds or milliseconds since 1970.

    >>> seconds_until("6m0.5s"), seconds_until("20ms"), seconds_until("37s"), seconds_until("soon")
    (360.5, 0.02, 37.0, None)
    """
    number = _number(text)
    if number is not None:
        if number > _EPOCH:
            number = (number / 1000 if number > 1000 * _EPOCH else number) - time.time()
        return _bounded(number)
    if not text:
        return None
    if (hit := _DURATION.fullmatch(text.strip())) and any(hit.groups()):
        hours, minutes, seconds, milliseconds = (float(part or 0) for part in hit.groups())
        return _bounded(hours * 3600 + minutes * 60 + seconds + milliseconds / 1000)
    try:
        return _bounded(datetime.fromisoformat(text.strip()).timestamp() - time.time())
    except (ValueError, OverflowError, OSError):
        return None


def _number(text: str | None) -> float | None:
    try:
        number = float(text) if text else math.nan
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _bounded(seconds: float) -> float:
    return min(max(seconds, 0.0), _LONGEST_WAIT)
