"""The webhook: signed, sent where it was told, and every failure is an answer that gives nothing away."""

from __future__ import annotations

import base64
import json
import logging
import shutil
import socket
import ssl
import subprocess
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from grantguard.errors import UsageError
from grantguard.ledgers.webhook import WebhookLedger, open_webhook
from grantguard.vocabulary import Decision, Gone, Notice, Recheck, Retry, Support, Taken
from grantguard.wire import tell_notice

HttpAnswer = tuple[int, dict[str, str], bytes]
Serve = Callable[[Callable[[str, str, dict[str, str], bytes], HttpAnswer]], str]

AT = datetime(2025, 5, 1, tzinfo=UTC)
DECISION = Decision(
    "d1", "a1", ("g1", "g2"), AT, "hold", enforced=True, status="scored", risk=0.9, p_value=0.001, held_until=None,
    recheck=Recheck(None, None), reasons=(), support=Support(9, 2, ()), promo_credits_spent=5.0, promo_credits_left=5.0,
    model_version="m", rules_version="r",
)  # fmt: skip
NOTICE = Notice("msg_1", "grant.hold", AT, DECISION, "g1", 3)
OLD, NEW = ("whsec_" + base64.b64encode(bytes([byte]) * 32).decode() for byte in (1, 2))


class Receiver:
    """What a ledger would keep of what it was sent; answers as it is told."""

    def __init__(self, status: int = 204, headers: dict[str, str] | None = None, content: bytes = b"") -> None:
        self.answer = (status, headers or {}, content)
        self.requests: list[tuple[str, dict[str, str], bytes]] = []

    def __call__(self, _: str, path: str, headers: dict[str, str], body: bytes) -> HttpAnswer:
        self.requests.append((path, headers, body))
        return self.answer


def ledger(url: str, *secrets: str) -> WebhookLedger:
    return open_webhook(f"{url}/hooks?token=t0ken", secrets or (NEW,), allow_private=True)


def test_the_receiver_can_tell_who_sent_it(serve: Serve) -> None:
    receiver = Receiver()
    ledger(serve(receiver)).deliver(NOTICE)
    _, headers, body = receiver.requests[0]
    assert Webhook(NEW).verify(body, headers) == tell_notice(NOTICE)


def test_the_receiver_in_the_docs_takes_it(serve: Serve) -> None:
    page = (Path(__file__).parent.parent.parent / "docs" / "ledgers.md").read_text()
    told: dict[str, Any] = {}
    exec(page.split("```python\n")[1].split("```")[0], told)  # noqa: S102 - our own
    receiver = Receiver()
    ledger(serve(receiver)).deliver(NOTICE)
    _, headers, body = receiver.requests[0]
    assert [told["receive"](secret, body, headers) for secret in (OLD, NEW)] == [401, 204]
    assert told["newest"] == {"g1": 3}


def test_another_secret_does_not_fit(serve: Serve) -> None:
    receiver = Receiver()
    ledger(serve(receiver)).deliver(NOTICE)
    _, headers, body = receiver.requests[0]
    with pytest.raises(WebhookVerificationError):
        Webhook(OLD).verify(body, headers)


@pytest.mark.parametrize("secret", [OLD, NEW])
def test_while_secrets_change_both_fit(serve: Serve, secret: str) -> None:
    receiver = Receiver()
    ledger(serve(receiver), OLD, NEW).deliver(NOTICE)
    _, headers, body = receiver.requests[0]
    Webhook(secret).verify(body, headers)


def test_the_same_notice_has_the_same_id_each_time(serve: Serve) -> None:
    receiver = Receiver(503)
    at = ledger(serve(receiver))
    for _ in range(3):
        at.deliver(NOTICE)
    assert [headers["webhook-id"] for _, headers, _ in receiver.requests] == ["msg_1"] * 3


@pytest.mark.parametrize("status", [200, 202, 204])
def test_any_success_means_that_the_ledger_has_it(serve: Serve, status: int) -> None:
    assert ledger(serve(Receiver(status))).deliver(NOTICE) == Taken(f"answered {status}")


def test_gone_means_no_more(serve: Serve) -> None:
    assert ledger(serve(Receiver(410))).deliver(NOTICE) == Gone("answered 410")


