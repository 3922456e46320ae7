"""What is measured: one family a file, one function a signal, all of them in ``CATALOGUE``.

A signal is a documented reduction of one prepared table to one number an account and moment. High or low
is suspicious, never both; null means that too little is known, and says nothing.
"""

from __future__ import annotations

from grantguard.signals._signal import Signal, Wording, signal
from grantguard.signals.catalogue import CATALOGUE, NAMES, OF_LINKS, extract, extract_others, hide_links

__all__ = ["CATALOGUE", "NAMES", "OF_LINKS", "Signal", "Wording", "extract", "extract_others", "hide_links", "signal"]
