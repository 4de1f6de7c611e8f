"""The one HTTP client: encryption, certificates, no proxies, no redirects, connections shared by many threads."""

from __future__ import annotations

import datetime
import ipaddress
import ssl
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from forensics import registry
from forensics.adapters import Ask
from forensics.records.probes import Message
from forensics.records.transcript import Sampling
from tests.adapters import faults
from tests.adapters.faults import Handler, Scripted

KEY = "sk-canary-tls-00417734"


def question(text: str = "Is it?") -> Ask:
    return Ask((Message(role="user", content=text),), completion=False, sampling=Sampling())


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for this machine that nobody has signed, its key beside it in one file."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "loopback")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    path = tmp_path / "certificate.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


@pytest.fixture
def encrypted(certificate: Path) -> Iterator[Scripted]:
    server = Scripted()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_an_encrypted_service_is_asked_where_its_certificate_is_trusted(
    encrypted: Scripted, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TLS_TEST_KEY", KEY)
    options = {"base_url": encrypted.url.replace("http:", "https:"), "key_env": "TLS_TEST_KEY", "timeout": "5"}
    stranger = registry.load("adapters", "openai").connect("m", options).ask(question())
    assert stranger.fault is not None
    assert (stranger.state, stranger.fault.kind, stranger.fault.billed) == ("failed", "terminal", False)
    assert "certificate" in (stranger.error or "").lower()
    assert encrypted.seen == [], "no key went to a stranger"
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    model = registry.load("adapters", "openai").connect("m", options)
    assert [model.ask(question()).text for _ in range(5)] == ["Yes."] * 5
    assert encrypted.seen[0][1]["Authorization"] == f"Bearer {KEY}"
    assert encrypted.connections <= 2, "one for the stranger, one for all five"


def test_a_service_that_does_not_encrypt_is_a_fault_that_lasts(server: Scripted) -> None:
    options = {"base_url": server.url.replace("http:", "https:"), "key_env": "", "timeout": "5"}
    reply = registry.load("adapters", "openai").connect("m", options).ask(question())
    assert reply.fault is not None
    assert (reply.fault.kind, reply.fault.billed) == ("terminal", False)


def test_proxies_are_not_used(server: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    proxy = Scripted()
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, proxy.url)
    assert registry.load("adapters", "openai").connect("m", {"base_url": server.url}).ask(question()).text == "Yes."
    assert proxy.connections == 0
    proxy.server_close()


def test_a_redirect_takes_no_key_elsewhere(server: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TLS_TEST_KEY", KEY)
    elsewhere = Scripted()
    server.script = [faults.raw(307, b"", location=elsewhere.url + "/chat/completions")]
    options = {"base_url": server.url, "key_env": "TLS_TEST_KEY"}
    reply = registry.load("adapters", "openai").connect("m", options).ask(question())
    assert reply.fault is not None
    assert reply.fault.kind == "terminal"
    assert "not followed" in (reply.error or "")
    assert elsewhere.connections == 0
    elsewhere.server_close()


def test_many_threads_share_one_client(server: Scripted) -> None:
    """Every answer goes to who asked, faults among them, and no more connections are opened than threads ask."""

    def echo(handler: Handler) -> None:
        text = str(handler.asked["messages"][0]["content"])
        if text.endswith("7"):
            faults.hang_up_after(faults.error(503, text, connection="close"))(handler)
        else:
            faults.answer(text)(handler)

    server.script = [echo]
    model = registry.load("adapters", "openai").connect("m", {"base_url": server.url})
    texts = [f"question {number}" for number in range(400)]
    with ThreadPoolExecutor(16) as pool:
        replies = list(pool.map(lambda text: model.ask(question(text)), texts))
    for text, reply in zip(texts, replies, strict=True):
        assert text in ((reply.error or "") if text.endswith("7") else reply.text), reply
    assert len(server.seen) == 400
    assert server.connections <= 16 + 40, "but for those that were closed, each thread keeps one"
