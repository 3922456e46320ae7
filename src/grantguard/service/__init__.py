"""The door for machines: a ledger asks over HTTP, on loopback while there is no store."""

from __future__ import annotations

from grantguard.service.app import create_app
from grantguard.service.deployment import Deployment
from grantguard.service.limits import Limits

__all__ = ["Deployment", "Limits", "create_app"]
