"""Keyed hashes: the same value from two senders matches, and nobody without the secret can look one up.

Every kind of value has its own domain, so that an address and a mail never collide. A value that is not of its kind,
or empty, has no hash: the hash of an empty text would link everybody who sent none. What is said of such a value
never quotes it.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from dataclasses import dataclass, field
from typing import Final

from grantguard.errors import UsageError, ValueUnreadable

SHORTEST_SECRET: Final = 16
"""Bytes below which a secret can be guessed, and with it every address."""

PREFIX_BITS: Final = {4: 24, 6: 64}
"""How much of an address names the network around it, by IP version."""

DOTLESS_DOMAINS: Final = ("gmail.com", "googlemail.com")
"""Mail domains, of one provider, that ignore dots before the @."""


@dataclass(frozen=True)
class Hasher:
    """Hashes with one deployment's secret. Raises ``UsageError`` for a secret of fewer than 16 bytes."""

    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse a secret that can be guessed."""
        if len(self.secret) < SHORTEST_SECRET:
            raise UsageError(f"the secret of all hashes is too short; give at least {SHORTEST_SECRET} bytes")

    def address(self, ip: str) -> str:
        """The hash of an IP address, however it is written. Raises ``ValueUnreadable``."""
        return self._hash("address", _read_address(ip).compressed)

    def prefix(self, ip: str) -> str:
        """The hash of the address's /24, or /64 of v6. Raises ``ValueUnreadable``."""
        address = _read_address(ip)
        network = ipaddress.ip_network((address, PREFIX_BITS[address.version]), strict=False)
        return self._hash("prefix", network.compressed)

    def email(self, address: str) -> str:
        """The hash of a mail's canonical address, see ``canonical_email``. Raises ``ValueUnreadable``."""
        return self._hash("email", canonical_email(address))

    def device(self, value: str) -> str:
        """The hash of a device's identifier, as it is. Raises ``ValueUnreadable`` where it is empty."""
        return self._hash("device", value)

    def prompt(self, text: str) -> str:
        """The hash of a whole prompt, as it is. Raises ``ValueUnreadable`` where it is empty."""
        return self._hash("prompt", text)

    def template(self, text: str) -> str:
        """The hash of a prompt's leading, reusable part. Raises ``ValueUnreadable`` where it is empty."""
        return self._hash("template", text)

    def payment(self, instrument: str) -> str:
        """The hash of a payment instrument's fingerprint, as it is. Raises ``ValueUnreadable`` where it is empty."""
        return self._hash("payment", instrument)

    def _hash(self, kind: str, value: str) -> str:
        if not value:
            raise ValueUnreadable(f"{kind}: the value is empty; leave it out where it is not known")
        said = f"{kind}\0{value}".encode("utf-8", "surrogatepass")
        return hmac.new(self.secret, said, hashlib.sha256).hexdigest()


def canonical_email(address: str) -> str:
    """The one spelling of all that reach the same mailbox.

    Lower case; what follows a + before the @ is a tag and goes; Gmail ignores dots there, and is one provider
    under two domains. Raises ``ValueUnreadable`` for what is no mail address.
    """
    name, at, domain = address.strip().lower().rpartition("@")
    mailbox = name.partition("+")[0] or name
    if domain in DOTLESS_DOMAINS:
        mailbox, domain = mailbox.replace(".", ""), DOTLESS_DOMAINS[0]
    if not (mailbox and at and domain):
        raise ValueUnreadable("email: the value is not a mail address; send name@domain")
    return f"{mailbox}@{domain}"


def _read_address(ip: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    try:
        address = ipaddress.ip_address(ip.strip().partition("%")[0])
    except ValueError:
        pass
    else:
        return (address.ipv4_mapped or address) if isinstance(address, ipaddress.IPv6Address) else address
    # Raised out here so that the library's own message, which quotes the value, is not its context.
    raise ValueUnreadable("ip address: the value is neither IPv4 nor IPv6; send it as 192.0.2.1 or 2001:db8::1")
