"""The same screen on a Dask cluster, from and to an S3 store: the same bytes, even where a worker is killed on the way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from forensics.errors import UsageError
from forensics.screening import executors, places

ROOT = Path(__file__).parents[2]
NAMES = ("pairs.csv", "screen.json")


class Servers(NamedTuple):
    address: str
    workers: list[subprocess.Popen[bytes]]


def started(log: Path, *command: str) -> subprocess.Popen[bytes]:
    environment = {
        **os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": "10s",
    }  # fmt: skip
    with log.open("wb") as stream:
        return subprocess.Popen([sys.executable, "-m", *command], stdout=stream, stderr=stream, env=environment)


def until(check, log: Path, seconds: float = 60.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = check()
        if found:
            return found
        time.sleep(0.05)
    pytest.fail(log.read_text("utf-8", "replace"))


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Servers]:
    """A scheduler and two workers, each a process of its own, on ports that are free."""
    pytest.importorskip("distributed", reason="dask[distributed] is not installed")
    log, info = tmp_path / "scheduler.log", tmp_path / "scheduler.json"
    options = ("--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(info))
    running = [started(log, "distributed.cli.dask_scheduler", *options)]
    try:
        until(info.exists, log)
        import json

        address = until(lambda: json.loads(info.read_text() or "{}").get("address"), log)
        for number in range(2):
            running.append(
                started(
                    tmp_path / f"worker-{number}.log", "distributed.cli.dask_worker", address, "--nthreads", "1",
                    "--no-dashboard", "--no-nanny", "--host", "127.0.0.1", "--local-directory", str(tmp_path / "dask"),
                )
            )  # fmt: skip
        yield Servers(address, running[1:])
    finally:
        for process in reversed(running):
            process.kill()
            process.wait()


@pytest.mark.slow
def test_a_cluster_gives_the_same_bytes_and_a_killed_worker_changes_nothing(
    answers, run, cluster, tmp_path, monkeypatch
) -> None:
    run(answers.path, "here")
    done: list[int] = []
    following = executors.Cluster._next

    def killing(self, waiting):
        if not done:  # both workers are at it before one goes
            until(lambda: len(self.client.nthreads()) == 2, tmp_path / "scheduler.log")
        result = following(self, waiting)
        done.append(len(waiting))
        if len(done) == 6:
            os.kill(cluster.workers[0].pid, signal.SIGKILL)
            cluster.workers[0].wait()
        return result

    monkeypatch.setattr(executors.Cluster, "_next", killing)
    found = run(answers.path, "there", cluster=cluster.address, store=str(tmp_path / "shared"))
    assert found.work.pairs == 14 * 13 // 2
    assert cluster.workers[0].poll() == -signal.SIGKILL
    assert len(done) > 8, "it was killed in the middle"
    for name in NAMES:
        assert (tmp_path / "there" / name).read_bytes() == (tmp_path / "here" / name).read_bytes()


def test_no_scheduler_and_no_worker_are_said(answers, run, tmp_path, monkeypatch) -> None:
    pytest.importorskip("distributed", reason="dask[distributed] is not installed")
    monkeypatch.setattr(executors, "_PATIENCE", 0.3)
    with pytest.raises(UsageError, match=r"No Dask scheduler answers at tcp://127\.0\.0\.1:1"):
        run(answers.path, cluster="tcp://127.0.0.1:1")
    with pytest.raises(UsageError, match="No Dask scheduler answers at nonsense"):
        run(answers.path, cluster="nonsense://x")


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An S3 service on loopback with one empty bucket."""
    server = pytest.importorskip("moto.server", reason="moto[server] is not installed")
    s3fs = pytest.importorskip("s3fs", reason="s3fs is not installed")
    service = server.ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    service.start()
    host, port = service.get_host_and_port()
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1", "NO_PROXY": "127.0.0.1",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    s3fs.S3FileSystem.clear_instance_cache()
    s3fs.S3FileSystem().mkdir("screens")
    yield "s3://screens"
    s3fs.S3FileSystem.clear_instance_cache()
    service.stop()


@pytest.mark.slow
def test_an_s3_store_gives_the_same_bytes(make_folder, run, bucket, tmp_path) -> None:
    answers = make_folder(cohort=7, probes=6)
    (answers.path / "prose.json").write_text("Dear all,")
    run(answers.path, "here")
    for file in answers.path.iterdir():
        places.write(f"{bucket}/answers/{file.name}", file.read_bytes())
    first = run(f"{bucket}/answers", f"{bucket}/screen", store=f"{bucket}/work")
    again = run(f"{bucket}/answers", f"{bucket}/screen", store=f"{bucket}/work")
    assert (first.work.read, again.work.read, again.work.pairs) == (10, 0, 0)
    for name in NAMES:
        assert places.read(f"{bucket}/screen/{name}") == (tmp_path / "here" / name).read_bytes()
    with pytest.raises(UsageError, match="no folder"):
        run(f"{bucket}/nowhere", f"{bucket}/screen", store=f"{bucket}/work")
    with pytest.raises(UsageError, match="--store"):
        run(f"{bucket}/answers", f"{bucket}/screen", store=None)


def test_an_unknown_kind_of_place_is_said(run, tmp_path) -> None:
    with pytest.raises(UsageError, match=r"nonsense://x.*cannot be opened"):
        run("nonsense://x", store=str(tmp_path / "s"))
