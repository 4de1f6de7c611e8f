"""All models of a run, asked at once until the last question, the end of the budget, or the first signal.

The first Ctrl-C or SIGTERM stops the sending; what is under way has a few seconds to arrive. The second ends the process.
"""

from __future__ import annotations

import contextlib
import gc
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from types import FrameType

from forensics.asking.budget import Budget
from forensics.asking.endpoint import Endpoint
from forensics.asking.inquiry import Inquiry
from forensics.asking.kept import Kept
from forensics.asking.lines import steady
from forensics.asking.progress import Progress
from forensics.asking.terms import Terms
from forensics.errors import Interrupted, UsageError

GRACE_SECONDS = 4.0
"""For what is under way when the end is asked for."""
_TICK, _SYNC = 0.25, 1.0


class Crew:
    """Asks several models at once."""

    def __init__(
        self, inquiries: Sequence[Inquiry], *, terms: Terms, budget: Budget, kept: Kept | None, progress: Progress
    ) -> None:
        self._inquiries, self._terms, self._budget, self._kept = inquiries, terms, budget, kept
        self._progress = progress
        self._endpoints: list[Endpoint] = []
        self._done = threading.Event()
        self._turn = threading.Lock()
        self._error: BaseException | None = None
        self._signalled = 0.0

    def run(self) -> None:
        """Ask until there is nothing left to ask, or a reason to stop; everything that arrived is on disk then.

        Raises Interrupted after a signal, and whatever made going on impossible.
        """
        gc.freeze()  # the probes stay; looking through them again and again takes a tenth of the time
        try:
            with _signals(self._interrupt):
                self._ask()
        finally:
            gc.unfreeze()
            self._close()
        if self._error is not None:
            raise _explained(self._error, self._inquiries) from self._error
        if self._signalled:
            done = sum(i.held + i.cached + i.answered for i in self._inquiries)
            raise Interrupted(
                f"Stopped: {done:,} of {sum(i.total for i in self._inquiries):,} answers are kept.",
                remedy="The same command goes on from there.",
            )

    def _ask(self) -> None:
        if self._kept is not None:
            for inquiry in self._inquiries:
                inquiry.take_kept(self._kept, fresh=self._terms.fresh, go_on=lambda: not self._signalled)
        shared: dict[str, list[Inquiry]] = {}
        for inquiry in self._inquiries:
            if inquiry.left:
                shared.setdefault(inquiry.model.endpoint, []).append(inquiry)
        self._endpoints = [
            Endpoint(group, self._terms.concurrency, self._budget, over=self._over, broke=self._broke)
            for group in shared.values()
        ]
        self._running = len(self._endpoints)
        begun = synced = steady()
        for endpoint in self._endpoints if not self._signalled else ():
            endpoint.start()
        while self._endpoints and not self._done.wait(_TICK):
            now = steady()
            if now - synced >= _SYNC:
                synced = now
                self._sync()
            self._progress.tick(now)
            if self._terms.deadline is not None and now - begun > self._terms.deadline:
                self._budget.stopped = self._budget.stopped or f"--deadline {self._terms.deadline:g} s is over"
                self._stop()
            if self._signalled and now - self._signalled > GRACE_SECONDS:
                return

    def _interrupt(self) -> None:
        self._signalled = steady()
        self._stop()

    def _stop(self) -> None:
        for endpoint in self._endpoints:
            endpoint.stop()

    def _over(self) -> None:
        with self._turn:
            self._running -= 1
            if not self._running:
                self._done.set()

    def _broke(self, error: BaseException) -> None:
        with self._turn:
            self._error = self._error or error
        self._stop()

    def _sync(self) -> None:
        for inquiry in self._inquiries:
            inquiry.sync()
        if self._kept is not None:
            self._kept.flush()

    def _close(self) -> None:
        """Close every transcript, also where one of them cannot be brought to disk."""
        for inquiry in self._inquiries:
            try:
                inquiry.close()
            except OSError as error:
                self._error = self._error or error
        if self._kept is not None:
            self._kept.close()
        self._progress.end(steady())


def _explained(error: BaseException, inquiries: Sequence[Inquiry]) -> BaseException:
    """Say of a disk that is full or gone what it means for the answers."""
    if not isinstance(error, OSError):
        return error
    kept = sum(inquiry.held + inquiry.cached + inquiry.answered for inquiry in inquiries)
    return UsageError(
        f"The answers cannot be written: {error.strerror or error}. {kept:,} are kept.",
        remedy="Make room; the same command then goes on from there.",
    )


@contextlib.contextmanager
def _signals(interrupt: Callable[[], None]) -> Iterator[None]:
    """Call `interrupt` at the first SIGINT or SIGTERM; the second does what it does by itself."""
    wanted = (signal.SIGINT, signal.SIGTERM)
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in wanted}

    def first(_: int, __: FrameType | None) -> None:
        for number in wanted:
            signal.signal(number, signal.SIG_DFL)
        # Not here: the main thread may hold a lock that stopping needs.
        threading.Thread(target=interrupt, daemon=True).start()

    for number in wanted:
        signal.signal(number, first)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
