"""Histories: accounts, grants, usage, billing and links up to one moment each.

``past = Past.of(tables)`` dates every fact once; ``past.up_to(asked)`` gives the prepared tables that signals
reduce, for as many accounts and moments as are asked about, each as of its own ``at``.
"""

from __future__ import annotations

from grantguard.histories.past import Histories, Past, ask
from grantguard.histories.views import Billing, Days, Grants, Kin, Ties, Usage, View

__all__ = ["Billing", "Days", "Grants", "Histories", "Kin", "Past", "Ties", "Usage", "View", "ask"]
