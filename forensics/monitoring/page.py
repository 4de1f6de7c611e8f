"""The page of a history: one file, nothing loaded from anywhere, every name from outside made harmless on its way in."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from typing import Any

from markupsafe import Markup

from forensics import __version__, hostile, pages
from forensics.monitoring import outcome, plots
from forensics.monitoring.history import History
from forensics.monitoring.trends import Event, Trend, events, trends
from forensics.records.nightly import Alarm
from forensics.reporting.case_plots import MARGIN, NARROW, WIDE
from forensics.reporting.wording import log_ratio, number

LONGEST_NAME = 80
NIGHTS_LISTED = 400
_DASH = "—"


def page(history: History, *, alpha: float) -> str:
    """Return the page as HTML; `alpha` is the promise of the plan, whose level is drawn."""
    found, happened = trends(history), events(history)
    css = pages.part("forensics.formats", "report.css") + pages.part("forensics.monitoring", "history.css")
    js = pages.part("forensics.monitoring", "history.js")
    policy = pages.policy(css, js)
    environment = pages.environment()
    environment.filters["drawing"] = Markup
    nights = sorted({night for trend in found for night in trend.nights})
    return environment.from_string(pages.part("forensics.monitoring", "history.html.j2")).render(
        policy=policy,
        css=Markup(css),  # noqa: S704  our own file
        js=Markup(js),  # noqa: S704  our own file
        tool=__version__,
        title=f"{_counted(len(found), 'pair')}, {_counted(len(nights), 'night')}",
        span=f"{nights[0]} to {nights[-1]}" if nights else "nothing recorded yet",
        alpha=f"{alpha:g}",
        level=f"{1 / alpha:.4g}",
        pairs=[_pair(trend, place, happened, alpha) for place, trend in enumerate(found)],
        events=[event._asdict() for event in happened],
        data=_data(found, alpha),
    )


def _counted(count: int, one: str) -> str:
    return f"{count:,} {one}" + ("" if count == 1 else "s")


def _pair(trend: Trend, place: int, happened: Sequence[Event], alpha: float) -> dict[str, Any]:
    last = trend.last
    return {
        "id": f"pair-{place}",
        "name": trend.pair,
        "reference": hostile.shortened(trend.reference, LONGEST_NAME),
        "questioned": hostile.shortened(trend.questioned, LONGEST_NAME),
        "status": outcome.WORDS[last.exit_status],
        "kind": "good" if last.exit_status == 0 else "bad",
        "last": trend.nights[-1],
        "told": outcome.told(last),
        "score": _score(trend, trend.nights[-1]),
        "ratio": _ratio(trend, trend.nights[-1]),
        "alarms": [_alarm(alarm) for alarm in trend.alarms],
        "wide": plots.trend_figure(trend, happened, WIDE, alpha=alpha),
        "narrow": plots.trend_figure(trend, happened, NARROW, alpha=alpha),
        "nights": [_night(trend, night) for night in reversed(trend.nights[-NIGHTS_LISTED:])],
        "left_out": max(0, len(trend.nights) - NIGHTS_LISTED),
        "flips": _most_flipped(trend),
    }


def _alarm(alarm: Alarm) -> dict[str, Any]:
    return {
        "cause": alarm.cause,
        "words": f"{alarm.watch.capitalize()}: {alarm.cause} since {alarm.since}",
        "detail": f"{alarm.detail}. Found on {alarm.raised}, log10 E {number(alarm.log10_e)}.",
        "moved": [f"{moved.probe[7:15]} (p {number(moved.p)})" for moved in alarm.moved],
    }


def _night(trend: Trend, night: str) -> dict[str, str]:
    digest, sealed = trend.cases.get(night, (None, False))
    wealth = [values[night] for values in trend.wealth.values() if values.get(night) is not None]
    return {
        "night": night,
        "result": outcome.WORDS[trend.statuses[night]] + (", nothing new" if night in trend.unchanged else ""),
        "score": _score(trend, night),
        "ratio": _ratio(trend, night),
        "evidence": number(max(w for w in wealth if w is not None)) if wealth else _DASH,
        "refusals": _both(trend, "refusals", night),
        "length": _both(trend, "length", night),
        "flips": _both(trend, "flips", night),
        "case": f"{'seal ' if sealed else ''}{digest[7:19]}" if digest else _DASH,
    }


def _score(trend: Trend, night: str) -> str:
    value = trend.measures.get(("pair", f"normalised:{trend.statistic}"), {}).get(night)
    return _DASH if value is None else number(value)


def _ratio(trend: Trend, night: str) -> str:
    value = trend.measures.get(("pair", "log10_lr"), {}).get(night)
    return _DASH if value is None else log_ratio(value)


def _both(trend: Trend, name: str, night: str) -> str:
    values = [trend.measures.get((side, name), {}).get(night) for side in plots.SIDES]
    return " / ".join(_DASH if value is None else number(value) for value in values)


def _most_flipped(trend: Trend) -> list[str]:
    return [
        f"{side} {probe[7:15]}: {_counted(len(nights), 'night')}"
        for side, probes in trend.flips.items()
        for probe, nights in list(probes.items())[:8]
    ]


def _data(found: Sequence[Trend], alpha: float) -> str:
    """Return what the script reads, as JSON that no text in it can end."""
    content = {
        "left": plots.LEFT,
        "margin": MARGIN,
        "pairs": [
            {
                "nights": trend.nights,
                "days": [date.fromisoformat(night).toordinal() for night in trend.nights],
                "lines": [
                    [
                        f"{_short(panel.title)}, {line.name}",
                        [_rounded(line.values.get(night)) for night in trend.nights],
                    ]
                    for panel in plots.panels(trend, alpha)
                    for line in panel.lines
                ],
                "results": [outcome.WORDS[trend.statuses[night]] for night in trend.nights],
            }
            for trend in found
        ],
    }
    text = json.dumps(content, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _short(title: str) -> str:
    return hostile.one_line(title.partition(" (")[0].partition(",")[0])


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.4g}")
