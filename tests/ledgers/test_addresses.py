"""A webhook is not sent into the own network."""

from __future__ import annotations

import socket

import pytest

from grantguard.errors import AddressRefused
from grantguard.ledgers.addresses import check_addresses, may_call

PUBLIC = ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "::ffff:93.184.216.34", "64:ff9b::5db8:d822"]
PRIVATE = [
    "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "100.64.0.1", "::1", "fd00::1", "::ffff:127.0.0.1",
    "64:ff9b::7f00:1", "2002:7f00:1::", "::7f00:1", "240.0.0.1",
]  # fmt: skip
NEVER = [
    "169.254.169.254", "fe80::1", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "224.0.0.1", "ff02::1", "::",
]  # fmt: skip


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_may_be_called(address: str) -> None:
    assert may_call(address, allow_private=False)


@pytest.mark.parametrize("address", PRIVATE)
def test_a_private_address_only_where_that_is_allowed(address: str) -> None:
    assert not may_call(address, allow_private=False)
    assert may_call(address, allow_private=True)


@pytest.mark.parametrize("address", NEVER)
def test_an_address_that_only_the_machine_itself_can_mean_never(address: str) -> None:
    assert not may_call(address, allow_private=True)


def test_a_name_that_leads_home_is_refused() -> None:
    with pytest.raises(AddressRefused, match="localhost: leads into the own network"):
        check_addresses("localhost", 443, allow_private=False)


def test_its_addresses_are_given_where_that_is_allowed() -> None:
    assert "127.0.0.1" in check_addresses("localhost", 443, allow_private=True)


def test_a_name_without_address_is_an_error_of_the_network() -> None:
    with pytest.raises(socket.gaierror):
        check_addresses("nobody.invalid", 443, allow_private=True)
