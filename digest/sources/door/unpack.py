"""Undoing a content encoding in pieces of bounded size: 200 KB of gzip can be 200 MB.

What the header says is a hint, and the bytes decide: servers say gzip of what a cache has unpacked, nothing of what is
gzip, and call UTF-8 an encoding.
"""

from __future__ import annotations

import re
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
_KNOWN: Final = {"gzip": _GZIP, "x-gzip": _GZIP, "deflate": _ZLIB}
_FOREIGN: Final = frozenset({"br", "zstd", "compress", "x-compress", "dcb", "dcz", "exi", "pack200-gzip"})
"""Packings that are not asked for. Other words that servers write here ("utf-8", "none") name none at all."""
_LONGEST_START: Final = 256
_MAGIC: Final = b"\x1f\x8b"
_TEXT: Final = re.compile(rb"[\xef\xbb\xbf\s]*(?:<[?!A-Za-z]|\{\s*[\"}]|\[\s*[\[\]{\"\d]|%PDF)")
_TEXT_SO_FAR: Final = re.compile(rb"[\xef\xbb\xbf\s]*(?:[<{\[]\s*|%P?D?)?")
"""It may become text with the next piece."""


class Unpacker:
    """One body on its way; feed it what comes, in order."""

    def __init__(self, wbits: int | None, url: str, *, foreign: str = "") -> None:
        """Expect what the header says.

        Args:
            wbits: How zlib is to read it; None where it is said not to be packed.
            foreign: The packing, where it is one that was not asked for.
        """
        self._wbits = wbits
        self._url = url
        self._foreign = foreign
        self._stream = None if wbits is None else zlib.decompressobj(wbits)
        self._is_known = False
        self._started = False
        self._held = b""
        self._members = 1

    @property
    def complete(self) -> bool:
        """Whether the packed stream came to its own end, or never began."""
        if self._held:
            return False
        return self._stream is None or self._stream.eof or not self._started

    def feed(self, raw: bytes) -> Iterator[bytes]:
        """Give what *raw* unpacks to, in pieces of at most 64 KB if it was packed.

        Raises:
            SourceError: It is damaged.
        """
        raw, self._held = self._held + raw, b""
        if not self._is_known and raw:
            is_expected = self._wbits != _ZLIB and not self._foreign
            if raw == _MAGIC[:1] or (not is_expected and len(raw) < _LONGEST_START and _TEXT_SO_FAR.fullmatch(raw)):
                self._held = raw  # what it is its first bytes tell, which may come one by one
                return
            self._look_at(raw)
        if self._stream is None:
            yield raw
            return
        piece = b""
        while raw or len(piece) == _PIECE:  # a full piece may leave more behind inside zlib
            if len(raw) < 2 and (self._stream.eof or not self._started):
                self._held = raw
                return
            if self._stream.eof:
                # gzip may be several, one behind the other; whatever else follows is padding.
                if self._wbits != _GZIP or not raw.startswith(_MAGIC):
                    return
                self._members += 1
                if self._members > _MEMBERS:
                    raise SourceError(f"is packed in more than {_MEMBERS:,} parts", url=self._url)
                self._stream = zlib.decompressobj(_GZIP)
            piece = self._unpacked(self._stream, raw)
            yield piece
            raw = self._stream.unconsumed_tail or self._stream.unused_data

    def _look_at(self, start: bytes) -> None:
        """Decide by the first bytes what it is."""
        self._is_known = True
        if start.startswith(_MAGIC):
            self._wbits, self._stream = _GZIP, zlib.decompressobj(_GZIP)
        elif self._wbits == _GZIP or _TEXT.match(start):
            self._wbits = self._stream = None
        elif self._foreign:
            raise SourceError(f"is packed as {self._foreign}, which was not asked for", url=self._url)

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
    """What undoes the `Content-Encoding` of an answer, as far as the answer agrees."""
    words = (part.strip().lower() for part in encoding.split(","))
    names = [word for word in words if word in _KNOWN or word in _FOREIGN]
    if len(names) == 1 and names[0] in _KNOWN:
        return Unpacker(_KNOWN[names[0]], url)
    return Unpacker(None, url, foreign=encoding.strip()[:40] if names else "")
