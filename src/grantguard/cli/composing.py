"""Parts put together as the settings say: the store, the secret, the ledger, the deployment."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from grantguard.cli.models import find_model
from grantguard.cli.terminal import load, now
from grantguard.errors import UsageError
from grantguard.forest import Bundle
from grantguard.jobs import Work
from grantguard.ledgers import open_stripe, open_webhook
from grantguard.service import Deployment, Limits
from grantguard.settings import Settings
from grantguard.settlement import Charge, Desk
from grantguard.sources.hashing import Hasher
from grantguard.sources.mapping import Mapping, load_mapping
from grantguard.store.database import Database, open_database
from grantguard.store.migrating import upgrade
from grantguard.store.server import run_server
from grantguard.store.shelf import Shelf
from grantguard.vocabulary import Ledger


@contextmanager
def open_store(settings: Settings) -> Iterator[Database]:
    """The deployment's database; the embedded one is started, and brought up to date, where it is needed."""
    if settings.database_url is not None:
        with open_database(settings.database_url.get_secret_value()) as database:
            yield database
        return
    with run_server(settings.home) as url, open_database(url) as database:
        upgrade(database)
        yield database


def compose(
    settings: Settings, database: Database, model: Path | None, clock: Callable[[], datetime] = now
) -> tuple[Bundle, Deployment]:
    """The bundle that is served first, and the deployment around it."""
    bundle = load(find_model(model))
    shelf = Shelf(settings.home / "models")
    pinned = (model or settings.model) is not None
    in_tranches = settings.webhook_url is not None and settings.webhook_tranches
    desk = Desk(database, Charge(bundle, shelf, pinned=pinned), in_tranches=in_tranches)
    limits = Limits(settings.most_stream, settings.most_document, rate=settings.rate, burst=settings.burst)
    return bundle, Deployment(desk, shelf, Hasher(find_secret(settings)), clock, find_mapping(settings), limits)


def work_of(settings: Settings, deployment: Deployment) -> Work:
    """What a worker of the deployment works with."""
    return Work(deployment.desk, deployment.clock, find_ledger(settings), settings.keep_days)


def find_mapping(settings: Settings) -> Mapping:
    """What senders lack, as the setting says it."""
    return Mapping() if settings.mapping is None else load_mapping(settings.mapping)


def find_secret(settings: Settings) -> bytes:
    """The key of all hashes: the setting's, or one that is made once and kept under the home."""
    if settings.secret is not None:
        return settings.secret.get_secret_value().encode()
    kept = settings.home / "secret"
    settings.home.mkdir(parents=True, exist_ok=True)
    try:
        made = os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return kept.read_bytes()
    with os.fdopen(made, "wb") as file:
        file.write(secrets.token_hex(32).encode())
    return kept.read_bytes()


def find_ledger(settings: Settings) -> Ledger | None:
    """The ledger that is told; raises ``UsageError`` where the settings name two, or half of one."""
    if settings.webhook_url is not None and settings.stripe_key is not None:
        raise UsageError("GRANTGUARD_WEBHOOK_URL, GRANTGUARD_STRIPE_KEY: there is one ledger; choose one of the two")
    if settings.stripe_key is not None:
        return open_stripe(settings.stripe_key.get_secret_value())
    if settings.webhook_url is None:
        return None
    if settings.webhook_secret is None:
        raise UsageError("GRANTGUARD_WEBHOOK_SECRET: missing; a webhook that is not signed is not sent")
    signing = [each.strip() for each in settings.webhook_secret.get_secret_value().split(",")]
    return open_webhook(settings.webhook_url.get_secret_value(), signing, allow_private=settings.webhook_private)
