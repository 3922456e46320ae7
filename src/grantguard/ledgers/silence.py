"""The libraries that carry notices log addresses, and some of them bodies: both are between us and the ledger."""

from __future__ import annotations

import logging


def silence(*libraries: str) -> None:
    """Let the libraries log nothing below a warning, whatever the rest of the process logs."""
    for library in libraries:
        logging.getLogger(library).setLevel(logging.WARNING)
