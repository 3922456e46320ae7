"""People who may come into the console, and as what."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from grantguard.errors import PersonTaken, PersonUnknown, RoleUnknown
from grantguard.store.audit import Entry, record
from grantguard.store.database import Connection
from grantguard.store.passwords import hash_password, is_right

Role = Literal["reviewer", "approver", "admin"]

ROLES: Final[tuple[Role, ...]] = ("reviewer", "approver", "admin")

MOST_FAILURES: Final = 5
"""Failed log-ins within ``LOCKED_FOR`` after which a name is locked, until the oldest of them is so old."""

LOCKED_FOR: Final = timedelta(minutes=15)


@dataclass(frozen=True)
class Person:
    """A person as is told of one: never with the password."""

    name: str
    roles: tuple[Role, ...]
    created_at: datetime
    disabled_at: datetime | None


KEPT: Final = "name, roles, created_at, disabled_at"


def add_person(
    connection: Connection,
    name: str,
    roles: Collection[str],
    password: str | None,
    now: datetime,
    *,
    by: str = "operator",
) -> None:
    """Let a person in; without a password only by a link that opens once.

    Raises ``RoleUnknown``, ``PasswordWeak``, or ``PersonTaken`` where there is one of this name.
    """
    asked = _roles(roles)
    kept = None if password is None else hash_password(password)
    added = connection.execute(
        """
        INSERT INTO people (name, password, roles, created_at) VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING
        """,
        [name, kept, asked, now],
    )
    if not added.rowcount:
        raise PersonTaken(f"person {name}: there is one of this name already; choose another")
    record(connection, Entry(now, by, "person.added", name, {"roles": asked}))


def disable_person(connection: Connection, name: str, now: datetime, *, by: str = "operator") -> None:
    """From now on nobody comes in under this name, whoever is in is out; raises ``PersonUnknown``."""
    asked = "UPDATE people SET disabled_at = %s WHERE name = %s AND disabled_at IS NULL"
    if not connection.execute(asked, [now, name]).rowcount:
        raise PersonUnknown(f"person {name}: none of this name may come in; 'grantguard people list' shows them")
    connection.execute("DELETE FROM sessions WHERE name = %s", [name])
    connection.execute("DELETE FROM invitations WHERE name = %s", [name])
    record(connection, Entry(now, by, "person.disabled", name))


def list_people(connection: Connection) -> tuple[Person, ...]:
    """Everybody who ever might come in, the first first."""
    rows = connection.execute(f"SELECT {KEPT} FROM people ORDER BY created_at, name".encode())  # noqa: S608 - the names above
    return tuple(_person(row) for row in rows)


def recognize(connection: Connection, name: str, password: str, now: datetime) -> Person | None:
    """The person whose password it is; a failure is counted, and after ``MOST_FAILURES`` nothing opens for a while.

    To be called on a connection whose statements stand for themselves: a failure must be kept.
    """
    kept, is_locked = _find_password(connection, name, now)
    if not is_right(password, kept) or is_locked:
        connection.execute("INSERT INTO failures VALUES (%s, %s)", [name, now])
        record(connection, Entry(now, "nobody", "login.locked" if is_locked else "login.failed", "console"))
        return None
    connection.execute("DELETE FROM failures WHERE name = %s", [name])
    found = connection.execute(f"SELECT {KEPT} FROM people WHERE name = %s".encode(), [name]).fetchone()  # noqa: S608
    return None if found is None else _person(found)


def _find_password(connection: Connection, name: str, now: datetime) -> tuple[str | None, bool]:
    """The hash that is kept, if any is in force, and whether the name is locked."""
    found = connection.execute(
        """
        SELECT (SELECT password FROM people WHERE name = %(name)s AND disabled_at IS NULL),
               (SELECT count(*) FROM failures WHERE name = %(name)s AND at > %(since)s)
        """,
        {"name": name, "since": now - LOCKED_FOR},
    ).fetchone()
    return (None, False) if found is None else (found[0], found[1] >= MOST_FAILURES)


def _roles(roles: Collection[str]) -> list[Role]:
    unknown = sorted(set(roles) - set(ROLES))
    if unknown or not roles:
        raise RoleUnknown(f"role {', '.join(unknown) or 'missing'}: give one or more of {', '.join(ROLES)}")
    return [role for role in ROLES if role in roles]


def _person(row: tuple[Any, ...]) -> Person:
    name, roles, *dates = row
    return Person(name, tuple(roles), *dates)
