"""Scoring: every account's risk and decision, whom to review, what a figure should count, and why."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from zlib import crc32

import polars as pl
import typer
from rich.table import Table as Grid

from grantguard.assessment import Assessment, assess
from grantguard.authenticity import weigh as weigh_accounts
from grantguard.cli.bulk import Question, scored_within
from grantguard.cli.clusters import (
    EngineOption,
    Errand,
    MasterOption,
    read_engine,
    require_folder_name,
    score_on_cluster,
)
from grantguard.cli.going_on import score_on_from
from grantguard.cli.terminal import (
    AtOption,
    DataOption,
    KeepGoing,
    ModelOption,
    OutOption,
    assess_all,
    draw_ranking,
    load,
    moment_of,
    now,
    page_of_output,
    read_tables,
    say,
    screen,
)
from grantguard.contract import LABELS
from grantguard.discovery import flag
from grantguard.errors import UsageError
from grantguard.forest import Bundle
from grantguard.review import AUDIT_SHARE, build_queue, find_audit_share
from grantguard.sources.files import read_one
from grantguard.sources.outputs import require_suffix, stream_table, write_table
from grantguard.training import NAMES, TEACHING


def score(  # noqa: PLR0913, PLR0917 - its options: each has a name and, but for three, a default
    data: DataOption,
    model: ModelOption,
    out: OutOption,
    at: AtOption = None,
    fdr: Annotated[
        float | None,
        typer.Option(
            min=0.0, max=1.0, help="Also flag accounts, so that this share of the flagged at most is genuine."
        ),
    ] = None,
    memory: Annotated[
        float | None,
        typer.Option(
            min=1.0,
            help="Take about so many gigabytes at most: accounts are scored in buckets, beside the output until it is"
            " whole, and an interrupted run goes on where it was. On a cluster: what a task may take, 2 unless said.",
        ),
    ] = None,
    remember: Annotated[
        bool,
        typer.Option("--remember", help="Leave beside the output, in FILE.run, what a later --since goes on from."),
    ] = False,
    since: Annotated[
        Path | None,
        typer.Option(
            metavar="RUN",
            help="The output of an earlier score that was run with --remember, or --since: only accounts with news are"
            " scored anew, the values are those of all scored anew.",
        ),
    ] = None,
    engine: EngineOption = "local",
    master: MasterOption = None,
    keep_going: KeepGoing = False,
) -> None:
    """Score every account, with reasons and a decision, most suspicious first.

    Example: grantguard score --data data/sample --model models/default --out scores.parquet
    """
    require_suffix(out)
    cluster = read_engine(engine, master)
    if cluster is not None:
        require_folder_name(out)
    if cluster is not None and fdr is not None:
        raise UsageError("--fdr: flags are not made on a cluster; leave it out, or score with --engine local")
    goes_on = remember or since is not None
    if goes_on and (cluster is not None or memory is not None):
        raise UsageError(
            f"{'--remember' if since is None else '--since'}: what a run remembers is held in memory, on one machine;"
            " leave it out, or score without --memory and --engine spark"
        )
    bundle = load(model)
    if cluster is not None:
        score_on_cluster(Errand(data, out, at, memory, cluster, keep_going), bundle)
        return
    if memory is not None:
        with scored_within(Question(data, bundle, at, memory, keep_going), out) as plan:
            stream_table(plan if fdr is None else _flagged(plan, fdr, bundle), out)
        return
    tables, newest = read_tables(data, out.parent, keep_going=keep_going)
    moment = moment_of(at, newest)
    if goes_on:
        scores = score_on_from(since, tables, bundle, moment, out)
    else:
        scores = assess_all(tables, bundle, moment).scores()
    if fdr is not None:
        scores = scores.with_columns(flag(scores, fdr, bundle.calibration.accounts).alias("flagged"))
    write_table(scores, out)
    if screen.is_terminal:
        screen.print(draw_ranking(scores.head(10)))
    say(f"{out}: {scores.height:,} accounts, {(scores['decision'] == 'hold').sum():,} to hold (recommended only)")


def _flagged(plan: pl.LazyFrame, fdr: float, bundle: Bundle) -> pl.LazyFrame:
    read = plan.select("account_id", "ring_id", "p_value").collect()
    flagged = read.select("account_id", flag(read, fdr, bundle.calibration.accounts).alias("flagged"))
    return plan.join(flagged.lazy(), on="account_id", how="left", maintain_order="left")


def queue(
    data: DataOption,
    model: ModelOption,
    out: OutOption,
    at: AtOption = None,
    top: Annotated[int, typer.Option(min=1, help="How many accounts.")] = 100,
    labels: Annotated[Path | None, typer.Option("--labels", help="Verdicts so far: who has one is left out.")] = None,
    keep_going: KeepGoing = False,
) -> None:
    """Say whom to review next: by risk and money at risk, one of a ring at a time, and some drawn at random.

    Example: grantguard queue --data data/sample --model models/default --out queue.csv --top 50
    """
    require_suffix(out)
    bundle = load(model)
    tables, newest = read_tables(data, out.parent, keep_going=keep_going)
    moment = moment_of(at, newest)
    known = pl.concat([tables.labels, *([] if labels is None else [read_one(labels, LABELS, now())])])
    told = known.filter(pl.col("labelled_at") <= moment)
    assessed = assess_all(tables, bundle, moment)
    # The same question gets the same answer, another day another draw.
    seed = crc32(f"{moment.isoformat()} {bundle.version} {told.height}".encode())
    listed = build_queue(assessed.scores(), told, top=top, seed=seed, audit_share=_find_share(assessed, told, bundle))
    write_table(listed, out)
    audits = (listed["why"] == "audit").sum()
    say(f"{out}: {listed.height:,} accounts to review, {audits:,} of them drawn at random")


def _find_share(assessed: Assessment, labels: pl.DataFrame, bundle: Bundle) -> float:
    """How much to explore, by how well the untaught forest orders the accounts that have a verdict."""
    told = labels.filter(pl.col("label").is_in(TEACHING)).unique("account_id", keep="last", maintain_order=True)
    seen = assessed.signals.join(told.select("account_id", "label"), on="account_id")
    if seen.is_empty():
        return AUDIT_SHARE
    own = bundle.forest.with_leaf_values(bundle.forest.own)
    table = seen.select(NAMES).to_numpy().astype(float)
    return find_audit_share(own.score(bundle.scale.surprise(table)), (seen["label"] == "abuse").to_numpy())


def weigh(
    data: DataOption, model: ModelOption, out: OutOption, at: AtOption = None, keep_going: KeepGoing = False
) -> None:
    """Give every account and session a weight: one minus the chance that it is gamed.

    Example: grantguard weigh --data data/sample --model models/default --out weights.parquet
    """
    require_suffix(out)
    bundle = load(model)
    tables, newest = read_tables(data, out.parent, keep_going=keep_going)
    moment = moment_of(at, newest)
    weights = weigh_accounts(
        assess_all(tables, bundle, moment).scores(), tables.usage.filter(pl.col("occurred_at") <= moment)
    )
    write_table(weights, out)
    accounts = weights.filter(pl.col("session_id").is_null())
    say(f"{out}: {accounts.height:,} accounts that weigh {accounts['weight'].sum():,.1f}, and their sessions")


def explain(
    data: DataOption,
    model: ModelOption,
    account: Annotated[str, typer.Option("--account", help="The account.")],
    at: AtOption = None,
    keep_going: KeepGoing = False,
) -> None:
    """Say why an account has the risk that it has.

    Example: grantguard explain --data data/sample --model models/default --account ID
    """
    bundle = load(model)
    tables, newest = read_tables(data, model.parent, keep_going=keep_going)
    decision = assess(tables, bundle, moment_of(at, newest), accounts=[account]).decision()
    page = page_of_output()
    risk = "not scored: too little history" if decision.risk is None else f"risk {decision.risk:.3f}"
    rarity = "" if decision.p_value is None else f", p {decision.p_value:.4f}"
    page.print(f"{account}: {decision.action} ({risk}{rarity})", highlight=False)
    grid = Grid("signal", "family", "what it says", "typical", "adds", box=None, pad_edge=False)
    for reason in decision.reasons:
        typical = "–" if reason.typical is None else f"{reason.typical:,.3g} {reason.unit}"
        grid.add_row(reason.signal, reason.family, reason.text, typical, f"{reason.contribution:+.2f}")
    page.print(grid)
    missing, days = decision.support.missing_families, decision.support.days
    page.print(f"{decision.support.events:,} events on {days} day{'' if days == 1 else 's'}", highlight=False)
    if missing:
        page.print(f"nothing known of: {', '.join(missing)}", highlight=False)
