"""The door for machines: a ledger asks over HTTP, on loopback while there is no store."""

from __future__ import annotations

from grantguard.service.app import create_app

__all__ = ["create_app"]
