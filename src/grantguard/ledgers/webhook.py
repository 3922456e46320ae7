"""A signed webhook, by Standard Webhooks 1.0: whoever holds the secret can tell that it came from here."""

from __future__ import annotations

import base64
import json
import ssl
from binascii import Error as NotBase64
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import ClassVar, Final

import httpx
from standardwebhooks import Webhook

from grantguard.errors import AddressRefused, UsageError
from grantguard.ledgers.addresses import check_addresses
from grantguard.ledgers.retrying import read_retry_after
from grantguard.ledgers.silence import silence
from grantguard.vocabulary import Answer, Capabilities, Gone, Notice, Retry, Taken
from grantguard.wire import tell_notice

CONNECT_WITHIN: Final = 5.0
ANSWER_WITHIN: Final = 15.0
"""Seconds."""


@dataclass(frozen=True)
class WebhookLedger:
    """A ledger that listens at an address; what it makes of a notice is its own affair."""

    url: httpx.URL = field(repr=False)
    signers: tuple[Webhook, ...] = field(repr=False)
    tls: ssl.SSLContext = field(repr=False)
    allow_private: bool = False
    patience: float = ANSWER_WITHIN

    capabilities: ClassVar[Capabilities] = Capabilities(can_hold=True, can_release=True, can_revoke=True)

    def deliver(self, notice: Notice) -> Answer:
        """Post the notice. No reason that comes back quotes the body, a secret, or more of the address than its host.

        The answer's body is not read, and no redirect is followed.
        """
        now = datetime.now(UTC)
        try:
            addresses = check_addresses(self._host, self._port, allow_private=self.allow_private)
            return _read_answer(self._post(addresses, notice, now), now)
        except AddressRefused as error:
            return Retry(str(error))
        except (httpx.HTTPError, OSError, UnicodeError) as error:
            return Retry(f"{self._host}: {_name(error)}")

    def _post(self, addresses: list[str], notice: Notice, now: datetime) -> httpx.Response:
        """What the first address that can be reached answers."""
        body = json.dumps(tell_notice(notice), separators=(",", ":"))
        headers = self._sign(notice.notice_id, now, body) | {"host": self.url.netloc.decode()}
        timeout = httpx.Timeout(self.patience, connect=CONNECT_WITHIN)
        with httpx.Client(verify=self.tls, timeout=timeout, trust_env=False) as client:
            for address in addresses[:-1]:
                with suppress(httpx.ConnectError, httpx.ConnectTimeout):
                    return self._send(client, address, headers, body)
            return self._send(client, addresses[-1], headers, body)

    def _send(self, client: httpx.Client, address: str, headers: dict[str, str], body: str) -> httpx.Response:
        """Call the address that was checked, under the name that it was asked for."""
        named = {"sni_hostname": self._host}
        url = self.url.copy_with(host=address)
        with client.stream("POST", url, content=body, headers=headers, extensions=named) as answer:
            return answer

    def _sign(self, notice_id: str, now: datetime, body: str) -> dict[str, str]:
        return {
            "content-type": "application/json",
            "webhook-id": notice_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": " ".join(signer.sign(notice_id, now, body) for signer in self.signers),
        }

    @property
    def _host(self) -> str:
        return self.url.raw_host.decode()

    @property
    def _port(self) -> int:
        return self.url.port or (443 if self.url.scheme == "https" else 80)


def open_webhook(url: str, secrets: Sequence[str], *, allow_private: bool = False) -> WebhookLedger:
    """The ledger at ``url``; several secrets sign side by side while one takes over from another.

    Raises ``UsageError`` for an address or a secret that cannot be used. Without ``allow_private`` the
    address must be public and use TLS.
    """
    if not secrets:
        raise UsageError("webhook secret: none given; a webhook that is not signed is not sent")
    silence("httpx", "httpcore")
    signers = tuple(_signer(number, secret) for number, secret in enumerate(secrets, start=1))
    return WebhookLedger(
        _read_url(url, allow_private=allow_private), signers, ssl.create_default_context(), allow_private
    )


def _read_url(url: str, *, allow_private: bool) -> httpx.URL:
    try:
        at = httpx.URL(url)
    except httpx.InvalidURL:
        at = httpx.URL()
    if not at.host or at.scheme not in ({"http", "https"} if allow_private else {"https"}):
        raise UsageError("webhook address: write https://host/path (http only where private addresses are allowed)")
    return at


def _signer(number: int, secret: str) -> Webhook:
    bare = secret.removeprefix("whsec_").rstrip("=")
    try:
        key = base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True)
    except (NotBase64, ValueError):
        key = b""
    if not 24 <= len(key) <= 64:
        raise UsageError(f"webhook secret {number}: write whsec_ and the base64 of 24 to 64 random bytes") from None
    return Webhook(key)


def _name(error: Exception) -> str:
    return "no answer in time" if isinstance(error, httpx.TimeoutException) else type(error).__name__


def _read_answer(answer: httpx.Response, now: datetime) -> Answer:
    status = f"answered {answer.status_code}"
    if answer.is_success:
        return Taken(status)
    if answer.status_code == httpx.codes.GONE:
        return Gone(status)
    return Retry(status, read_retry_after(answer.headers.get("retry-after"), now))
