"""A key, a sealed case with a protocol before it, a small one for attacks, and a time-stamp authority on loopback."""

from __future__ import annotations

import http.server
import json
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from forensics import comparing, preparing
from forensics.custody import delivering, keys, sealing
from forensics.custody.stamping import Authorities
from forensics.records.transcript import Sampling

PASSPHRASE = "canary-passphrase-5b1e77c9"
"""Opens the key; like every secret it may stand in no bundle."""
GOLDEN = Path(__file__).parents[1] / "golden" / "case-1"


class Key(NamedTuple):
    path: Path
    signer: keys.Signer
    fingerprint: str

    def wanted(self, *urls: str, ca: bytes | None = None, required: bool = False) -> sealing.Wanted:
        return sealing.Wanted(self.signer, Authorities(urls, ca, required=required), lambda _: None)


@pytest.fixture(scope="session")
def make_key(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Key]:
    def make() -> Key:
        path = tmp_path_factory.mktemp("keys") / "seal.pem"
        name = keys.new(path, ask=lambda: PASSPHRASE)
        return Key(path, keys.load(path, ask=lambda: PASSPHRASE), name)

    return make


@pytest.fixture(scope="session")
def key(make_key: Callable[[], Key]) -> Key:
    return make_key()


@pytest.fixture(scope="session")
def other_key(make_key: Callable[[], Key]) -> Key:
    return make_key()


@pytest.fixture(scope="session")
def small_case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The golden case, scored and laid out."""
    folder = tmp_path_factory.mktemp("small") / "case"
    shutil.copytree(GOLDEN, folder)
    comparing.rescore(folder, formats=("csv",), workers=1)
    shutil.rmtree(folder / "tables")  # attacks need few files
    return folder


@pytest.fixture(scope="session")
def small_bundle(small_case: Path, key: Key, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sealed bundle that no test changes."""
    output = tmp_path_factory.mktemp("bundles") / "bundle"
    delivering.seal(small_case, output, key.wanted(), zipped=True)
    return output


@pytest.fixture
def bundle(small_bundle: Path, tmp_path: Path) -> Path:
    """A copy of the sealed bundle, to be attacked."""
    return Path(shutil.copytree(small_bundle, tmp_path / "bundle"))


@pytest.fixture(scope="session")
def probe_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("probes") / "own.jsonl"
    rows = [
        {"name": "own", "version": "1"},
        *({"id": f"p{n}", "prompt": f"Say something about number {n}."} for n in range(8)),
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture(scope="session")
def asked(probe_file: Path) -> Callable[..., preparing.Wanted]:
    """Say what a comparison of demo models is asked for."""

    def make(folder: Path, **changes: object) -> preparing.Wanted:
        content: dict[str, object] = {
            "reference": "demo:alder",
            "questioned": "demo:alder-tuned",
            "cohort": ("demo:oak", "demo:pine", "demo:elm", "demo:fir", "demo:willow"),
            "folder": folder,
            "probe_set": str(probe_file),
            "sampling": Sampling(max_tokens=20, seed=1),
            "draws": 1,
            "question": "derivation",
            "models": None,
            "statistics": ("lexical", "opening"),
            "seed": 0,
            "replicates": 100,
            "calibration": None,
            "transfer": False,
        }
        return preparing.Wanted(**{**content, **changes})  # type: ignore[arg-type]

    return make


class Authority(NamedTuple):
    url: str
    certificates: Path


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    """A time-stamp authority: `openssl ts -reply` behind a web server on loopback."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not there")
    folder = tmp_path_factory.mktemp("authority")
    _certify(folder)
    lock = threading.Lock()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = self.rfile.read(int(self.headers["content-length"]))
            with lock:
                (folder / "query").write_bytes(query)
                _openssl(folder, "ts", "-reply", "-config", "ts.cnf", "-queryfile", "query", "-out", "reply")
                reply = (folder / "reply").read_bytes()
            self.send_response(200)
            self.send_header("content-type", "application/timestamp-reply")
            self.send_header("content-length", str(len(reply)))
            self.end_headers()
            self.wfile.write(reply)

        def log_message(self, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield Authority(f"http://127.0.0.1:{server.server_port}/", folder / "ca.pem")
    server.shutdown()
    thread.join()
    server.server_close()


def _openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)


def _certify(folder: Path) -> None:
    _openssl(
        folder, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "ca.key",
        "-out", "ca.pem", "-days", "3650", "-subj", "/CN=Test root", "-addext", "basicConstraints=critical,CA:TRUE",
        "-addext", "keyUsage=critical,keyCertSign,cRLSign",
    )  # fmt: skip
    _openssl(
        folder, "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "tsa.key", "-out",
        "tsa.csr", "-subj", "/CN=Test authority",
    )  # fmt: skip
    (folder / "ext").write_text(
        "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n"
        "extendedKeyUsage=critical,timeStamping\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n"
    )
    _openssl(
        folder, "x509", "-req", "-in", "tsa.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "3000",
        "-extfile", "ext", "-out", "tsa.pem",
    )  # fmt: skip
    (folder / "ts.cnf").write_text(
        "[tsa]\ndefault_tsa=t\n[t]\nserial=./serial\ncrypto_device=builtin\nsigner_cert=./tsa.pem\nsigner_key=./tsa.key\n"
        "signer_digest=sha256\ndefault_policy=1.2.3.4.1\ndigests=sha256\naccuracy=secs:1\nordering=yes\ntsa_name=yes\n"
        "ess_cert_id_chain=no\ness_cert_id_alg=sha256\n"
    )
    (folder / "serial").write_text("01\n")
