"""The life of models: which there are, which is in charge, what a challenger would do, who promoted what and why."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table as Grid

from grantguard.cli.terminal import (
    AtOption,
    DataOption,
    KeepGoing,
    assess_all,
    moment_of,
    now,
    open_bundle,
    page_of_output,
    read_tables,
    say,
)
from grantguard.comparison import Comparison
from grantguard.comparison import compare as hold_beside
from grantguard.contract import TRUTH
from grantguard.errors import UsageError
from grantguard.settings import Settings
from grantguard.settlement import may_enforce
from grantguard.settlement import promote as put_in_charge
from grantguard.sources.files import read_one
from grantguard.sources.outputs import require_suffix, write_table
from grantguard.store.bundles import read_bundle
from grantguard.store.shelf import Promotion, Shelf

models = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Versions of the forest: list, show, compare, promote, verify.",
)

DEFAULT = Path("models/default")
"""The bundle that is served where nobody has promoted another."""

Named = Annotated[str, typer.Argument(help="A bundle's folder, or a version on the shelf.")]


def shelf() -> Shelf:
    """The deployment's shelf, under its home."""
    return Shelf(Settings().home / "models")


def read_named(name: str) -> dict[str, bytes]:
    """The files of a bundle's folder, or of a version on the shelf."""
    return read_bundle(Path(name)) if Path(name).is_dir() else shelf().read(name)


def find_model(asked: Path | None) -> Path:
    """The folder to serve from: the one asked for, the setting's, the champion's, or the default."""
    chosen, champion = asked or Settings().model, shelf().champion
    if chosen is not None:
        return chosen
    return DEFAULT if champion is None else shelf().root / champion.version


@models.command("list")
def list_models() -> None:
    """List the versions on the shelf, the champion marked.

    Example: grantguard models list
    """
    champion = shelf().champion
    grid = Grid("", "version", "trained at", "reference", "verdicts", box=None, pad_edge=False)
    for version in shelf().versions():
        card = json.loads(shelf().read(version)["card.json"])
        mark = "champion" if champion is not None and champion.version == version else ""
        grid.add_row(mark, version, card["trained_at"], card["reference"], f"{len(card['verdicts']):,}")
    page_of_output().print(grid)
    if not grid.row_count:
        say(f"no model on the shelf {shelf().root}; put one there with 'grantguard models promote FOLDER'")


@models.command()
def show(model: Named) -> None:
    """Show what a model was made of, what taught it, and its promotions.

    Example: grantguard models show models/default
    """
    bundle = open_bundle(model, read_named(model))
    card = bundle.card
    grid = Grid.grid(padding=(0, 2, 0, 0))
    for name, value in (
        ("version", bundle.version),
        ("trained at", card["trained_at"]),
        ("reference", f"{card['reference']}; {card['metrics']['calibrated_by']:,} accounts calibrate"),
        ("data", card["data_fingerprint"]),
        ("verdicts", f"on {len(card['verdicts']):,} accounts"),
        ("lineage", " → ".join([*card["lineage"], bundle.version])),
        ("may enforce", "yes, once promoted with --enforce" if may_enforce(bundle) else "no: recommends only"),
    ):
        grid.add_row(name, str(value))
    for told in shelf().promotions():
        if told.version == bundle.version:
            word = "to enforce" if told.enforce else "to recommend"
            grid.add_row("promoted", f"{told.promoted_at} {word}, by {told.by}: {told.why}")
    page_of_output().print(grid, highlight=False)


@models.command()
def compare(
    champion: Named,
    challenger: Named,
    data: DataOption,
    truth: Annotated[
        Path | None, typer.Option("--truth", help="account_id, role, kind, ring, where it is known.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Where to write the accounts; .parquet, .csv or .jsonl.")
    ] = None,
    at: AtOption = None,
    keep_going: KeepGoing = False,
) -> None:
    """Score the same accounts with two models: whom the challenger would hold that the champion does not, and back.

    Example: grantguard models compare models/default models/mine --data data/sample
    """
    if out is not None:
        require_suffix(out)
    pair = [open_bundle(name, read_named(name)) for name in (champion, challenger)]
    tables, newest = read_tables(data, (out or data).parent, keep_going=keep_going)
    scores = [assess_all(tables, bundle, moment_of(at, newest)).scores() for bundle in pair]
    beside = hold_beside(scores[0], scores[1], None if truth is None else read_one(truth, TRUTH, now()))
    page_of_output().print(_summarise(beside))
    if out is not None:
        write_table(beside.accounts, out)
        say(f"{out}: {beside.accounts.height:,} accounts, most changed first")


def _summarise(beside: Comparison) -> Grid:
    page = Grid.grid(padding=(0, 0, 1, 0))
    page.add_row(f"{beside.accounts.height:,} accounts; the orders of risk agree to {beside.agreement:.3f} (Spearman)")
    grid = Grid("", "accounts", "credits left", *(["gaming"] if "role" in beside.accounts.columns else []), box=None)
    for name, rows in (
        (f"held by {beside.challenger} alone", beside.newly_held),
        (f"held by {beside.champion} alone", beside.let_go),
    ):
        gaming = [f"{(rows['role'] == 'abuse').sum():,}"] if "role" in rows.columns else []
        grid.add_row(name, f"{rows.height:,}", f"{rows['promo_credits_left'].sum():,.0f}", *gaming)
    page.add_row(grid)
    return page


@models.command()
def promote(
    model: Named,
    by: Annotated[str, typer.Option("--by", help="Who promotes it: a person's name.")],
    why: Annotated[str, typer.Option("--why", help="The reason, for whoever asks later.")],
    enforce: Annotated[bool, typer.Option("--enforce", help="Its holds bind the ledger, rather than advise.")] = False,
) -> None:
    """Put a model in charge: it is kept on the shelf, and who promoted it, when and why is recorded for good.

    Example: grantguard models promote models/default --by "R. Marsh" --why "first model"
    """
    if not by.strip() or not why.strip():
        raise UsageError("--by, --why: say who promotes the model and why; it is kept for good")
    files = read_named(model)
    bundle = open_bundle(model, files)
    shelf().keep(bundle.version, files)
    put_in_charge(shelf(), bundle, Promotion(bundle.version, now().isoformat(), by.strip(), why.strip(), enforce))
    say(f"{bundle.version} is in charge, {'enforcing' if enforce else 'recommending only'}")


@models.command()
def verify(
    model: Annotated[str | None, typer.Argument(help="A folder or version; default: the whole shelf.")] = None,
) -> None:
    """Check every byte of a model against its digests, and that this release can read it.

    Example: grantguard models verify models/default
    """
    names = shelf().versions() if model is None else (model,)
    for name in names:
        version = open_bundle(name, read_named(name)).version
        page_of_output().print(f"{name}: whole, model {version}", highlight=False, soft_wrap=True)
