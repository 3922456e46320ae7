"""The command line as a program: ``grantguard`` and ``python -m grantguard``."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

KEEPING = {"_RJEM_MALLOC_CONF": f"dirty_decay_ms:5000,muzzy_decay_ms:-1,narenas:{os.cpu_count() or 1}"}
"""What Polars' allocator reads once, as it is loaded: memory that was freed is kept for seconds, in one pool a core.

Given back within half a second, as Polars asks for, it is fetched anew for every slice of events: a fifth of the time
of thirty million of them went there."""


@contextmanager
def telling(settings: Mapping[str, str]) -> Iterator[None]:
    """Say this to what is loaded within, where nobody said otherwise, and to no child of this process."""
    ours = {name: value for name, value in settings.items() if name not in os.environ}
    os.environ.update(ours)
    try:
        yield
    finally:
        for name in ours:
            del os.environ[name]


with telling(KEEPING):
    from grantguard.cli import main

if __name__ == "__main__":
    main()
