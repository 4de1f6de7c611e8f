"""The models that share one service, and the threads that ask them: who is next, and what follows from what came back."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Sequence
from typing import NamedTuple

from forensics import naming
from forensics.adapters import Fault, Reply
from forensics.asking.budget import Budget, worst_case
from forensics.asking.deciding import Again, End, So, decide
from forensics.asking.inquiry import Inquiry, Pending
from forensics.asking.lines import now_utc, steady
from forensics.asking.pace import Pace
from forensics.errors import ModelDidNotAnswer
from forensics.records.transcript import Attempt

_MEANWHILE = 0.05
"""Seconds between two looks at a budget that others have set aside."""
_UNSAID = Fault("transient")
"""What a failure is taken for where the adapter does not say."""


class Job(NamedTuple):
    """Questions to send."""

    inquiry: Inquiry
    batch: list[Pending]
    started: float
    cost: float | None
    """At worst; None where it is not known."""


class Endpoint:
    """One service under one limit. Everything but the asking and the writing happens under its lock."""

    def __init__(
        self, inquiries: Sequence[Inquiry], most: int, budget: Budget, *, over: Callable[[], None],
        broke: Callable[[BaseException], None],
    ) -> None:  # fmt: skip
        """`over` is called when the last thread ends, `broke` with an error that ends the run."""
        self.inquiries = inquiries
        most = min(most, max(inquiry.model.parallel for inquiry in inquiries))
        self.pace = Pace(most)
        self._budget = budget
        self._over, self._broke = over, broke
        self._changed = threading.Condition(threading.Lock())
        self._threads = 0
        self._stopping = False
        self._rng = random.Random()  # noqa: S311  only to spread waits; no result hangs on it

    def start(self) -> None:
        """Begin asking, in threads that do not keep the process alive."""
        with self._changed:
            self._grow()

    def stop(self) -> None:
        """Send nothing more; what is under way goes on."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()

    def _grow(self) -> None:
        """Have as many threads as may be busy."""
        if self._threads >= int(self.pace.limit):
            return
        busy = self.pace.under_way
        left = sum(inquiry.left for inquiry in self.inquiries if not inquiry.ended)
        untested = not any(inquiry.tested for inquiry in self.inquiries)
        need = busy + min(left, len(self.inquiries) if untested else left)
        while self._threads < min(int(self.pace.limit), max(need, 1)):
            self._threads += 1
            threading.Thread(target=self._work, daemon=True, name="asking").start()

    def _work(self) -> None:
        try:
            with self._changed:
                job = self._next()
            while job is not None:
                job = self._ask(*job)
        except BaseException as error:  # noqa: BLE001  handed to the main thread, which raises it
            self._broke(error)
        finally:
            with self._changed:
                self._threads -= 1
                last = not self._threads
            if last:
                self._over()

    # --- who is next ----------------------------------------------------------------------------------------------

    def _next(self) -> Job | None:
        """Wait for a question that may be sent, and take it; None where there will be none. Under the lock."""
        while not self._stopping and any(inquiry.open for inquiry in self.inquiries):
            now = steady()
            inquiry, wait = self._foremost(now)
            if wait > 0:
                self._changed.wait(None if wait == float("inf") else wait)
                continue
            batch = inquiry.take(now)
            cost = inquiry.worst_cost(batch)
            if not self._budget.take(len(batch), cost):
                inquiry.put_back(batch)
                if self._budget.stopped:
                    self._stopping = True
                    break
                self._changed.wait(_MEANWHILE)
                continue
            self.pace.start()
            for pending in batch:
                pending.since = pending.since or now
                pending.sent += 1
            return Job(inquiry, batch, now, cost)
        self._changed.notify_all()
        return None

    def _foremost(self, now: float) -> tuple[Inquiry, float]:
        """Return the model to ask next, that with the fewest requests under way, and the seconds until it may be asked."""
        wait = self.pace.wait(now)
        if len(self.inquiries) == 1:
            [inquiry] = self.inquiries
        else:
            inquiry = min(self.inquiries, key=lambda each: (max(each.ready_at(now), now), each.in_flight, -each.left))
        return inquiry, max(wait, inquiry.ready_at(now) - now)

    # --- what came back -------------------------------------------------------------------------------------------

    def _ask(self, inquiry: Inquiry, batch: list[Pending], started: float, cost: float | None) -> Job | None:
        """Ask, settle what came back, and return what is next."""
        try:
            replies = inquiry.send(batch)
        except ModelDidNotAnswer as error:
            gone = Fault("terminal", remedy=error.remedy)
            replies = [Reply(state="failed", text="", error=error.message, fault=gone) for _ in batch]
        if cost is not None:
            spent = (_cost(inquiry, pending, reply) for pending, reply in zip(batch, replies, strict=True))
            self._budget.settle(cost, sum(spent))
        kept = [
            (pending, reply)
            for pending, reply in zip(batch, replies, strict=True)
            if reply.state != "failed" or self._settled(inquiry, pending, reply, started)
        ]
        for pending, reply in kept:
            inquiry.keep(pending, reply)
        with self._changed:
            self.pace.end()
            inquiry.in_flight -= 1
            for pending, reply in kept:
                self._count(inquiry, pending, reply)
            self._grow()
            if inquiry.open:
                self._changed.notify()
            else:
                self._changed.notify_all()
            return self._next()

    def _settled(self, inquiry: Inquiry, pending: Pending, reply: Reply, started: float) -> bool:
        """Decide about a failure: False where the question is asked again."""
        fault = reply.fault or _UNSAID
        now = steady()
        attempt = Attempt(kind=fault.kind, error=reply.error or "it failed", time=now_utc(), maybe_billed=fault.billed)
        pending.tries.append(attempt)
        with self._changed:
            inquiry.errors[fault.kind] += 1
            inquiry.last_error = attempt.error
            self.pace.failed(fault, started=started, now=now)
            so = So(
                attempts=pending.sent,
                seconds=now - pending.since,
                answered=inquiry.tested,
                in_a_row=inquiry.in_a_row,
                free=inquiry.run.model.adapter == naming.RECORDED,
            )
            decision = decide(fault, so, self._rng)
            if isinstance(decision, Again):
                inquiry.again(pending, attempt, now + decision.after)
                return False
            if isinstance(decision, End):
                inquiry.end(f"{reply.error} ({decision.why})", fault.remedy)
        return True

    def _count(self, inquiry: Inquiry, pending: Pending, reply: Reply) -> None:
        if reply.state == "failed":
            inquiry.given_up += 1
            inquiry.in_a_row += 1
            return
        if not inquiry.tested:
            inquiry.tested = True
            self._changed.notify_all()
        inquiry.in_a_row = 0
        inquiry.answered += 1
        self.pace.answered()
        if reply.tokens is None:
            inquiry.uncounted += 1
        else:
            inquiry.tokens[0] += reply.tokens[0]
            inquiry.tokens[1] += reply.tokens[1]
        if reply.quota:
            asked, answer = worst_case(pending.ask)
            self.pace.quota(reply.quota, tokens=asked + (answer or 0), now=steady())


def _cost(inquiry: Inquiry, pending: Pending, reply: Reply) -> float:
    """Return what an attempt cost: at worst where it may have been charged, or its tokens were not counted."""
    if inquiry.price is None or (reply.state == "failed" and not (reply.fault or _UNSAID).billed):
        return 0.0
    if reply.tokens is not None:
        return inquiry.price.of(reply.tokens)
    return inquiry.worst_cost([pending]) or 0.0
