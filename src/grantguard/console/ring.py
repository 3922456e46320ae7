"""The page of a ring: who stands in it, what they share, what they spent together, and one verdict for them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

import polars as pl
from fastapi import APIRouter, Request
from fastapi.responses import Response

from grantguard.console.charts import Chart, draw_joint_burn
from grantguard.console.office import Office
from grantguard.console.pages import render
from grantguard.console.picture import paint
from grantguard.errors import RingUnknown
from grantguard.graph import draw_graph
from grantguard.histories import HUBS
from grantguard.store.audit import Entry, record
from grantguard.store.claims import claimed_by
from grantguard.store.database import Connection
from grantguard.store.rings import find_first_grant, read_burn, read_members, read_shared

MOST: Final = 900
"""Members that a page shows and one verdict speaks of, the riskiest: a form has a field for each."""

BINS: Final = 200
"""Points of the joint burn curve, at most, and the shortest time between two."""
SHORTEST: Final = 900.0


def add_ring(router: APIRouter, office: Office) -> None:
    """Add the page of a ring."""

    @router.get("/rings/{ring_id:path}")
    def ring(request: Request, ring_id: str, done: int = 0) -> Response:
        now, visitor = office.clock(), request.state.visitor
        with office.desk.database.connection() as connection:
            members = require_members(connection, ring_id)
            names = members["account_id"].to_list()
            record(connection, Entry(now, visitor.name, "ring.viewed", ring_id, {"accounts": names}))
            shared = read_shared(connection, names, list(HUBS))
            burn = _read_burn(connection, names, now)
            claims = claimed_by(connection, names, now)
        graph = draw_graph(shared, names)
        rows = [row | {"person": claims.get(row["account_id"])} for row in members.iter_rows(named=True)]
        about: dict[str, Any] = {"ring_id": ring_id, "rows": rows, "graph": graph, "now": now, "done": done}
        about |= {"picture": paint(graph, {row["account_id"]: row["action"] for row in rows})}
        about |= {"things": _tell_things(shared), "total": total_of(members), "charts": burn, "hubs": HUBS}
        return render(request, "ring.html", **about)


def require_members(connection: Connection, ring_id: str) -> pl.DataFrame:
    """Who stands in the ring now; raises ``RingUnknown`` where nobody does."""
    members = read_members(connection, ring_id, MOST)
    if members.is_empty():
        raise RingUnknown(f"ring {ring_id}: nobody stands in it now; look its accounts up by their names")
    return members


def total_of(members: pl.DataFrame) -> dict[str, Any]:
    """How many they are, and how much credit they have left and have spent together."""
    return {
        "accounts": members.height,
        "left": float(members["promo_credits_left"].sum()),
        "spent": float(members["promo_credits_spent"].sum()),
        "stopped": int((members["action"] != "allow").sum()),
        "judged": int(members["verdict"].count()),
    }


def _read_burn(connection: Connection, names: list[str], now: datetime) -> list[Chart]:
    since = find_first_grant(connection, names)
    if since is None:
        return []
    step = max(SHORTEST, (now - since) / timedelta(seconds=BINS))
    burn = read_burn(connection, names, since, step)
    return [] if burn.is_empty() else [draw_joint_burn(burn, step)]


def _tell_things(shared: pl.DataFrame) -> list[dict[str, Any]]:
    """What they share, a row a kind and value, what most of them hold first; values are hashes, cut short."""
    by_value = shared.group_by("kind", "value").agg(pl.len().alias("members"), pl.col("holders").first())
    rows = by_value.sort("members", "kind", "value", descending=[True, False, False]).head(100)
    return [row | {"folded": row["holders"] > HUBS[row["kind"]]} for row in rows.iter_rows(named=True)]
