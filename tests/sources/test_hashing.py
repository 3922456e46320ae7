"""Keyed hashes: what is the same matches, what is not never does, and nothing raw is ever said."""

from __future__ import annotations

import traceback
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grantguard.errors import UsageError, ValueUnreadable
from grantguard.sources.hashing import Hasher, canonical_email

SECRET = b"0123456789abcdef"
HASHER = Hasher(SECRET)
KINDS = [HASHER.device, HASHER.prompt, HASHER.template, HASHER.payment]


def test_two_senders_with_one_secret_agree() -> None:
    assert Hasher(SECRET).address("203.0.113.7") == HASHER.address("203.0.113.7")


def test_another_secret_gives_another_hash() -> None:
    assert Hasher(b"another secret of bytes").address("203.0.113.7") != HASHER.address("203.0.113.7")


def test_a_hash_is_sixty_four_hexadecimal_digits() -> None:
    assert len(HASHER.device("d")) == 64
    assert int(HASHER.device("d"), 16) >= 0


def test_the_same_text_of_two_kinds_never_collides() -> None:
    assert len({kind("same") for kind in KINDS}) == len(KINDS)
    assert HASHER.address("203.0.113.0") != HASHER.prefix("203.0.113.0")


@pytest.mark.parametrize("written", [" 203.0.113.7 ", "::ffff:203.0.113.7", "::FFFF:cb00:7107"])
def test_an_address_is_one_address_however_it_is_written(written: str) -> None:
    assert HASHER.address(written) == HASHER.address("203.0.113.7")
    assert HASHER.prefix(written) == HASHER.prefix("203.0.113.0")


@pytest.mark.parametrize("written", ["2001:DB8:0:0:0:0:0:1", "2001:db8::1%eth0"])
def test_a_v6_address_is_one_address_however_it_is_written(written: str) -> None:
    assert HASHER.address(written) == HASHER.address("2001:db8::1")


def test_a_prefix_is_the_24_around_a_v4_address() -> None:
    assert HASHER.prefix("203.0.113.7") == HASHER.prefix("203.0.113.250")
    assert HASHER.prefix("203.0.113.7") != HASHER.prefix("203.0.114.7")


def test_a_prefix_is_the_64_around_a_v6_address() -> None:
    assert HASHER.prefix("2001:db8::1") == HASHER.prefix("2001:db8::ffff:1")
    assert HASHER.prefix("2001:db8::1") != HASHER.prefix("2001:db8:0:1::1")


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("Ada@Example.ORG", "ada@example.org"),
        ("ada+promo7@example.org", "ada@example.org"),
        ("a.d.a+x@gmail.com", "ada@gmail.com"),
        ("ada@googlemail.com", "ada@gmail.com"),
        ("a.da@example.org", "a.da@example.org"),
        ("+only@example.org", "+only@example.org"),
    ],
)
def test_a_mail_address_has_one_spelling(written: str, canonical: str) -> None:
    assert canonical_email(written) == canonical


@given(st.emails())
def test_a_canonical_address_is_its_own_canonical_address(address: str) -> None:
    assert canonical_email(canonical_email(address)) == canonical_email(address)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (HASHER.address, "203.0.113.777"),
        (HASHER.prefix, "secret-host.example"),
        (HASHER.email, "nobody-at-all"),
        (HASHER.email, "...@gmail.com"),
    ],
)
def test_an_error_never_quotes_the_value(kind: Callable[[str], str], value: str) -> None:
    with pytest.raises(ValueUnreadable) as caught:
        kind(value)
    error = caught.value
    assert value not in f"{error!r}{error.__context__!r}{error.__cause__!r}"
    assert value not in traceback.format_exception_only(error)[-1]


@pytest.mark.parametrize("kind", [*KINDS, HASHER.email, HASHER.address])
def test_an_empty_value_has_no_hash_for_it_would_link_everybody(kind: Callable[[str], str]) -> None:
    with pytest.raises(ValueUnreadable):
        kind("")


def test_a_secret_that_can_be_guessed_is_refused() -> None:
    with pytest.raises(UsageError, match="at least 16 bytes"):
        Hasher(b"short")


def test_a_hasher_does_not_show_its_secret() -> None:
    assert "0123" not in repr(HASHER)
