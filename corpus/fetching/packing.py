"""Bytes that a server packed, unpacked piece by piece, and known to be whole at their end."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

from corpus.errors import PackingError

PACKINGS = ("", "identity", "gzip", "x-gzip", "deflate")
_PIECE = 64 * 2**10  # bytes unpacked at a time
_EITHER, _BARE = 47, -15  # zlib's words for gzip or zlib by the header, and for neither


def unpack(pieces: Iterable[bytes], packing: str) -> Iterator[bytes]:
    """Yield what is packed in `pieces`, at most 64 KiB at a time.

    `packing` is one of PACKINGS. Raises PackingError, which says what is wrong, where they are
    packed otherwise or end before their end. What follows a whole one is passed over.
    """
    if packing in ("", "identity"):
        yield from pieces
        return
    unpacking = zlib.decompressobj(_EITHER)
    begun = False
    for piece in pieces:
        data = piece
        while data and not unpacking.eof:
            try:
                found = unpacking.decompress(data, _PIECE)
            except zlib.error as error:
                if begun or packing != "deflate":
                    raise PackingError("cannot be unpacked") from error
                unpacking = zlib.decompressobj(_BARE)  # as some servers understand deflate
                begun = True
                continue
            begun = True
            yield found
            data = unpacking.unconsumed_tail
            if unpacking.eof and packing != "deflate" and unpacking.unused_data[:2] == b"\x1f\x8b":
                data, unpacking = unpacking.unused_data, zlib.decompressobj(_EITHER)
    if not unpacking.eof:
        raise PackingError("breaks off before its end")
