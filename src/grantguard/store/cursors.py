"""How far each source has been pulled: a time, and an item of that time."""

from __future__ import annotations

from datetime import datetime

from grantguard.store.database import Connection

Place = tuple[datetime, str]


def read_cursor(connection: Connection, source: str) -> Place | None:
    """Where the last pull from ``source`` stopped; None before the first."""
    return connection.execute("SELECT at, item_id FROM cursors WHERE source = %s", [source]).fetchone()


def keep_cursor(connection: Connection, source: str, place: Place) -> None:
    """Keep how far a pull has come, in the connection's transaction; of two pulls at once the one that is ahead."""
    line = """
        INSERT INTO cursors (source, at, item_id) VALUES (%s, %s, %s)
        ON CONFLICT (source) DO UPDATE SET at = excluded.at, item_id = excluded.item_id
        WHERE (cursors.at, cursors.item_id) < (excluded.at, excluded.item_id)
    """
    connection.execute(line, [source, *place])
