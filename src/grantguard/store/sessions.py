"""Sessions of people in the console, and links that open one once: tokens are given away and kept as hashes."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Final

from grantguard.store.audit import Entry, record
from grantguard.store.database import Connection
from grantguard.store.people import Person

LASTS: Final = timedelta(hours=8)
"""How long a session lasts: a working day, whatever is done in it."""

INVITED_FOR: Final = timedelta(hours=1)
"""How long a link that opens once can be used."""


def open_session(connection: Connection, name: str, now: datetime) -> str:
    """Begin a session under a token that nobody had before, and give the token away."""
    token = secrets.token_urlsafe(32)
    connection.execute("DELETE FROM sessions WHERE expires_at <= %s", [now])
    begun = [_hash(token), name, now, now + LASTS]
    connection.execute("INSERT INTO sessions (token_hash, name, opened_at, expires_at) VALUES (%s, %s, %s, %s)", begun)
    record(connection, Entry(now, name, "login", "console"))
    return token


def find_session(connection: Connection, token: str, now: datetime) -> Person | None:
    """Whose session it is, while it lasts and the person may come in."""
    found = connection.execute(
        """
        SELECT name, roles, created_at, disabled_at FROM sessions JOIN people USING (name)
        WHERE token_hash = %s AND expires_at > %s AND disabled_at IS NULL
        """,
        [_hash(token), now],
    ).fetchone()
    return None if found is None else Person(found[0], tuple(found[1]), found[2], found[3])


def close_session(connection: Connection, token: str, name: str, now: datetime) -> None:
    """End a session: its token opens nothing any more."""
    connection.execute("DELETE FROM sessions WHERE token_hash = %s", [_hash(token)])
    record(connection, Entry(now, name, "logout", "console"))


def invite(connection: Connection, name: str, now: datetime) -> str:
    """A token that lets a person in once, without a password."""
    token = secrets.token_urlsafe(32)
    line = "INSERT INTO invitations (token_hash, name, expires_at) VALUES (%s, %s, %s)"
    connection.execute(line, [_hash(token), name, now + INVITED_FOR])
    return token


def accept(connection: Connection, token: str, now: datetime) -> str | None:
    """The name that was invited; the invitation is used up."""
    line = "DELETE FROM invitations WHERE token_hash = %s RETURNING name, expires_at > %s"
    found = connection.execute(line, [_hash(token), now]).fetchone()
    return None if found is None or not found[1] else str(found[0])


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()
