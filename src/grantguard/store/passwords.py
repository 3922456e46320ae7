"""Passwords: kept as argon2 hashes, and checked for as long whoever asks."""

from __future__ import annotations

from functools import cache
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from grantguard.errors import PasswordWeak

LEAST: Final = 12
"""Characters that a password has at least: length is what makes guessing long."""

MOST: Final = 1_000
"""Characters that are hashed at most: nobody may keep the service busy with a novel."""

HASHER: Final = PasswordHasher()


def hash_password(password: str) -> str:
    """The hash to keep; raises ``PasswordWeak``."""
    if not LEAST <= len(password) <= MOST:
        raise PasswordWeak(f"password: {len(password)} characters; it takes from {LEAST} to {MOST:,}")
    return HASHER.hash(password)


def is_right(password: str, kept: str | None) -> bool:
    """Whether the password is the one that was kept; where none was, the answer takes as long to come."""
    try:
        return HASHER.verify(kept or _of_nobody(), password[:MOST]) and kept is not None
    except (VerifyMismatchError, InvalidHashError):
        return False


@cache
def _of_nobody() -> str:
    return HASHER.hash("")
