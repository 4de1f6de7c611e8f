"""What is told while models are asked: a line per model on standard error, rewritten on a terminal, now and then elsewhere."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from typing import TextIO

from forensics.asking.budget import Prices
from forensics.asking.inquiry import Inquiry
from forensics.hostile import terminal

PLAIN_SECONDS = 20.0
"""Between two reports where there is no terminal."""
_LIVE_SECONDS = 0.5
_MOST_LINES = 12


class Progress:
    """Tells how far the inquiries are; to nobody where there is no stream."""

    def __init__(self, inquiries: Sequence[Inquiry], prices: Prices, *, stream: TextIO | None, now: float) -> None:
        self._inquiries, self._prices, self._stream = inquiries, prices, stream
        self._live = stream is not None and stream.isatty()
        self._begun = self._told = now
        self._lines = 0

    def tick(self, now: float) -> None:
        """Tell, if it is time."""
        if now - self._told >= (_LIVE_SECONDS if self._live else PLAIN_SECONDS):
            self._told = now
            self._tell(now)

    def end(self, now: float) -> None:
        """Tell the last state, where anything was told before or there is a terminal."""
        if self._live or now - self._begun >= PLAIN_SECONDS:
            self._tell(now)

    def _tell(self, now: float) -> None:
        if self._stream is None:
            return
        lines = [line(inquiry, self._prices, seconds=now - self._begun) for inquiry in self._shown()]
        hidden = len(self._inquiries) - len(lines)
        if hidden:
            lines.append(f"and {hidden} more models")
        if not self._live:
            self._stream.write("".join(f"{each}\n" for each in lines))
        else:
            width = max(shutil.get_terminal_size().columns - 1, 20)
            up = f"\x1b[{self._lines}A" if self._lines else ""
            self._stream.write(up + "".join(f"\r\x1b[2K{each[:width]}\n" for each in lines))
            self._lines = len(lines)
        self._stream.flush()

    def _shown(self) -> Sequence[Inquiry]:
        """Return the models there is room for: the two sides come first in any case."""
        if len(self._inquiries) <= _MOST_LINES:
            return self._inquiries
        return self._inquiries[: _MOST_LINES - 1]


def line(inquiry: Inquiry, prices: Prices, *, seconds: float) -> str:
    """Say how far one model is: done, rate, time left, faults by kind, what was spent. Harmless on a terminal."""
    asked = inquiry.answered + inquiry.given_up
    done = inquiry.held + inquiry.cached + asked
    rate = asked / seconds if seconds > 0 else 0.0
    left = inquiry.total - done
    parts = [f"{inquiry.name}: {done:,}/{inquiry.total:,}", f"{rate:.1f}/s"]
    if inquiry.ended:
        parts.append("ended")
    elif left and rate > 0:
        parts.append(f"{_span(left / rate)} left")
    parts += [f"{kind.replace('_', ' ')} {count:,}" for kind, count in sorted(inquiry.errors.items())]
    if inquiry.given_up:
        parts.append(f"given up {inquiry.given_up:,}")
    parts.append(spent(inquiry, prices))
    return terminal(", ".join(parts))


def spent(inquiry: Inquiry, prices: Prices) -> str:
    """Say what the answers of this run took: tokens as the service counted them, and money where prices are known."""
    tokens = f"{inquiry.tokens[0]:,}+{inquiry.tokens[1]:,} tokens"
    if inquiry.uncounted:
        return f"{tokens} and {inquiry.uncounted:,} answers not counted, cost unknown"
    if inquiry.price is None:
        return f"{tokens}, cost unknown"
    cost = inquiry.price.of((inquiry.tokens[0], inquiry.tokens[1]))
    return f"{tokens}, {cost:.4f} {prices.currency}".rstrip()


def _span(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"


Say = Callable[[str], None]
