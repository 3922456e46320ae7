"""A real LiteLLM proxy before a real service, counted at both ends: ``make try-litellm``.

The proxy's settings, its models and the owners of its keys are those of docs/senders.md; no provider is asked.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from grantguard.store.database import Database, open_database
from grantguard.store.migrating import upgrade
from grantguard.store.server import run_server
from test_bad_days import PATIENCE, ROOT, Service, fetch, key_of, send, serving, wait_until

PORT = "4010"
PROXY = f"http://127.0.0.1:{PORT}"
MAPPING = '{"default_category": "standard_chat", "credits_per_cost": 100}'

ACCOUNTS, ROUNDS = ("ada", "ben", "cleo", "dora", "eve", "fay"), 10
CHAT = {"messages": [{"role": "user", "content": "Say something."}]}
REQUESTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("chat/completions", {"model": "gpt-4o-mini"} | CHAT),
    ("chat/completions", {"model": "gpt-4o-mini", "stream": True} | CHAT),
    ("embeddings", {"model": "text-embedding-3-small", "input": "Say something."}),
    ("chat/completions", {"model": "broken"} | CHAT),
    ("chat/completions", {"model": "busy", "stream": True} | CHAT),
)
"""One of each kind: answered at once, streamed, embedded, failed, and failed before another model answered."""


def main(litellm: str) -> None:
    """Print what was sent, what is there of it, and when the accounts were scored."""
    with (
        tempfile.TemporaryDirectory(prefix="grantguard-") as folder,
        run_server(Path(folder, "home")) as url,
        open_database(url) as database,
    ):
        upgrade(database)
        key = key_of(database)
        with (
            serving(home=folder, database_url=url, mapping=MAPPING) as service,
            proxying(litellm, Path(folder), service, key),
        ):
            send(service, key, opened())
            expected = ask_all()
            ended = time.monotonic()
            wait_until(lambda: expected <= set(events(database)))
            wait_until(lambda: all(scored(service, key, name) for name in ACCOUNTS))
            seconds = time.monotonic() - ended
            time.sleep(10)  # two batches more, for what may come twice
            sys.stdout.write(describe(expected, events(database), seconds))


def opened() -> dict[str, list[dict[str, Any]]]:
    """The accounts, each with a grant."""
    before = (datetime.now(UTC) - timedelta(days=2)).isoformat()
    granted = {"campaign": "welcome", "kind": "starter", "granted_at": before, "credits": 50}
    return {
        "accounts": [{"account_id": name, "created_at": before, "plan": "free"} for name in ACCOUNTS],
        "grants": [granted | {"account_id": name, "grant_id": f"g-{name}"} for name in ACCOUNTS],
    }


@contextmanager
def proxying(litellm: str, folder: Path, service: Service, key: dict[str, str]) -> Iterator[None]:
    """The proxy, set up as the page says, until it is no longer needed."""
    page = (ROOT / "docs" / "senders.md").read_text()
    settings = "".join(re.findall(r"```yaml\n(.*?)```", page, re.DOTALL))
    settings = settings.replace("http://127.0.0.1:8000", service.address).replace("Bearer gg_…", key["Authorization"])
    (folder / "config.yaml").write_text(settings)
    (folder / "owners.py").write_text(re.findall(r"```python\n(.*?)```", page, re.DOTALL)[0])
    command = [litellm, "--config", str(folder / "config.yaml"), "--host", "127.0.0.1", "--port", PORT]
    environment = os.environ | {"LITELLM_MASTER_KEY": "sk-only-for-a-trial", "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603 - the caller's
    try:
        wait_until(answers)
        yield
    finally:
        process.terminate()
        process.wait(PATIENCE)


def answers() -> bool:
    """Whether the proxy does."""
    try:
        return httpx.get(f"{PROXY}/health/liveliness").is_success
    except httpx.TransportError:
        return False


def ask_all() -> set[str]:
    """Every account makes every request so many times; the events that must come of it, by name."""
    with httpx.Client(base_url=f"{PROXY}/v1/", timeout=PATIENCE) as client:
        return {ask(client, name, *request) for _ in range(ROUNDS) for name in ACCOUNTS for request in REQUESTS}


def ask(client: httpx.Client, account: str, path: str, body: dict[str, Any]) -> str:
    """The event that must come of one request."""
    spending = {"metadata": {"spend_logs_metadata": {"grant_id": f"g-{account}"}}}
    answer = client.post(path, json=body | spending, headers={"Authorization": f"Bearer sk-{account}"})
    call = answer.headers["x-litellm-call-id"]
    return call if answer.is_success else f"{call}-failed"


def events(database: Database) -> Counter[str]:
    """How often each event is there."""
    return Counter(event for (event,) in fetch(database, "SELECT event_id FROM usage"))


def scored(service: Service, key: dict[str, str], account: str) -> bool:
    """Whether the account's risk is known and nothing newer waits."""
    told = httpx.get(f"{service.address}/v1/accounts/{account}/risk", headers=key)
    return told.is_success and told.json()["status"] == "scored" and not told.json()["waiting"]


def describe(expected: set[str], there: Counter[str], seconds: float) -> str:
    """The counts, as lines."""
    once = sum(there[event] == 1 for event in expected)
    beside = sum(event.removesuffix("-failed") in expected for event in there.keys() - expected)
    strange = len(there.keys() - expected) - beside
    return (
        f"{len(expected)} requests: {once} there once, {sum(there[event] > 1 for event in expected)} more than once\n"
        f"{beside} failed attempts of theirs that another model answered; {strange} events of no request\n"
        f"{len(ACCOUNTS)} accounts scored {seconds:.0f} s after the last request\n"
    )


if __name__ == "__main__":
    main(sys.argv[1])
