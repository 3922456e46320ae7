"""The door for reviewers: pages rendered here, every state of which is an address."""

from __future__ import annotations

from grantguard.console.app import PREFIX, create_console
from grantguard.console.office import EVERYTHING, Office

__all__ = ["EVERYTHING", "PREFIX", "Office", "create_console"]
