"""Walls: what a library throws over one thing becomes a sentence about that one thing, and ends nothing else.

    foreign()   around a call of one library: whatever comes out of it is the library's
    wall()      around all that is done for one source, one paper, one mail: what a library threw somewhere inside

Libraries throw what they do not announce: pypdf a `DependencyError` that is no `PyPdfError`, parsers an IndexError over
bytes their authors did not think of, Rust a panic that is no `Exception`. No list of classes holds them all, so it is
the place that counts and not the class. Faults of our own are let through a wall, for they must be seen; so are our own
errors, which are sentences already, a stop by the user, and want of memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from digest.core.errors import DigestError
from digest.core.words.text import excerpt

_PACKAGE: Final = __name__.partition(".")[0]


@contextmanager
def foreign(
    library: str, error: Callable[[str], DigestError], *, announced: tuple[type[Exception], ...] = ()
) -> Iterator[None]:
    """Around the call of a library, and nothing but that: what it throws is raised as *error* makes it.

    Args:
        error: Gets what the library said, to go on with in a sentence.
        announced: What the library says that it throws, and the caller understands: let through as it is.
    """
    try:
        yield
    except BaseException as exc:
        if isinstance(exc, (DigestError, MemoryError, *announced)) or not _is_thrown_by_code(exc):
            raise
        raise error(f"{library} failed over it ({described(exc)})") from exc


@contextmanager
def wall(error: Callable[[str], DigestError]) -> Iterator[None]:
    """Around what is done for one thing: what a library throws inside is raised as *error* makes it.

    Args:
        error: Gets what the library said, to go on with in a sentence.
    """
    try:
        yield
    except BaseException as exc:
        if isinstance(exc, (DigestError, MemoryError)) or not _is_thrown_by_code(exc) or _is_our_own_fault(exc):
            raise
        raise error(f"{_library(exc)} failed over it ({described(exc)})") from exc


def described(exc: BaseException) -> str:
    """`KeyError: 'x'`, on one line and not endless."""
    said = excerpt(str(exc))
    return f"{type(exc).__name__}: {said}" if said else type(exc).__name__


def reason_of(exc: OSError) -> str:
    """Why a file or folder cannot be used, for people: "File exists" says nothing to who wanted a folder there."""
    if isinstance(exc, (FileExistsError, NotADirectoryError)):
        return "a file stands where a folder is needed"
    if isinstance(exc, IsADirectoryError):
        return "a folder stands where a file is needed"
    return exc.strerror or str(exc)


def _is_thrown_by_code(exc: BaseException) -> bool:
    """Whether it is an error, and not the end of the program or of a generator; a panic of Rust is an error too."""
    return isinstance(exc, Exception) or type(exc).__module__ == "pyo3_runtime"


def _is_our_own_fault(exc: BaseException) -> bool:
    """Whether it was thrown by a line of ours, and is of no library's kind.

    Nesting is never our fault: how deep it goes is in the hands of whoever wrote the document.
    """
    if isinstance(exc, RecursionError):
        return False
    is_plain = type(exc).__module__.partition(".")[0] in ("builtins", _PACKAGE)
    return is_plain and _thrown_in(exc).partition(".")[0] == _PACKAGE


def _library(exc: BaseException) -> str:
    """The package that threw it; what is written in C or Rust leaves no frame, but has classes of its own."""
    place = _thrown_in(exc).partition(".")[0]
    return place if place and place != _PACKAGE else type(exc).__module__.partition(".")[0]


def _thrown_in(exc: BaseException) -> str:
    """The module of the line that threw it; empty if that has no name."""
    trace = exc.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return "" if trace is None else str(trace.tb_frame.f_globals.get("__name__", ""))
