"""One model and what it is asked: its questions, its transcript and journal, and counts for whoever shows progress."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from forensics.adapters import Ask, Model, Reply
from forensics.asking.budget import Price, worst_case
from forensics.asking.journal import Journal, beside
from forensics.asking.kept import Kept, Keys, worth_keeping
from forensics.asking.lines import Run, answer, header, now_utc, question, taken_over
from forensics.asking.questions import Questions
from forensics.asking.terms import Terms
from forensics.asking.writer import Writer, unlinked
from forensics.errors import UsageError
from forensics.records.probes import Probe
from forensics.records.transcript import Answer, Attempt


@dataclass(slots=True, order=True)
class Pending:
    """A question that is about to be asked, or to be asked again."""

    ready: float
    """When, by the steady clock."""
    place: int
    probe: Probe = field(compare=False)
    draw: int = field(compare=False)
    ask: Ask = field(compare=False)
    tries: list[Attempt] = field(compare=False)
    since: float = field(compare=False, default=0.0)
    """When it was first sent in this run."""
    sent: int = field(compare=False, default=0)
    """How often it was sent in this run."""


class Inquiry:
    """A model being asked. Its queue belongs to the lock of its endpoint; `keep` may be called from any thread."""

    def __init__(self, run: Run, model: Model, path: Path, *, terms: Terms, price: Price | None, twin: int = 0) -> None:
        """Open the transcript at `path` and take the lock on it; raises what Writer.resume raises."""
        self.run, self.model, self.path, self.price = run, model, path, price
        self.name = str(run.model)
        self.batch = max(int(getattr(model, "batch", 1)), 1)
        self._failed: dict[tuple[str, int], str] = {}
        self.writer = Writer.resume(path, header(run, model, terms.order_seed or 0), each=self._note)
        try:
            self._open(terms, twin)
        except BaseException:
            self.writer.close()
            raise

    def _open(self, terms: Terms, twin: int) -> None:
        run, found = self.run, self.writer
        seed = found.header.provenance.order_seed if found.header.provenance else None
        if terms.order_seed is not None and seed != terms.order_seed:
            raise UsageError(
                f"{self.path} was begun in the order of seed {seed}.", remedy=f"Leave --order-seed out, or give {seed}."
            )
        self.questions = Questions(run.probe_set, run.draws, terms, seed=seed or 0)
        self._waiting = [n for n, (probe, draw) in enumerate(self.questions) if (probe.id, draw) not in found.held]
        self._waiting.reverse()
        self.journal = Journal(
            beside(self.path), transcript=found.header_digest, answered=found.held, settled=self._failed
        )
        self.torn, found.held, self._failed = found.torn, set(), {}
        self.resent = sum(tries[-1].kind == "interrupted" for tries in self.journal.attempts.values())
        self._again: list[Pending] = []
        self._keys = Keys(run.model, self.model.endpoint, self.model.notes, run.probe_set.digest, twin)
        self._kept: Kept | None = None
        self.total = len(self.questions)
        self.held = self.total - len(self._waiting)
        self.in_flight = 0
        self.tested = False
        """Whether it has answered in this run; until then it is asked one question at a time."""
        self.ended = self.remedy = ""
        """Why it is asked nothing more, and what can be done about it."""
        self.last_error = ""
        self.in_a_row = 0
        self.answered = self.given_up = self.cached = 0
        self.errors: Counter[str] = Counter()
        self.tokens = [0, 0]
        self.uncounted = 0
        """Answers whose tokens the service did not count."""
        self._closed = False

    def _note(self, answer: Answer) -> None:
        """Remember when a failed answer was given: what the journal says of it before that is settled."""
        if answer.state == "failed":
            self._failed[answer.probe, answer.draw] = answer.time or ""

    @property
    def left(self) -> int:
        """Questions that wait, those under way not counted."""
        return len(self._waiting) + len(self._again)

    @property
    def open(self) -> bool:
        """Whether anything is left to send or under way."""
        return bool(self.in_flight or (self.left and not self.ended))

    def wanted(self) -> Sequence[Ask]:
        """Return what waits, in order."""
        return [self._pending(place).ask for place in reversed(self._waiting)]

    # --- the queue ------------------------------------------------------------------------------------------------

    def ready_at(self, now: float) -> float:
        """Return when a question may be sent as far as this model is concerned; infinite where none may."""
        if self.ended or self.in_flight >= self.model.parallel or (self.in_flight and not self.tested):
            return float("inf")
        if self._waiting and (self.tested or not self._again):
            return now
        return self._again[0].ready if self._again else float("inf")

    def take(self, now: float) -> list[Pending]:
        """Take the next questions, as many as the adapter answers at once."""
        most = self.batch if self.tested else 1
        taken: list[Pending] = []
        while self._again and self._again[0].ready <= now and len(taken) < most:
            taken.append(heapq.heappop(self._again))
        while self._waiting and len(taken) < most:
            taken.append(self._pending(self._waiting.pop()))
        self.in_flight += 1
        return taken

    def put_back(self, batch: Sequence[Pending]) -> None:
        """Take questions back that were not sent after all."""
        self.in_flight -= 1
        for pending in batch:
            heapq.heappush(self._again, pending)

    def again(self, pending: Pending, attempt: Attempt, ready: float) -> None:
        """Have a question asked again."""
        pending.ready = ready
        self.journal.failed((pending.probe.id, pending.draw), attempt)
        heapq.heappush(self._again, pending)

    def end(self, why: str, remedy: str = "") -> None:
        """Ask this model nothing more."""
        self.ended, self.remedy = self.ended or why, self.remedy or remedy

    def _pending(self, place: int) -> Pending:
        probe, draw = self.questions[place]
        tries = list(self.journal.attempts.get((probe.id, draw), ()))
        return Pending(0.0, place, probe, draw, question(self.run, probe, draw), tries)

    def worst_cost(self, batch: Sequence[Pending]) -> float | None:
        """Return what a batch may cost at most; None where that is not known."""
        if self.price is None:
            return None
        cases = [worst_case(pending.ask) for pending in batch]
        if any(answer is None for _, answer in cases):
            return None
        return sum(self.price.of((asked, answer or 0)) for asked, answer in cases)

    # --- asking and keeping ---------------------------------------------------------------------------------------

    def send(self, batch: Sequence[Pending]) -> Sequence[Reply]:
        """Ask; one reply each, in order."""
        self.journal.sent([(pending.probe.id, pending.draw) for pending in batch], now_utc())
        try:
            if len(batch) == 1:
                return [self.model.ask(batch[0].ask)]
            many: Callable[[Sequence[Ask]], Sequence[Reply]] = self.model.ask_many  # type: ignore[attr-defined]  # `batch` says so
            return many([pending.ask for pending in batch])
        except UsageError:
            self.in_flight -= 1  # nothing was sent
            raise

    def keep(self, pending: Pending, reply: Reply) -> None:
        """Write an answer down; raises OSError where it cannot be. After the end of the run nothing is kept."""
        if self._closed:
            return
        line = unlinked(answer(pending.probe, pending.draw, reply, pending.tries))
        self.writer.write(line)
        if self._kept is not None and reply.state != "failed":
            self._kept.put(self._keys.of(pending.ask), line)

    def take_kept(self, kept: Kept, *, fresh: bool, go_on: Callable[[], bool]) -> None:
        """Answer from the response cache what it holds, unless `fresh`; later answers are put there."""
        if not worth_keeping(self.model):
            return
        self._kept = kept
        if fresh:
            return
        missing = []
        while self._waiting and go_on():
            place = self._waiting.pop()
            pending = self._pending(place)
            found = kept.find(self._keys.of(pending.ask))
            if found is None:
                missing.append(place)
                continue
            self.writer.write(unlinked(taken_over(found, pending.probe, pending.draw, pending.tries)))
            self.cached += 1
        self._waiting += reversed(missing)

    def sync(self) -> None:
        """Wait until everything kept has reached the disk."""
        self.writer.sync()
        self.journal.sync()

    def close(self) -> None:
        """Let go of transcript and journal; the journal stays where something was under way."""
        self._closed = True
        try:
            self.writer.close()
        finally:
            self.journal.close(settled=not (self.in_flight or self._again or any(self._unsettled())))

    def _unsettled(self) -> Sequence[int]:
        """Return the waiting questions of which an earlier run left tries."""
        return [place for place in self._waiting if self._pending(place).tries] if self.journal.attempts else []
