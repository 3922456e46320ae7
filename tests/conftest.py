"""Worlds, histories and a bundle that many tests read and none changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import polars as pl
import pytest

from grantguard.forest import Bundle, RiskForest
from grantguard.histories import Histories, Past, ask
from grantguard.signals import extract
from grantguard.training import Recipe, train
from grantguard.worlds import World, simulate


@pytest.fixture(scope="session")
def world() -> World:
    return simulate(700, seed=5, prevalence=0.05)


@pytest.fixture(scope="session")
def past(world: World) -> Past:
    return Past.of(world.tables)


@pytest.fixture(scope="session")
def histories(past: Past) -> Histories:
    return past.up_to(ask(past.account_ids, past.events["occurred_at"].max()))  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def signals(histories: Histories) -> pl.DataFrame:
    return extract(histories)


@pytest.fixture(scope="session")
def trained(world: World) -> tuple[Bundle, RiskForest]:
    at = world.tables.usage["occurred_at"].max()
    return train(world.tables, at, Recipe(trees=60, sample=256))  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def bundle(trained: tuple[Bundle, RiskForest]) -> Bundle:
    return trained[0]


HttpAnswer = tuple[int, dict[str, str], bytes]
Serve = Callable[[Callable[[str, str, dict[str, str], bytes], HttpAnswer]], str]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start a real server on loopback: given what to answer to method, path, headers and body, its address."""
    running: list[ThreadingHTTPServer] = []

    def start(answer: Callable[[str, str, dict[str, str], bytes], HttpAnswer]) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                headers = {name.lower(): value for name, value in self.headers.items()}
                status, told, content = answer(self.command, self.path, headers, body)
                self.send_response(status)
                for name, value in told.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def do_POST(self) -> None:
                self.do_GET()

            def log_message(self, *_: object) -> None: ...

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        running.append(server)
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in running:
        server.shutdown()
        server.server_close()
