"""The passes over dated buckets: linked, put in rings, read, scored; and the scores put together."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from datetime import datetime

import polars as pl

from grantguard.assessment import Findings, assess_findings, rate_themselves
from grantguard.buckets.dating import date, gather, read_bucket, share
from grantguard.buckets.parting import Tell
from grantguard.buckets.scratch import Scratch
from grantguard.contract import USAGE, Tables
from grantguard.faults import Fault, find_faults
from grantguard.forest import Bundle
from grantguard.histories import Bucket, Everybody, Linked, Past, ask, find_rings, past_among, strong_pairs
from grantguard.policy import RULES, Rules


@dataclass(frozen=True)
class Run:
    """What is scored: the small tables of a directory whose usage is parted, by which model, as of when."""

    scratch: Scratch
    tables: Tables
    buckets: int
    bundle: Bundle
    at: datetime
    rules: Rules = RULES


def find_faults_in(run: Run) -> tuple[Fault, ...]:
    """The columns at fault, as one bucket's usage shows them: accounts fall into buckets by chance."""
    usage = pl.concat([USAGE.empty(), *(run.scratch.read(name) for name in run.scratch.names("usage/0"))])
    return find_faults(replace(run.tables, usage=usage))


def count_repeats(run: Run) -> int:
    """How many rows of usage repeated another, once all are scored."""
    return int(run.scratch.read_all("dated")["repeated"].sum())


def score_in_buckets(run: Run, mend: Callable[[Tables], Tables], tell: Tell) -> pl.LazyFrame:
    """The contract's ``scores`` of every account, the most suspicious first; ``mend`` takes away what is at fault.

    What the scratch holds of an interrupted run of the same question is not done again.
    """
    date(run.scratch, run.tables, run.buckets, run.at, mend, tell)
    share(run.scratch, run.buckets, tell)
    everybody = gather(run.scratch, run.tables.campaigns, run.at)
    for bucket in range(run.buckets):
        if not run.scratch.has(f"pairs/{bucket}"):
            _link_bucket(run, everybody, bucket)
        tell("linking", bucket + 1, run.buckets)
    rings = find_rings(run.scratch.read_all("pairs"))
    for bucket in range(run.buckets):
        if not run.scratch.has(f"rated/{bucket}"):
            _read_bucket(run, everybody, rings, bucket)
        tell("reading", bucket + 1, run.buckets)
    for bucket in range(run.buckets):
        if not run.scratch.has(f"scores/{bucket}"):
            _score_bucket(run, bucket)
        tell("scoring", bucket + 1, run.buckets)
    return _rank(run)


def _past(run: Run, everybody: Everybody, bucket: int, events: pl.DataFrame) -> Past:
    tables = read_bucket(run.tables, bucket, run.buckets, USAGE.empty())
    names = [f"own/{bucket}", *run.scratch.names(f"shared/{bucket}")]
    return past_among(
        everybody,
        Bucket(
            account_ids=_accounts(run, bucket, tables),
            tables=tables,
            events=events,
            facts=pl.concat(run.scratch.read(name) for name in names),
            likenesses=run.scratch.read(f"likenesses/{bucket}"),
        ),
    )


def _accounts(run: Run, bucket: int, tables: Tables) -> pl.Series:
    known = run.scratch.read(f"marks/{bucket}")["account_id"]
    return pl.concat([known, tables.grants["account_id"]]).unique().sort()


def _link_bucket(run: Run, everybody: Everybody, bucket: int) -> None:
    past = _past(run, everybody, bucket, pl.DataFrame())  # what is shared lies in facts alone
    linked = past.link(ask(_accounts(run, bucket, past.tables), run.at))
    for name, frame in vars(linked).items():
        run.scratch.write(f"{name}/{bucket}", frame)
    run.scratch.write(f"pairs/{bucket}", strong_pairs(linked.kin))


def _read_bucket(run: Run, everybody: Everybody, rings: pl.DataFrame, bucket: int) -> None:
    """What is known of the accounts, and what the forest says of each by itself, which those near it need."""
    past = _past(run, everybody, bucket, run.scratch.read(f"events/{bucket}"))
    asked = ask(_accounts(run, bucket, past.tables), run.at)
    linked = Linked(*(run.scratch.read(f"{name}/{bucket}") for name in ("ties", "kin")))
    findings = Findings.of(past, past.up_to(asked, linked), rings)
    for name, frame in vars(findings).items():
        run.scratch.write(f"{name}/{bucket}", frame)
    run.scratch.write(f"rated/{bucket}", rate_themselves(findings.signals, run.bundle))


def _score_bucket(run: Run, bucket: int) -> None:
    findings = Findings(*(run.scratch.read(f"{field.name}/{bucket}") for field in fields(Findings)))
    assessed = assess_findings(findings, _read_company(run, findings), run.bundle, run.rules)
    run.scratch.write(f"scores/{bucket}", assessed.scores())


def _read_company(run: Run, findings: Findings) -> pl.DataFrame:
    """``RATED`` of whoever stands near the accounts, in whichever bucket; of who is in none, nothing is known."""
    wanted = findings.near.select("at", account_id="other").unique()
    rated = pl.concat(_read_wanted(run, wanted))
    missing = wanted.join(rated, on=["account_id", "at"], how="anti")
    unknown = missing.join(findings.signals.clear(), on=["account_id", "at"], how="left")
    return pl.concat([rated, rate_themselves(unknown, run.bundle)])


def _read_wanted(run: Run, wanted: pl.DataFrame) -> Iterator[pl.DataFrame]:
    for name in run.scratch.names("rated"):
        yield run.scratch.read(name).join(wanted, on=["account_id", "at"], how="semi")


def _rank(run: Run) -> pl.LazyFrame:
    return pl.scan_ipc(run.scratch.folder / "scores" / "*.arrow").sort(
        "risk", "account_id", descending=[True, False], nulls_last=True
    )
