"""Who is company to another bucket's accounts is rated where its own rows are, and the answer goes there."""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl
import pyarrow as pa
from polars.testing import assert_frame_equal

from grantguard.assessment import RATED, rate_themselves
from grantguard.forest import Bundle
from grantguard.histories import ask
from grantguard.parcels.extracting import SIGNALS
from grantguard.parcels.finding import Find
from grantguard.parcels.wrapping import lay_open, open_parcels, send

NOON = datetime(2025, 5, 10, 12, tzinfo=UTC)


def test_whoever_no_table_tells_of_is_rated_as_one_of_whom_nothing_is_known(bundle: Bundle) -> None:
    asked = lay_open("company", pl.DataFrame({"account_id": ["gone"], "n": [3]}), 0)
    (parcel,) = open_parcels(Find(bundle, NOON)(send([asked])))
    nothing = ask(["gone"], NOON).join(SIGNALS.to_frame(), on=["account_id", "at"], how="left")
    assert parcel.bucket == 3
    assert_frame_equal(parcel.read("rated", RATED), rate_themselves(nothing, bundle))


def test_each_bucket_is_told_of_those_alone_whom_it_asks_about(bundle: Bundle) -> None:
    company = pl.DataFrame({"account_id": ["ada", "bob", "ada"], "n": [3, 3, 5]})
    told = pa.Table.from_batches(list(Find(bundle, NOON)(send([lay_open("company", company, 0)])))).sort_by("bucket")
    answers = {each.bucket: set(each.read("rated", RATED)["account_id"]) for each in open_parcels(told.to_batches())}
    assert answers == {3: {"ada", "bob"}, 5: {"ada"}}
