"""Where a webhook may be sent: a name that leads into the own network is not called.

Whoever sets a webhook's address could otherwise make the service call what only it can reach. The address
that was checked is the address that is called, so a name cannot change its mind in between.
"""

from __future__ import annotations

import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final

from grantguard.errors import AddressRefused

NAT64: Final = IPv6Network("64:ff9b::/96")

Address = IPv4Address | IPv6Address


def check_addresses(host: str, port: int, *, allow_private: bool) -> list[str]:
    """The addresses of ``host``, in the order to try them.

    Raises ``AddressRefused`` where any of them must not be called, and ``OSError`` where there is none.
    """
    found = [str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    if not all(may_call(address, allow_private=allow_private) for address in found):
        raise AddressRefused(f"{host}: leads into the own network; allow private addresses if that is meant")
    return list(dict.fromkeys(found))


def may_call(address: str, *, allow_private: bool) -> bool:
    """Whether the address is public, or private where that is allowed; a link-local one never is.

    Link-local addresses are where clouds keep the credentials of a machine.
    """
    written = ip_address(address)
    reached = _embedded(written) or written
    if reached.is_link_local or reached.is_multicast or reached.is_unspecified:
        return False
    return allow_private or (reached.is_global and not reached.is_reserved)


def _embedded(address: Address) -> IPv4Address | None:
    """The IPv4 address that an IPv6 address stands for."""
    if isinstance(address, IPv4Address):
        return None
    if address in NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour
