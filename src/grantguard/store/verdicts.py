"""Verdicts: which person said what about whom, and why. They are only ever added, and each becomes a label."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import astuple, dataclass
from datetime import datetime

from psycopg.rows import class_row

from grantguard.store.database import Connection
from grantguard.store.marks import mark
from grantguard.vocabulary import Label

KEEP = """
    WITH kept AS (
        INSERT INTO verdicts (account_id, given_at, reviewer, verdict, technique, ring_id, note)
        VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING RETURNING *
    )
    INSERT INTO labels (account_id, label, labelled_at, reviewer, technique)
    SELECT account_id, verdict, given_at, reviewer, technique FROM kept ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True)
class Verdict:
    """What a reviewer says about one account; of a ring, the same about each member, and ``ring_id`` tells so."""

    account_id: str
    given_at: datetime
    reviewer: str
    verdict: Label
    technique: str | None
    ring_id: str | None
    note: str


def record_verdicts(connection: Connection, verdicts: Iterable[Verdict]) -> None:
    """Keep verdicts, with a label each, and mark their accounts; a repeat changes nothing."""
    given = sorted(verdicts, key=lambda each: each.account_id)
    with connection.cursor() as cursor:
        cursor.executemany(KEEP, [astuple(each) for each in given])
    for at in sorted({each.given_at for each in given}):
        mark(connection, [each.account_id for each in given if each.given_at == at], "verdict", at)


def verdicts_of(connection: Connection, account_id: str) -> tuple[Verdict, ...]:
    """Every verdict about an account, newest first."""
    asked = """
        SELECT account_id, given_at, reviewer, verdict, technique, ring_id, note FROM verdicts
        WHERE account_id = %s ORDER BY given_at DESC, reviewer
    """
    with connection.cursor(row_factory=class_row(Verdict)) as cursor:
        return tuple(cursor.execute(asked, [account_id]).fetchall())
