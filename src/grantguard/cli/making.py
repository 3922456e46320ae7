"""Making: a population, a forest, a taught forest, the signals themselves."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from grantguard.cli.clusters import EngineOption, Errand, MasterOption, read_engine, train_on_cluster
from grantguard.cli.terminal import (
    AtOption,
    DataOption,
    KeepGoing,
    ModelOption,
    OutOption,
    moment_of,
    now,
    open_bundle,
    progress,
    read_tables,
    say,
    warn_of_few,
)
from grantguard.contract import LABELS
from grantguard.errors import UsageError
from grantguard.forest import pack, repack
from grantguard.histories import Past, ask
from grantguard.signals import extract as extract_signals
from grantguard.sources.files import is_simulated, read_one
from grantguard.sources.outputs import mark_simulated, require_suffix, write_table, write_tables
from grantguard.store.bundles import read_bundle, write_bundle
from grantguard.training import Recipe
from grantguard.training import learn as teach_by_verdicts
from grantguard.training import train as make_bundle
from grantguard.worlds import simulate as make_world


def simulate(
    out: Annotated[Path, typer.Option("--out", help="The data directory to write.")],
    accounts: Annotated[int, typer.Option(min=100, help="How many accounts.")] = 10_000,
    seed: Annotated[int, typer.Option(help="The same seed gives the same world.")] = 0,
    prevalence: Annotated[float, typer.Option(min=0.0, max=0.5, help="The share of gaming accounts.")] = 0.03,
    stealth: Annotated[float, typer.Option(min=0.0, max=1.0, help="0: blatant, 1: nearly indistinguishable.")] = 0.5,
) -> None:
    """Make a population with its truth apart.

    Example: grantguard simulate --out world --accounts 2000 --seed 3
    """
    with progress() as bar:
        task = bar.add_task("simulating", total=1.0)
        world = make_world(
            accounts,
            seed=seed,
            prevalence=prevalence,
            stealth=stealth,
            progress=lambda share: bar.update(task, completed=share),
        )
    write_tables(world.tables, out)
    write_table(world.truth, out / "truth.parquet")
    mark_simulated(out, seed=seed, prevalence=prevalence, stealth=stealth)
    say(f"{accounts:,} accounts, {world.tables.usage.height:,} events in {out}")


def train(
    data: DataOption,
    out: Annotated[Path, typer.Option("--out", help="The folder of the new bundle.")],
    at: AtOption = None,
    seed: Annotated[int, typer.Option(help="The same seed and data give the same bundle.")] = 0,
    unschooled: Annotated[bool, typer.Option("--unschooled", help="Without simulated techniques' teaching.")] = False,
    memory: Annotated[
        float | None,
        typer.Option(min=1.0, help="On a cluster: how many gigabytes a task may take, 2 unless said."),
    ] = None,
    engine: EngineOption = "local",
    master: MasterOption = None,
    keep_going: KeepGoing = False,
) -> None:
    """Make a forest from histories; labels in the data teach it, and none is needed.

    Example: grantguard train --data data/sample --out models/mine
    """
    cluster, recipe = read_engine(engine, master), Recipe(seed=seed, schooled=not unschooled)
    if cluster is not None:
        train_on_cluster(Errand(data, out, at, memory, cluster, keep_going), recipe)
        return
    if memory is not None:
        raise UsageError("--memory: here all accounts are read at once; leave it out, or train with --engine spark")
    tables, newest = read_tables(data, out.parent, keep_going=keep_going)
    with progress() as bar:
        bar.add_task("growing the forest", total=None)
        bundle, estimator = make_bundle(tables, moment_of(at, newest), recipe, simulated=is_simulated(data))
    write_bundle(pack(bundle, estimator), out)
    warn_of_few(bundle)
    say(f"{out}: model {bundle.version}, calibrated on {bundle.card['metrics']['calibrated_by']:,} accounts")


def learn(
    data: DataOption,
    labels: Annotated[Path, typer.Option("--labels", help="Verdicts: account_id or ring_id, label, labelled_at.")],
    model: ModelOption,
    out: Annotated[Path, typer.Option("--out", help="The folder of the taught bundle.")],
    keep_going: KeepGoing = False,
) -> None:
    """Teach a forest with reviewers' verdicts: leaf values move, nothing else.

    Example: grantguard learn --data DIR --labels verdicts.csv --model models/default --out models/taught
    """
    if out.resolve() == model.resolve():
        raise UsageError(f"--out: {out} is the model that is to be taught; versions never change, name another folder")
    files = read_bundle(model)
    bundle = open_bundle(model, files)
    tables, _ = read_tables(data, out.parent, keep_going=keep_going)
    verdicts = read_one(labels, LABELS, now())
    with progress() as bar:
        bar.add_task("learning from verdicts", total=None)
        taught = teach_by_verdicts(tables, verdicts, bundle)
    write_bundle(repack(taught, files), out)
    said = len(taught.card["verdicts"])
    say(f"{out}: model {taught.version}, taught by verdicts on {said:,} accounts")


def extract(data: DataOption, out: OutOption, at: AtOption = None, keep_going: KeepGoing = False) -> None:
    """Write the signals themselves, a row an account.

    Example: grantguard extract --data data/sample --out signals.parquet
    """
    require_suffix(out)
    tables, newest = read_tables(data, out.parent, keep_going=keep_going)
    with progress() as bar:
        bar.add_task("extracting signals", total=None)
        past = Past.of(tables)
        signals = extract_signals(past.up_to(ask(past.account_ids, moment_of(at, newest))))
    write_table(signals, out)
    say(f"{out}: {signals.height:,} accounts, {signals.width - 2} signals")
