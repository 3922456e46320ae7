"""What a data set is called."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import fields

from grantguard.contract import Tables
from grantguard.facts import mix_rows


def fingerprint(tables: Tables) -> str:
    """A name for the data that changes when any row does, and not with the order of rows."""
    frames = {field.name: getattr(tables, field.name) for field in fields(tables)}
    return name_data({name: (frame.height, mix_rows(frame)) for name, frame in frames.items()})


def name_data(mixed: Mapping[str, tuple[int, int]]) -> str:
    """The name of data of which so many rows a table were mixed to a number; numbers of parts add up."""
    parts = [f"{field.name}:{mixed[field.name][0]}:{mixed[field.name][1] % 2**64:016x}" for field in fields(Tables)]
    return f"{zlib.crc32('|'.join(parts).encode()):08x}"
