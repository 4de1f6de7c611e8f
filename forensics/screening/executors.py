"""Where tasks run: joblib's processes on this machine, or a Dask cluster. Results come in the order of the tasks.

A task is a function of this package and plain arguments; it returns numbers and reads and writes places. So the same
tasks give the same bytes wherever they run, and one that is lost with its worker is simply run again. joblib is used as
a runner only: nothing of it is ever written to or read from a file.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar

from forensics.errors import ForensicsError, UsageError

R = TypeVar("R")
_AHEAD = 2
"""Tasks in flight for each worker: what they return waits in memory until its turn."""
_PATIENCE = 20
"""Seconds until a cluster must have answered and shown a worker."""


class Runner(Protocol):
    """What runs tasks."""

    def map(self, task: Callable[..., R], work: Iterable[tuple[Any, ...]]) -> Iterator[R]:
        """Run a task on each tuple of arguments; results in that order."""


class Inline:
    """Runs tasks one after the other, here."""

    def map(self, task: Callable[..., R], work: Iterable[tuple[Any, ...]]) -> Iterator[R]:
        """Run a task on each tuple of arguments; results in that order."""
        for arguments in work:
            yield task(*arguments)


class Local:
    """Runs tasks in processes of this machine, by joblib."""

    def __init__(self, workers: int) -> None:
        self.workers = workers

    def map(self, task: Callable[..., R], work: Iterable[tuple[Any, ...]]) -> Iterator[R]:
        """Run a task on each tuple of arguments; results in that order."""
        from joblib import Parallel, delayed

        pool = Parallel(
            n_jobs=self.workers,
            backend="loky",
            return_as="generator",
            batch_size=1,
            pre_dispatch=_AHEAD * self.workers,
            max_nbytes=None,
        )
        yield from pool(delayed(task)(*arguments) for arguments in work)


class Cluster:
    """Runs tasks on a Dask cluster."""

    def __init__(self, client: Any) -> None:
        self.client = client

    def map(self, task: Callable[..., R], work: Iterable[tuple[Any, ...]]) -> Iterator[R]:
        """Run a task on each tuple of arguments; results in that order."""
        waiting: deque[Any] = deque()
        for arguments in work:
            # Not pure: a key of its own for each, so that nothing of an earlier screen is taken for this one's.
            waiting.append(self.client.submit(task, *arguments, pure=False, retries=3))
            if len(waiting) > _AHEAD * max(1, sum(self.client.nthreads().values())):
                yield self._next(waiting)
        while waiting:
            yield self._next(waiting)

    def _next(self, waiting: deque[Any]) -> Any:
        try:
            return waiting.popleft().result()
        except ForensicsError:
            raise
        except Exception as error:
            from distributed.scheduler import KilledWorker

            if not isinstance(error, KilledWorker | OSError | TimeoutError):
                raise
            raise UsageError(
                f"The cluster lost a task again and again ({type(error).__name__}).",
                remedy="Look at its workers' memory and logs; the screen goes on from what is stored.",
            ) from error


@contextmanager
def runner(*, workers: int, cluster: str | None) -> Iterator[Runner]:
    """Give what runs tasks: a cluster where one is named, processes of this machine, or just this process."""
    if cluster is None:
        yield Local(workers) if workers > 1 else Inline()
        return
    try:
        from distributed import Client
    except ImportError as error:
        raise UsageError(
            "--cluster needs Dask.", remedy='Install it: pip install "forensics[cluster]", here and on the workers.'
        ) from error
    try:
        client: Any = Client(cluster, timeout=_PATIENCE, set_as_default=False)  # type: ignore[no-untyped-call]  # theirs
    except (OSError, ValueError, TimeoutError) as error:
        raise UsageError(f"No Dask scheduler answers at {cluster}.", remedy="Start one: dask scheduler.") from error
    try:
        client.wait_for_workers(1, timeout=_PATIENCE)
        yield Cluster(client)
    except TimeoutError as error:
        raise UsageError(
            f"The scheduler at {cluster} has no worker.", remedy=f"Start one: dask worker {cluster}."
        ) from error
    finally:
        client.close()
