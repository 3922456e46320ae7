"""How many holders of a value must be read, so that what is read of it is exact."""

from __future__ import annotations

from grantguard.histories.kin import FEW

KIN_ALONE = ("template", "prompt", "prefix", "organization")
"""Kinds that pairs of kin alone are made of: one holder more than ``FEW`` makes a hub, whatever the rest."""

MOST_HOLDERS = {kind: FEW[kind] + 1 for kind in KIN_ALONE}
"""The first holders of each kind of value that are read; of other kinds, ``MOST_OF_A_CROWD``."""

MOST_OF_A_CROWD = 20_000
"""A value that more accounts than this have shown is read by the first of them, and its counts are least counts."""
