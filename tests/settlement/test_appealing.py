"""An appeal is heard once: overturned it gives the grants back and becomes a verdict, upheld it keeps its reason."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from grantguard.contract import GRANTS
from grantguard.errors import AppealSettled, AppealUnknown, NothingToAppeal
from grantguard.settlement import Desk, Judgement, appeal, judge, overturn, settle, uphold
from grantguard.store.appeals import Appeal, find_appeal, list_appeals
from grantguard.store.audit import read_audit
from grantguard.store.ingesting import ingest
from grantguard.store.standing import find_standing
from grantguard.store.verdicts import verdicts_of

NOON = datetime(2025, 5, 10, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
Keep = Callable[..., None]


@pytest.fixture
def held(desk: Desk, keep: Keep) -> Appeal:
    """Ada's grant is held, and she objects."""
    keep("ada", chargebacks=1)
    settle(desk, NOON)
    return appeal(desk.database, "ada", "I build a chess engine", "support", NOON + HOUR)


def stands(desk: Desk) -> list[str]:
    with desk.database.statement() as connection:
        return [each.action for each in find_standing(connection, "ada")]


def released(desk: Desk) -> list[tuple[str, ...]]:
    with desk.database.statement() as connection:
        return connection.execute("SELECT grant_id FROM outbox WHERE type = 'grant.release'").fetchall()


def revoke(desk: Desk) -> None:
    judge(desk, Judgement(("ada",), None, "abuse", None, "a farm"), "grace", NOON)


def test_an_appeal_is_about_the_decision_that_stops_the_grant(desk: Desk, held: Appeal) -> None:
    with desk.database.statement() as connection:
        assert [held.decision_id] == [each.decision_id for each in find_standing(connection, "ada")]
        assert list_appeals(connection, 10) == (held,)


def test_a_second_appeal_while_one_is_open_is_that_one(desk: Desk, held: Appeal) -> None:
    assert appeal(desk.database, "ada", "again", "support", NOON + 2 * HOUR) == held


def test_where_nothing_is_stopped_there_is_nothing_to_appeal(desk: Desk, keep: Keep) -> None:
    keep("ada")
    with pytest.raises(NothingToAppeal, match="ada"):
        appeal(desk.database, "ada", "why?", "support", NOON)


def test_overturning_releases_what_was_held(desk: Desk, held: Appeal) -> None:
    assert overturn(desk, held.appeal_id, "alan", "a chess engine it is", NOON + 2 * HOUR).action == "allow"
    assert (stands(desk), released(desk)) == (["allow"], [("ada-g",)])


def test_overturning_grants_anew_what_was_revoked(desk: Desk, keep: Keep) -> None:
    keep("ada")
    revoke(desk)
    made = appeal(desk.database, "ada", "it is me", "support", NOON + HOUR)
    overturn(desk, made.appeal_id, "alan", "it is", NOON + 2 * HOUR)
    assert (stands(desk), released(desk)) == (["allow"], [("ada-g",)])


def test_what_has_run_out_since_it_was_revoked_is_granted_anew_too(desk: Desk, keep: Keep) -> None:
    keep("ada")
    brief = {"account_id": "ada", "grant_id": "brief", "campaign": "launch", "kind": "launch", "credits": 5.0}
    rows = pl.DataFrame([brief | {"granted_at": NOON - HOUR, "expires_at": NOON + HOUR}], schema=GRANTS.schema)
    with desk.database.connection() as connection:
        ingest(connection, GRANTS, rows, NOON)
    revoke(desk)
    made = appeal(desk.database, "ada", "it is me", "support", NOON + 2 * HOUR)
    overturn(desk, made.appeal_id, "alan", "it is", NOON + 3 * HOUR)
    assert (stands(desk), set(released(desk))) == (["allow", "allow"], {("ada-g",), ("brief",)})


def test_overturning_becomes_a_verdict_of_genuine_with_its_reason(desk: Desk, held: Appeal) -> None:
    overturn(desk, held.appeal_id, "alan", "a chess engine it is", NOON + 2 * HOUR)
    with desk.database.statement() as connection:
        (verdict,) = verdicts_of(connection, "ada")
    assert (verdict.verdict, verdict.reviewer, verdict.note) == ("genuine", "alan", "a chess engine it is")


def test_upholding_changes_nothing_and_keeps_why(desk: Desk, held: Appeal) -> None:
    uphold(desk.database, held.appeal_id, "alan", "the card was stolen", NOON + 2 * HOUR)
    with desk.database.statement() as connection:
        found = find_appeal(connection, held.appeal_id)
    assert found is not None
    assert (found.outcome, found.settled_by, found.settled_note) == ("upheld", "alan", "the card was stolen")
    assert stands(desk) == ["hold"]


def test_what_is_settled_is_not_settled_again(desk: Desk, held: Appeal) -> None:
    uphold(desk.database, held.appeal_id, "alan", "no", NOON + 2 * HOUR)
    with pytest.raises(AppealSettled):
        overturn(desk, held.appeal_id, "grace", "yes", NOON + 3 * HOUR)
    with desk.database.statement() as connection:
        assert verdicts_of(connection, "ada") == ()
    assert stands(desk) == ["hold"]


def test_who_was_upheld_may_appeal_again(desk: Desk, held: Appeal) -> None:
    uphold(desk.database, held.appeal_id, "alan", "no", NOON + 2 * HOUR)
    assert appeal(desk.database, "ada", "look again", "support", NOON + 3 * HOUR).appeal_id != held.appeal_id


def test_an_appeal_that_nobody_made_is_named(desk: Desk) -> None:
    with pytest.raises(AppealUnknown, match="a1"):
        overturn(desk, "a1", "alan", "", NOON)


def test_the_audit_trail_tells_both_ends(desk: Desk, held: Appeal) -> None:
    overturn(desk, held.appeal_id, "alan", "it is", NOON + 2 * HOUR)
    with desk.database.statement() as connection:
        lines = read_audit(connection, 10, "ada")
    assert [(line.actor, line.action) for line in lines] == [("alan", "appeal.overturned"), ("support", "appeal.filed")]
