"""Bodies with an end: counted as they come, inflated where they are packed, refused where they grow too large."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import Message, Receive

GZIP = 16 + zlib.MAX_WBITS
PIECE = 2**18
"""Bytes that are inflated at a time."""

LONGEST_LINE = 2**20


def check_length(headers: Headers, most: int) -> None:
    """Refuse a body that says itself to be too large, before a byte of it is read."""
    said = headers.get("content-length", "0")
    if not said.isdecimal() or int(said) > most:
        raise too_large(most)
    if headers.get("content-encoding", "identity").lower() not in ("identity", "gzip"):
        raise HTTPException(415, "The body may be packed with gzip, or not at all")


def too_large(most: int) -> HTTPException:
    """The refusal of a body of more than ``most`` bytes."""
    return HTTPException(413, f"The body is larger than {most:,} bytes; send it in parts")


@dataclass
class Inflating:
    """The body of one request, piece by piece, never more than ``most`` bytes of it."""

    receive: Receive
    most: int
    packed: bool
    seen: int = 0
    inflater: zlib._Decompress = field(default_factory=lambda: zlib.decompressobj(GZIP))
    waiting: bytes = b""
    ended: bool = False

    async def __call__(self) -> Message:
        """The next message, its body inflated: an ASGI ``receive``."""
        while True:
            if self.packed and self.waiting:
                return self._inflate()
            message = await self.receive()
            if message["type"] != "http.request":
                return message
            body, self.ended = message.get("body", b""), not message.get("more_body", False)
            if not self.packed:
                self._count(len(body))
                return message
            self.waiting = body
            if self.ended and not body:
                return self._end()

    def _inflate(self) -> Message:
        try:
            piece = self.inflater.decompress(self.waiting, PIECE)
        except zlib.error:
            raise HTTPException(400, "The body is not gzip, though it says so") from None
        self._count(len(piece))
        self.waiting = self.inflater.unconsumed_tail
        if not self.waiting and self.ended:
            return self._end(piece)
        return {"type": "http.request", "body": piece, "more_body": True}

    def _end(self, piece: bytes = b"") -> Message:
        rest = self.inflater.flush()
        self._count(len(rest))
        if not self.inflater.eof:
            raise HTTPException(400, "The packed body breaks off before its end")
        return {"type": "http.request", "body": piece + rest, "more_body": False}

    def _count(self, more: int) -> None:
        self.seen += more
        if self.seen > self.most:
            raise too_large(self.most)


async def read_lines(pieces: AsyncIterator[bytes], size: int) -> AsyncIterator[list[bytes]]:
    """The lines of a body, about ``size`` bytes of them at a time, without those that are empty."""
    kept: list[bytes] = []
    held = 0
    async for piece in pieces:
        kept.append(piece)
        held += len(piece)
        if held < size or b"\n" not in piece:
            if held > size + LONGEST_LINE:
                raise HTTPException(413, f"A line is longer than {LONGEST_LINE:,} bytes")
            continue
        *lines, rest = b"".join(kept).split(b"\n")
        yield [line for line in lines if line.strip()]
        kept, held = [rest], len(rest)
    yield [line for line in b"".join(kept).split(b"\n") if line.strip()]
