"""A data directory: every row is accepted, repeated or rejected, and nothing is lost in silence."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from grantguard.contract import LABELS, TRUTH
from grantguard.errors import ColumnMissing, FileMissing, FileUnreadable, TooManyRejected, UsageError
from grantguard.sources.files import describe_counts, read, read_one, require_tolerable
from grantguard.sources.outputs import write_rejected, write_table

NOW = datetime(2025, 6, 1, tzinfo=UTC)
ACCOUNTS = "account_id,created_at,plan\na1,2025-05-01T00:00:00Z,free\na2,2025-05-02T00:00:00Z,pro\n"
GRANTS = "grant_id,account_id,campaign,kind,granted_at,credits\ng1,a1,welcome,starter,2025-05-01T00:00:00Z,40\n"
HEADER = "event_id,account_id,occurred_at,category,input_tokens,output_tokens,credits,status,grant_id"


def event(name: str = "e1", account: str = "a1", credits_: str = "0.5", grant: str = "g1") -> str:
    return f"{name},{account},2025-05-03T10:00:00Z,standard_chat,10,20,{credits_},ok,{grant}"


def lay(folder: Path, *events: str, accounts: str = ACCOUNTS, grants: str = GRANTS) -> Path:
    (folder / "accounts.csv").write_text(accounts)
    (folder / "grants.csv").write_text(grants)
    (folder / "usage.csv").write_text("\n".join([HEADER, *events]) + "\n")
    return folder


def test_a_directory_of_csv_is_read(tmp_path: Path) -> None:
    intake = read(lay(tmp_path, event("e1"), event("e2")), NOW)
    assert (intake.tables.accounts.height, intake.tables.usage.height) == (2, 2)


def test_a_missing_optional_table_is_empty(tmp_path: Path) -> None:
    assert read(lay(tmp_path, event()), NOW).tables.billing.is_empty()


@pytest.mark.parametrize("name", ["accounts.csv", "grants.csv", "usage.csv"])
def test_a_needed_table_that_is_not_there_is_named(tmp_path: Path, name: str) -> None:
    lay(tmp_path, event())
    (tmp_path / name).unlink()
    with pytest.raises(FileMissing, match=name.removesuffix(".csv")):
        read(tmp_path, NOW)


def test_a_missing_required_column_is_named_with_its_file(tmp_path: Path) -> None:
    lay(tmp_path, event(), accounts="account_id,plan\na1,free\n")
    with pytest.raises(ColumnMissing, match=r"accounts\.csv: column created_at"):
        read(tmp_path, NOW)


def test_two_files_of_one_table_are_refused(tmp_path: Path) -> None:
    lay(tmp_path, event())
    (tmp_path / "usage.jsonl").write_text("")
    with pytest.raises(UsageError, match=r"usage\.csv and usage\.jsonl"):
        read(tmp_path, NOW)


def test_a_file_that_is_not_what_its_name_says_is_refused(tmp_path: Path) -> None:
    lay(tmp_path, event())
    (tmp_path / "billing.parquet").write_text("not parquet")
    with pytest.raises(FileUnreadable, match=r"billing\.parquet"):
        read(tmp_path, NOW)


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_every_format_gives_the_same_table(tmp_path: Path, suffix: str) -> None:
    (tmp_path / "csv").mkdir()
    (tmp_path / "other").mkdir()
    first = read(lay(tmp_path / "csv", event("e1"), event("e2", grant="")), NOW).tables.usage
    lay(tmp_path / "other")
    (tmp_path / "other" / "usage.csv").unlink()
    write_table(first, tmp_path / "other" / f"usage{suffix}")
    assert_frame_equal(read(tmp_path / "other", NOW).tables.usage, first)


def test_a_folder_of_parts_is_one_table_and_a_partition_is_a_column(tmp_path: Path) -> None:
    lay(tmp_path)
    (tmp_path / "usage.csv").unlink()
    for name, status in (("e1", "ok"), ("e2", "refunded")):
        part = tmp_path / "usage" / f"status={status}"
        part.mkdir(parents=True)
        line = event(name).replace(",ok,", ",")
        (part / "part-0.csv").write_text(HEADER.replace(",status,", ",") + "\n" + line + "\n")
    assert read(tmp_path, NOW).tables.usage.sort("event_id")["status"].to_list() == ["ok", "refunded"]


def test_a_bad_row_is_parted_with_file_row_and_reason(tmp_path: Path) -> None:
    intake = read(lay(tmp_path, event("e1"), event("e2", credits_="-3")), NOW)
    row = intake.rejected.row(0, named=True)
    assert (row["file"], row["row"], row["reason"]) == ("usage.csv", 2, "credits: '-3' is negative")


def test_a_row_with_too_many_fields_costs_itself_alone(tmp_path: Path) -> None:
    intake = read(lay(tmp_path, event("e1"), event("e2") + ",surplus", event("e3")), NOW)
    assert intake.tables.usage.height == 2
    assert "has 10 fields, the header 9" in intake.rejected["reason"][0]


def test_a_line_that_is_not_json_costs_itself_alone(tmp_path: Path) -> None:
    lay(tmp_path)
    (tmp_path / "usage.csv").unlink()
    fine = dict(zip(HEADER.split(","), event().split(","), strict=True))
    (tmp_path / "usage.jsonl").write_text(json.dumps(fine) + "\n{broken\n[1]\n")
    intake = read(tmp_path, NOW)
    assert intake.tables.usage.height == 1
    assert intake.rejected["row"].to_list() == [2, 3]


def test_a_grant_of_another_account_is_rejected(tmp_path: Path) -> None:
    intake = read(lay(tmp_path, event("e1"), event("e2", account="a2")), NOW)
    assert "was given to another account" in intake.rejected["reason"][0]


def test_a_repeat_is_counted_apart_and_is_not_bad(tmp_path: Path) -> None:
    counts = read(lay(tmp_path, event(), event(), event("e2")), NOW).counts["usage"]
    assert (counts.read, counts.accepted, counts.duplicate, counts.rejected) == (3, 2, 1, 0)


def test_every_row_read_is_accepted_repeated_or_rejected(tmp_path: Path) -> None:
    rows = [event(), event(), event("e2", credits_="x"), event("e3") + ",y", event("e4", account="a2")]
    counts = read(lay(tmp_path, *rows), NOW).counts["usage"]
    assert counts.read == counts.accepted + counts.duplicate + counts.rejected == len(rows)


def test_unknown_columns_are_ignored_and_counted(tmp_path: Path) -> None:
    lay(tmp_path, event(), accounts="account_id,created_at,plan,shoe_size\na1,2025-05-01,free,43\n")
    assert read(tmp_path, NOW).counts["accounts"].ignored_columns == 1


def test_a_byte_order_mark_and_windows_lines_do_no_harm(tmp_path: Path) -> None:
    lay(tmp_path, event())
    (tmp_path / "accounts.csv").write_bytes(b"\xef\xbb\xbf" + ACCOUNTS.replace("\n", "\r\n").encode())
    assert read(tmp_path, NOW).tables.accounts["account_id"].to_list() == ["a1", "a2"]


@pytest.mark.parametrize("content", ["", HEADER + "\n"])
def test_an_empty_usage_table_works(tmp_path: Path, content: str) -> None:
    lay(tmp_path)
    (tmp_path / "usage.csv").write_text(content)
    intake = read(tmp_path, NOW)
    assert intake.tables.usage.is_empty()
    assert intake.newest is None


def test_one_percent_is_tolerated_and_more_is_not(tmp_path: Path) -> None:
    fine = [event(f"e{i}") for i in range(98)]
    intake = read(lay(tmp_path, *fine, event("bad", credits_="-1")), NOW)
    with pytest.raises(TooManyRejected, match=r"usage: 1 of 99 .*usage\.csv, row 99.*--keep-going"):
        require_tolerable(intake, tmp_path / "rejected.jsonl", keep_going=False)
    intake = read(lay(tmp_path, *fine, event("e98"), event("bad", credits_="-1")), NOW)
    require_tolerable(intake, tmp_path / "rejected.jsonl", keep_going=False)


def test_keep_going_goes_on(tmp_path: Path) -> None:
    intake = read(lay(tmp_path, event("bad", credits_="-1")), NOW)
    require_tolerable(intake, tmp_path / "rejected.jsonl", keep_going=True)


def test_rejected_rows_are_written_with_what_they_held(tmp_path: Path) -> None:
    intake = read(lay(tmp_path, event("e1", credits_="-1")), NOW)
    write_rejected(intake.rejected, tmp_path / "rejected.jsonl")
    written = json.loads((tmp_path / "rejected.jsonl").read_text())
    assert json.loads(written["content"])["event_id"] == "e1"


def test_an_old_list_of_rejected_rows_does_not_outlive_a_clean_run(tmp_path: Path) -> None:
    (tmp_path / "rejected.jsonl").write_text("{}")
    write_rejected(read(lay(tmp_path, event()), NOW).rejected, tmp_path / "rejected.jsonl")
    assert not (tmp_path / "rejected.jsonl").exists()


def test_the_closing_line_counts(tmp_path: Path) -> None:
    intake = read(lay(tmp_path, event(), event(), event("e2", credits_="-1")), NOW)
    assert describe_counts(intake.counts) == "read accounts 2, grants 1, usage 1 (1 repeated, 1 rejected)"


def test_a_single_table_is_read_from_its_file(tmp_path: Path) -> None:
    (tmp_path / "truth.csv").write_text("account_id,role,kind,ring\na1,abuse,T3,r1\n")
    assert read_one(tmp_path / "truth.csv", TRUTH, NOW)["kind"].to_list() == ["T3"]


def test_a_bad_row_of_a_single_table_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_text("account_id,label,labelled_at\na1,guilty,2025-05-01\n")
    with pytest.raises(TooManyRejected, match="row 1: label: 'guilty' is not one of"):
        read_one(tmp_path / "labels.csv", LABELS, NOW)


def test_a_name_that_says_no_format_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="parquet"):
        write_table(pl.DataFrame({"a": [1]}), tmp_path / "scores.xlsx")
