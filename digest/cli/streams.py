"""The standard streams, where nobody takes the output, or where there is no room for it."""

from __future__ import annotations

import io
import os
import select
import sys
from typing import Any


class _Descriptor(io.RawIOBase):
    """Where a stream goes. What cannot be written is lost and ends nothing: the work is not the output's."""

    def __init__(self, number: int) -> None:
        self._number = number
        self.trouble: OSError | None = None
        """Why the rest is lost."""

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._number

    def isatty(self) -> bool:
        return os.isatty(self._number)

    def write(self, content: Any, /) -> int:
        while self.trouble is None:
            try:
                return os.write(self._number, content)
            except BlockingIOError:  # somebody has made the terminal or pipe so that it does not wait
                select.select((), (self._number,), ())
            except OSError as exc:
                self.trouble = exc
        return len(content)


class Output:
    """The standard streams, made so that no write to them fails."""

    def __init__(self) -> None:
        """Put them in place of Python's own; what others have put there, as tests do, is left."""
        self._stdout: _Descriptor | None = None
        for number, name in enumerate(("stdin", "stdout", "stderr")):
            stream = getattr(sys, name)
            if stream is None:  # it was closed: the next file that is opened must not become it
                stream = _nothing(number, "r" if name == "stdin" else "w")
                setattr(sys, name, stream)
            elif name != "stdin" and stream is getattr(sys, f"__{name}__") and _can_be_replaced(stream):
                setattr(sys, name, self._guarded(stream, name))
            elif hasattr(stream, "reconfigure"):
                # Python would die at a title that the terminal's encoding lacks; a question mark is better.
                stream.reconfigure(errors="replace")

    def lost(self) -> OSError | None:
        """Why not all that was printed is written; None if it is, or if the reader went away (`| head`)."""
        sys.stdout.flush()
        trouble = self._stdout.trouble if self._stdout else None
        return None if isinstance(trouble, BrokenPipeError) else trouble

    def _guarded(self, stream: Any, name: str) -> io.TextIOWrapper:
        descriptor = _Descriptor(stream.fileno())
        if name == "stdout":
            self._stdout = descriptor
        stream.flush()
        return io.TextIOWrapper(
            io.BufferedWriter(descriptor),
            encoding=stream.encoding,
            errors="replace",  # as in `__init__`
            line_buffering=stream.line_buffering,
            write_through=stream.write_through,
        )


def _nothing(number: int, mode: str) -> Any:
    opened = os.open(os.devnull, os.O_RDWR)
    if opened != number:
        os.dup2(opened, number)
        os.close(opened)
    return os.fdopen(number, mode, encoding="utf-8")


def _can_be_replaced(stream: Any) -> bool:
    """A console of Windows takes letters and not bytes."""
    return os.name == "posix" or not stream.isatty()
