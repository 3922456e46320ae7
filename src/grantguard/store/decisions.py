"""Decisions as they were taken, with what was seen: written once, never changed; the database refuses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any, Final

from psycopg.types.json import Jsonb

from grantguard.store.database import Connection
from grantguard.vocabulary import Decision, Reason, Recheck, Support
from grantguard.wire import tell

COLUMNS: Final = (
    *("decision_id", "account_id", "grants", "at", "action", "enforced", "status", "risk", "p_value", "held_until"),
    *("recheck_credits", "recheck_at", "reasons", "support", "promo_credits_spent", "promo_credits_left"),
    *("model_version", "rules_version"),
)
READ: Final = f"SELECT {', '.join(COLUMNS)} FROM decisions "  # noqa: S608 - the names above
RECORD: Final = f"""
    INSERT INTO decisions ({", ".join(COLUMNS)}, seen) VALUES ({", ".join(["%s"] * len(COLUMNS))}, %s)
    ON CONFLICT DO NOTHING
"""  # noqa: S608 - the names above


def record_decision(connection: Connection, decision: Decision, seen: Mapping[str, object]) -> bool:
    """Keep a decision with the signals and evidence it rests on; whether it is new.

    False says that this very decision was kept before: nobody is to be told of it again.
    """
    return connection.execute(RECORD.encode(), [*_row(decision), Jsonb(tell(seen))]).rowcount == 1


def read_decision(connection: Connection, decision_id: str) -> Decision | None:
    """The decision as it was taken."""
    return as_decision(connection.execute((READ + "WHERE decision_id = %s").encode(), [decision_id]).fetchone())


def newest_decision(connection: Connection, account_id: str) -> Decision | None:
    """The newest decision about an account."""
    newest = READ + "WHERE account_id = %s ORDER BY at DESC, decision_id LIMIT 1"
    return as_decision(connection.execute(newest.encode(), [account_id]).fetchone())


def read_seen(connection: Connection, decision_id: str) -> dict[str, Any] | None:
    """What the decision rests on, as it was given to ``record_decision``."""
    found = connection.execute("SELECT seen FROM decisions WHERE decision_id = %s", [decision_id]).fetchone()
    return None if found is None else dict(found[0])


def _row(decision: Decision) -> list[object]:
    told: dict[str, object] = {field.name: getattr(decision, field.name) for field in fields(decision)}
    told |= {
        "grants": list(decision.grants),
        "recheck_credits": decision.recheck.after_credits,
        "recheck_at": decision.recheck.after_at,
        "reasons": Jsonb(tell([asdict(reason) for reason in decision.reasons])),
        "support": Jsonb(asdict(decision.support)),
    }
    return [told[name] for name in COLUMNS]


def as_decision(row: tuple[Any, ...] | None) -> Decision | None:
    """The decision of a row of ``COLUMNS``."""
    if row is None:
        return None
    told = dict(zip(COLUMNS, row, strict=True))
    support = told.pop("support")
    recheck = Recheck(told.pop("recheck_credits"), told.pop("recheck_at"))
    return Decision(
        **told
        | {
            "grants": tuple(told["grants"]),
            "recheck": recheck,
            "reasons": tuple(Reason(**reason) for reason in told["reasons"]),
            "support": Support(**support | {"missing_families": tuple(support["missing_families"])}),
        }
    )
