"""What is measured: one family a file, one function a signal, all of them in ``CATALOGUE``.

A signal is a documented reduction of one prepared table to one number an account and moment. High or low
is suspicious, never both; null means that too little is known, and says nothing.
"""

from __future__ import annotations

from grantguard.signals._signal import Signal, signal
from grantguard.signals.catalogue import CATALOGUE, NAMES, extract

__all__ = ["CATALOGUE", "NAMES", "Signal", "extract", "signal"]
