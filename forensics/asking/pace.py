"""How many requests at once one endpoint bears: doubled while all goes well, then additive increase, multiplicative decrease.

D.-M. Chiu and R. Jain, "Analysis of the increase and decrease algorithms for congestion avoidance in computer networks",
1989; the start is TCP's slow start. Knows neither questions nor threads; time is given, in seconds of a steady clock.
"""

from __future__ import annotations

from collections.abc import Mapping

from forensics.adapters import Fault

START = 8
"""Requests at once to begin with."""
LEFT = 0.5
"""What is left of the limit after a refusal for the rate, once per round."""
MOSTLY, MEMORY = 0.5, 0.1
"""Share of other passing faults above which they are taken for overload, and the weight of the newest in that share:
a fault now and then says nothing of the load."""


class Pace:
    """The limit of one endpoint, and until when it wants to be left alone."""

    def __init__(self, most: int) -> None:
        """`most` is the limit that is never exceeded."""
        self.most = most
        self.limit = float(min(START, most))
        self.under_way = 0
        self.quiet_until = 0.0
        self._slow_start = True
        self._reduced = -1.0
        self._faulty = 0.0

    def wait(self, now: float) -> float:
        """Return the seconds until another request may start; infinite while one has to end first."""
        if now < self.quiet_until:
            return self.quiet_until - now
        return 0.0 if self.under_way < int(self.limit) else float("inf")

    def start(self) -> None:
        """Count a request as under way."""
        self.under_way += 1

    def end(self) -> None:
        """Count a request as over."""
        self.under_way -= 1

    def answered(self) -> None:
        """Note an answer: one more request at once for each round of answers, or twice as many at the start."""
        self._faulty -= MEMORY * self._faulty
        self.limit = min(self.limit + (1.0 if self._slow_start else 1.0 / self.limit), float(self.most))

    def failed(self, fault: Fault, *, started: float, now: float) -> None:
        """Note a passing fault of a request that started then; requests of one round count once."""
        if fault.after:
            self.quiet_until = max(self.quiet_until, now + fault.after)
        if fault.kind == "transient":
            self._faulty += MEMORY * (1.0 - self._faulty)
        overload = fault.kind == "rate_limited" or (fault.kind == "transient" and self._faulty > MOSTLY)
        if overload and started > self._reduced:
            self._slow_start = False
            self._reduced = now
            self.limit = max(self.limit * LEFT, 1.0)

    def quota(self, left: Mapping[str, float], *, tokens: int, now: float) -> None:
        """Heed what a service says is left: no more at once than requests left, nothing where one more would be refused.

        `tokens` is what the largest question may take.
        """
        requests = left.get("requests")
        spent = (requests is not None and requests < 1) or left.get("tokens", float("inf")) < tokens
        reset = left.get("reset", 0.0)
        if spent and reset > 0:
            self.quiet_until = max(self.quiet_until, now + reset)
        elif requests is not None and 1 <= requests < self.limit:
            self._slow_start = False
            self.limit = max(float(int(requests)), 1.0)
