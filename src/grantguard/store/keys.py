"""API keys: shown once, kept as a hash, revocable.

A key is ``gg_``, a public name of eight digits, ``_`` and 256 random bits. A slow hash protects what people choose,
because few guesses find it; nobody guesses 256 random bits at any speed, so SHA-256 protects them as well and costs a
request nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from psycopg.errors import UniqueViolation

from grantguard.errors import KeyTaken, KeyUnknown, ScopeUnknown
from grantguard.store.audit import Entry, record
from grantguard.store.database import Connection

SCOPES: Final = ("ingest", "risk", "review", "admin")

FORM: Final = re.compile(r"gg_([0-9a-f]{8})_([0-9A-Za-z_-]{43})")

USE_NOTED: Final = timedelta(minutes=1)
"""How old the note of a key's last use may be: a write a request would cost more than it tells."""


@dataclass(frozen=True)
class Key:
    """A key as it is kept, without what opens with it. ``person``: its name is a person's."""

    id: str
    name: str
    scopes: tuple[str, ...]
    person: bool
    created_at: datetime
    revoked_at: datetime | None
    last_used_at: datetime | None


KEPT: Final = "id, name, scopes, person, created_at, revoked_at, last_used_at"


def create_key(
    connection: Connection, name: str, scopes: Collection[str], now: datetime, *, by: str = "operator"
) -> str:
    """Make a key and give it away, the only time that it is seen. One that may review is a person's.

    Raises ``ScopeUnknown``, or ``KeyTaken`` where a key of this name is in force.
    """
    asked = _scopes(scopes)
    public, secret = secrets.token_hex(4), secrets.token_urlsafe(32)
    made = [public, name, _hash(secret), asked, "review" in asked, now]
    try:
        with connection.transaction():
            connection.execute(
                "INSERT INTO keys (id, name, hash, scopes, person, created_at) VALUES (%s, %s, %s, %s, %s, %s)", made
            )
    except UniqueViolation as error:
        raise KeyTaken(f"key {name}: one of this name is in force; revoke it, or choose another name") from error
    record(connection, Entry(now, by, "key.created", name, {"id": public, "scopes": asked}))
    return f"gg_{public}_{secret}"


def find_key(connection: Connection, token: str, now: datetime) -> Key | None:
    """The key in force that ``token`` is, its use noted; none where it is not one."""
    public, secret = _parts(token)
    found = connection.execute(f"SELECT hash, {KEPT} FROM keys WHERE id = %s".encode(), [public]).fetchone()  # noqa: S608
    # Compared even where there is none, and for as long whatever differs: the time taken tells nothing.
    is_right = hmac.compare_digest(_hash(secret), bytes(32) if found is None else found[0])
    key = _key(found[1:]) if found is not None and is_right else None
    if key is None or key.revoked_at is not None:
        return None
    _note_use(connection, key, now)
    return key


def revoke_key(connection: Connection, name: str, now: datetime, *, by: str = "operator") -> None:
    """From now on the key of this name opens nothing; raises ``KeyUnknown`` where none is in force."""
    revoked = connection.execute(
        "UPDATE keys SET revoked_at = %s WHERE name = %s AND revoked_at IS NULL RETURNING id", [now, name]
    ).fetchone()
    if revoked is None:
        raise KeyUnknown(f"key {name}: none of this name is in force; 'grantguard keys list' shows them")
    record(connection, Entry(now, by, "key.revoked", name, {"id": revoked[0]}))


def list_keys(connection: Connection) -> tuple[Key, ...]:
    """Every key that ever was, oldest first."""
    rows = connection.execute(f"SELECT {KEPT} FROM keys ORDER BY created_at, id".encode())  # noqa: S608 - our own names
    return tuple(_key(row) for row in rows)


def _scopes(scopes: Collection[str]) -> list[str]:
    unknown = sorted(set(scopes) - set(SCOPES))
    if unknown or not scopes:
        raise ScopeUnknown(f"scope {', '.join(unknown) or 'missing'}: give one or more of {', '.join(SCOPES)}")
    return [scope for scope in SCOPES if scope in scopes]


def _parts(token: str) -> tuple[str, str]:
    found = FORM.fullmatch(token)
    return (found[1], found[2]) if found else ("", "")


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def _note_use(connection: Connection, key: Key, now: datetime) -> None:
    if key.last_used_at is None or key.last_used_at <= now - USE_NOTED:
        connection.execute("UPDATE keys SET last_used_at = %s WHERE id = %s", [now, key.id])


def _key(row: tuple[Any, ...]) -> Key:
    public, name, scopes, *others = row
    return Key(public, name, tuple(scopes), *others)
