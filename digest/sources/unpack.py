"""Undoing a content encoding in pieces of bounded size: 200 KB of gzip can be 200 MB."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Final

from digest.core.errors import SourceError

_PIECE: Final = 65_536
_MEMBERS: Final = 1_000
"""Of one gzip stream; half a million empty ones are 10 MB that unpack to nothing, slowly."""
_GZIP: Final = 16 + zlib.MAX_WBITS
_ZLIB: Final = zlib.MAX_WBITS
_BARE: Final = -zlib.MAX_WBITS
_KNOWN: Final = {"": None, "identity": None, "gzip": _GZIP, "x-gzip": _GZIP, "deflate": _ZLIB}


class Unpacker:
    """One body on its way; feed it what comes, in order."""

    def __init__(self, wbits: int | None, url: str) -> None:
        self._wbits = wbits
        self._url = url
        self._stream = None if wbits is None else zlib.decompressobj(wbits)
        self._started = False
        self._held = b""
        self._members = 1

    @property
    def complete(self) -> bool:
        """Whether the packed stream came to its own end, or never began."""
        return self._stream is None or self._stream.eof or not (self._started or self._held)

    def feed(self, raw: bytes) -> Iterator[bytes]:
        """Give what *raw* unpacks to, in pieces of at most 64 KB if it was packed.

        Raises:
            SourceError: It is damaged.
        """
        if self._stream is None:
            yield raw
            return
        piece = b""
        raw, self._held = self._held + raw, b""
        while raw or len(piece) == _PIECE:  # a full piece may leave more behind inside zlib
            if len(raw) < 2 and (self._stream.eof or not self._started):
                self._held = raw  # a stream is known by its first two bytes, which may come one by one
                return
            if self._stream.eof:
                # gzip may be several, one behind the other; whatever else follows is padding.
                if self._wbits != _GZIP or not raw.startswith(b"\x1f\x8b"):
                    return
                self._members += 1
                if self._members > _MEMBERS:
                    raise SourceError(f"is packed in more than {_MEMBERS:,} parts", url=self._url)
                self._stream = zlib.decompressobj(_GZIP)
            piece = self._unpacked(self._stream, raw)
            yield piece
            raw = self._stream.unconsumed_tail or self._stream.unused_data

    def _unpacked(self, stream: zlib._Decompress, raw: bytes) -> bytes:
        try:
            piece = stream.decompress(raw, _PIECE)
        except zlib.error as exc:
            if self._started or self._wbits != _ZLIB:
                raise SourceError("is packed in a damaged way", url=self._url) from exc
            # "deflate" means a zlib stream, but some servers send the bare one.
            self._wbits, self._stream = _BARE, zlib.decompressobj(_BARE)
            return self._unpacked(self._stream, raw)
        self._started = True
        return piece


def unpacker(encoding: str, url: str) -> Unpacker:
    """What undoes the `Content-Encoding` of an answer.

    Raises:
        SourceError: It is one that was not asked for.
    """
    name = encoding.strip().lower()
    if name not in _KNOWN:
        raise SourceError(f"is packed as {encoding[:40]}, which was not asked for", url=url)
    return Unpacker(_KNOWN[name], url)
