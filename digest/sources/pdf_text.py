"""The text of a PDF's first pages, found in a process of its own: `python -P -m digest.sources.pdf_text < FILE`.

pypdf is no sandbox: a small PDF may unpack to gigabytes, take hours, or crash a library that pypdf uses. So it runs in
a process with limits, whose failure does not end the program.

    → {"title": "…", "pages": [[[size, "line"], …], …]}     or {"error": "locked" | "crypto" | "damaged", "why": "…"}
"""

from __future__ import annotations

import io
import json
import logging
import math
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

PAGES: Final = 2
_CPU_S: Final = 30
_MEMORY: Final = 2_000_000_000
"""Bytes of address space; a paper of 30 MB takes a tenth."""
_LONGEST: Final = 200_000
"""Characters of one page."""


def _limit() -> None:
    """Limit this process to the memory and time that a paper needs, if the system has such limits."""
    with suppress(ImportError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_CPU, (_CPU_S, _CPU_S))
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))


def read(content: bytes) -> dict[str, Any]:
    """Return the JSON value to be written out, in the form shown at the top of this module."""
    from pypdf import PdfReader
    from pypdf.errors import DependencyError, FileNotDecryptedError

    # It tells of each repair, by the dozen.
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    try:
        reader = PdfReader(io.BytesIO(content))  # an empty password is tried by itself
        pages = [_lines(page) for page in reader.pages[:PAGES]]
        title = str(reader.metadata.title or "") if reader.metadata else ""
    except FileNotDecryptedError:
        return {"error": "locked"}
    except DependencyError as exc:
        return {"error": "crypto", "why": str(exc)}
    except Exception as exc:  # noqa: BLE001 -- the wall: of what it and its libraries raise there is no list
        return {"error": "damaged", "why": str(exc)[:500] or type(exc).__name__}
    return {"title": title[:1_000], "pages": pages}


def _lines(page: Any) -> Sequence[tuple[float, str]]:
    """The lines of a page, each with the size of its letters; 0 where that is not known."""
    pieces: list[tuple[float, str]] = []

    def visit(text: str, cm: Sequence[float], tm: Sequence[float], _: Any, size: float) -> None:
        if text.strip():
            pieces.append((round(abs(size) * math.hypot(tm[2], tm[3]) * math.hypot(cm[2], cm[3]), 1), text.strip()))

    text = page.extract_text(visitor_text=visit) or ""
    lines: list[tuple[float, str]] = []
    place = 0
    for line in filter(None, map(str.strip, text[:_LONGEST].split("\n"))):
        # Pieces and lines come in one order; one that is not found costs its line the size, no more.
        found = next((n for n in range(place, min(place + 5, len(pieces))) if pieces[n][1][:20] in line), None)
        lines.append((pieces[found][0] if found is not None else 0.0, line))
        while place < len(pieces) and pieces[place][1][:20] in line:
            place += 1
    return lines


def main() -> None:
    """Read a PDF from stdin, and write what was found to stdout."""
    content = sys.stdin.buffer.read()
    _limit()
    json.dump(read(content), sys.stdout)


if __name__ == "__main__":
    main()
