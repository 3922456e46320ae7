"""The queue is there before anybody asks for it."""

from __future__ import annotations

from grantguard.cli.serving import make_order
from grantguard.console import Office


def test_the_queue_is_made_while_the_service_starts(office: Office) -> None:
    make_order(office)
    assert office.order.listed is not None


def test_a_store_that_waits_for_its_migrations_is_left_alone(office: Office) -> None:
    with office.desk.database.connection() as connection:
        connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    make_order(office)
    assert office.order.listed is None