@pytest.mark.parametrize("status", [400, 401, 404, 409, 422, 429, 500, 502, 503, 504])
def test_any_other_status_is_tried_again_and_named(serve: Serve, status: int) -> None:
    assert ledger(serve(Receiver(status))).deliver(NOTICE) == Retry(f"answered {status}")


@pytest.mark.parametrize("status", [429, 503])
def test_the_wait_that_it_asks_for_is_passed_on(serve: Serve, status: int) -> None:
    answer = ledger(serve(Receiver(status, {"retry-after": "90"}))).deliver(NOTICE)
    assert answer == Retry(f"answered {status}", timedelta(seconds=90))


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(serve: Serve, status: int) -> None:
    elsewhere = Receiver()
    answer = ledger(serve(Receiver(status, {"location": serve(elsewhere)}))).deliver(NOTICE)
    assert answer == Retry(f"answered {status}")
    assert not elsewhere.requests


def test_nobody_there_is_tried_again() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
    assert ledger(f"http://127.0.0.1:{port}").deliver(NOTICE) == Retry("127.0.0.1: ConnectError")


def test_no_answer_in_time_is_tried_again() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        impatient = replace(ledger(f"http://127.0.0.1:{silent.getsockname()[1]}"), patience=0.05)
        assert impatient.deliver(NOTICE) == Retry("127.0.0.1: no answer in time")


def test_an_unknown_name_is_tried_again() -> None:
    assert isinstance(ledger("http://nobody.invalid").deliver(NOTICE), Retry)


def test_the_own_network_is_not_called_unless_that_is_allowed(serve: Serve) -> None:
    receiver = Receiver()
    strict = replace(ledger(serve(receiver)), allow_private=False)
    answer = strict.deliver(NOTICE)
    assert answer == Retry("127.0.0.1: leads into the own network; allow private addresses if that is meant")
    assert not receiver.requests


def test_the_path_and_the_name_arrive_as_they_were_given(serve: Serve) -> None:
    receiver = Receiver()
    address = serve(receiver).replace("127.0.0.1", "localhost")
    ledger(address).deliver(NOTICE)
    path, headers, _ = receiver.requests[0]
    assert (path, f"http://{headers['host']}") == ("/hooks?token=t0ken", address)


def test_no_reason_quotes_what_was_sent_or_answered(serve: Serve) -> None:
    chatty = ledger(serve(Receiver(500, content=f"{NEW} a1 t0ken".encode())))
    shown = f"{chatty.deliver(NOTICE)} {chatty}"
    assert not [secret for secret in (NEW, NEW.removeprefix("whsec_"), "t0ken", "a1") if secret in shown]


def test_nothing_of_it_is_logged(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        ledger(serve(Receiver())).deliver(NOTICE)
    assert not caplog.text


@pytest.mark.parametrize(
    "url", ["http://ledger.example/hooks", "ftp://ledger.example", "https://", "ledger", "https://ledger.example:port"]
)
def test_an_address_must_use_tls(url: str) -> None:
    with pytest.raises(UsageError, match="write https://host/path"):
        open_webhook(url, (NEW,))


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_c2hvcnQ=", "not base64 at all, whatever its length is"])
def test_a_weak_secret_is_refused_and_not_repeated(secret: str) -> None:
    with pytest.raises(UsageError, match="webhook secret 2: write whsec_") as refused:
        open_webhook("https://ledger.example", (NEW, secret))
    assert len(secret) < 7 or secret not in str(refused.value)


def test_what_is_not_signed_is_not_sent() -> None:
    with pytest.raises(UsageError, match="not signed"):
        open_webhook("https://ledger.example", ())


@pytest.mark.skipif(shutil.which("openssl") is None, reason="makes a certificate with openssl")
def test_the_certificate_is_checked_against_the_name(tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    words = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    words += ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    made = [*words, "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(made, check=True, capture_output=True)  # noqa: S603 - our own
    port = serve_once_with_tls(key, certificate)
    trusting = ssl.create_default_context(cafile=str(certificate))
    answer = replace(ledger(f"https://localhost:{port}"), tls=trusting).deliver(NOTICE)
    assert answer == Taken("answered 204")


def serve_once_with_tls(key: Path, certificate: Path) -> int:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            json.loads(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = HTTPServer(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)

    def answer() -> None:
        with server:
            server.handle_request()

    Thread(target=answer, daemon=True).start()
    return server.server_port
