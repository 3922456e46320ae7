"""The graph of a ring: accounts, things that they share, hubs folded away, everything in its place."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grantguard.graph import DRAWN, Graph, Hub, draw_graph

Row = tuple[str, str, str, int]


def draw(rows: list[Row], members: list[str]) -> Graph:
    schema = {"kind": pl.String, "value": pl.String, "account_id": pl.String, "holders": pl.Int64}
    return draw_graph(pl.DataFrame(rows, schema=schema, orient="row"), members)


def held(kind: str, value: str, names: str, holders: int = 2) -> list[Row]:
    return [(kind, value, name, holders) for name in names]


def names(graph: Graph) -> list[str]:
    return [node.name for node in graph.nodes]


def test_what_two_share_is_a_node_between_them() -> None:
    graph = draw(held("device", "d", "ab"), ["a", "b"])
    assert names(graph) == ["a", "b", "device"]
    assert set(graph.edges) == {(0, 2), (1, 2)}


def test_things_that_the_same_accounts_share_are_one_node() -> None:
    graph = draw(held("device", "d", "ab") + held("device", "e", "ab") + held("address", "i", "ab"), ["a", "b"])
    assert names(graph)[2:] == ["address", "2 × device"]


def test_a_hub_is_folded_away_and_told_of() -> None:
    graph = draw(held("address", "i", "ab", holders=41) + held("device", "d", "ab", holders=41), ["a", "b"])
    assert names(graph)[2:] == ["device"]
    assert graph.hubs == (Hub("address", 1, 2),)


def test_beyond_what_can_be_drawn_those_are_left_out_who_share_least() -> None:
    members = [f"a{i:03}" for i in range(DRAWN + 20)]
    graph = draw([("device", "d", name, DRAWN) for name in members[-DRAWN:]], members)
    assert sorted(node.name for node in graph.nodes if node.is_account) == members[-DRAWN:]
    assert graph.left_out == 20


def test_who_shares_nothing_is_drawn_apart() -> None:
    graph = draw([], ["a", "b"])
    assert names(graph) == ["a", "b"]
    assert (graph.nodes[0].x, graph.nodes[0].y) != (graph.nodes[1].x, graph.nodes[1].y)


def test_a_ring_without_members_is_empty() -> None:
    assert draw([], []) == Graph((), (), (), 0)


PAIRS = st.lists(st.tuples(st.sampled_from(["device", "address"]), st.sampled_from("xyz"), st.sampled_from("abcdef")))


@given(PAIRS)
def test_neighbours_stand_closer_than_strangers(pairs: list[tuple[str, str, str]]) -> None:
    graph = draw([(*pair, 3) for pair in sorted(set(pairs))], list("abcdef"))
    places = np.array([(node.x, node.y) for node in graph.nodes])
    assert np.isfinite(places).all()
    apart = np.linalg.norm(places[:, None] - places[None, :], axis=2)
    beside = [apart[i, j] for i, j in graph.edges]
    if beside:
        assert np.mean(beside) < apart[np.triu_indices(len(places), 1)].mean() + 1e-6


@pytest.mark.parametrize("order", [1, -1])
def test_the_picture_does_not_depend_on_the_order_of_rows(order: int) -> None:
    rows = held("device", "d", "abc") + held("address", "i", "cd") + held("email", "m", "da")
    one, other = draw(rows, list("abcd")), draw(rows[::order], list("abcd"))
    assert one == other
