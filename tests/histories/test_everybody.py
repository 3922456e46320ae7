"""A bucket among everybody."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime, timedelta

import polars as pl

from grantguard.contract import TIME, Tables
from grantguard.dated import ANYONE, GUEST, LIKENESS, MILESTONES, THRESHOLD
from grantguard.histories import Bucket, Everybody, Own, Share, count_arrivals_until, past_among

NOON = datetime(2025, 5, 10, 12, tzinfo=UTC)
STAR = pl.DataFrame(
    {"kind": "referral", "value": pl.Series([7, 7], dtype=pl.UInt64), "account_id": "ada", "seen_at": NOON},
).with_columns(seen_at=pl.Series([NOON + timedelta(days=4), NOON], dtype=pl.Datetime("us", "UTC")))
"""Ada brought two accounts, which stand in two buckets: each bucket tells of her."""


def test_who_brought_accounts_of_many_buckets_was_first_seen_with_the_first_of_them() -> None:
    keyed = pl.Schema({**LIKENESS, "value": pl.UInt64(), "likeness": pl.UInt64()})
    told = {"marks": MILESTONES, "guests": GUEST, "guest_facts": STAR.schema, "thresholds": THRESHOLD}
    nothing = {name: schema.to_frame() for name, schema in told.items()}
    crowds = pl.DataFrame(schema={"kind": pl.String, "crowd": pl.UInt64, "when": TIME, "n": pl.Int64})
    everybody = Everybody.counted(crowds, nothing, Tables.of().campaigns)
    bucket = Bucket(pl.Series("account_id", ["ada"]), Tables.of(), pl.DataFrame(), STAR, keyed.to_frame())
    assert past_among(everybody, bucket).facts["seen_at"].to_list() == [NOON]


def test_who_is_told_of_by_two_buckets_is_one_account_of_all() -> None:
    brought = [
        {"account_id": name, "created_at": NOON, "plan": "free", "email_hash": name, "referred_by": "ada"}
        for name in ("bob", "cyd")
    ]
    shares = [Share.of(Own.of(Tables.of(accounts=pl.DataFrame([row]))), NOON) for row in brought]
    names = (field.name for field in fields(Share))
    told = {name: pl.concat(getattr(share, name) for share in shares) for name in names}
    crowds = Everybody.of(told, Tables.of().campaigns, NOON).crowds
    assert crowds.filter(pl.col("kind") == ANYONE)["n"].to_list() == [3]


def test_a_network_is_not_told_of_by_one_bucket_which_would_take_a_hub_for_a_room() -> None:
    row = {"account_id": "ada", "created_at": NOON, "plan": "free", "signup_ip_hash": "a", "signup_ip_prefix_hash": "p"}
    share = Share.of(Own.of(Tables.of(accounts=pl.DataFrame([row]))), NOON)
    assert {"address", "prefix"} <= set(share.facts["kind"])
    assert "address" in share.said_alone["kind"]
    assert "prefix" not in share.said_alone["kind"]


def test_arrivals_are_counted_by_the_first_moment_that_knows_of_them() -> None:
    moments = pl.Series([NOON + timedelta(days=day) for day in (0, 2, 5)], dtype=TIME)
    seen = [NOON, NOON + timedelta(days=1), NOON + timedelta(days=2), NOON + timedelta(days=9)]
    counted = count_arrivals_until(pl.DataFrame({"seen_at": seen}, schema={"seen_at": TIME}), moments)
    assert dict(counted.select("when", "n").iter_rows()) == {moments[0]: 1, moments[1]: 2}
