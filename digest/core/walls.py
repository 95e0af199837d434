"""Turn exceptions of libraries into a `DigestError` about one source, paper or mail, so that the others go on.

    foreign()   around a call of one library: any exception that leaves it is the library's
    wall()      around all that is done for one source, one paper, one mail: catches what a library threw inside

Libraries throw what they do not announce: pypdf a `DependencyError` that is no `PyPdfError`, parsers an IndexError over
bytes their authors did not think of, Rust a panic that is no `Exception`. No list of classes holds them all, so it is
the place that counts and not the class. A wall lets bugs of our own code through, because they must be seen; also our
own errors, which are sentences already, a stop by the user, and `MemoryError`.
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
    """Convert any exception of a library's call with *error*. Only that call may stand within.

    Args:
        error: Makes our error from the library's message, a clause.
        announced: Documented exceptions of the library, which the caller handles: let through unchanged.
    """
    try:
        yield
    except BaseException as exc:
        if isinstance(exc, (DigestError, MemoryError, *announced)) or not _is_thrown_by_code(exc):
            raise
        raise error(f"{library} failed over it ({described(exc)})") from exc


@contextmanager
def wall(error: Callable[[str], DigestError]) -> Iterator[None]:
    """Convert a library's exceptions with *error*, around all that is done for one source, paper or mail.

    Args:
        error: Makes our error from the library's message, a clause.
    """
    try:
        yield
    except BaseException as exc:
        if isinstance(exc, (DigestError, MemoryError)) or not _is_thrown_by_code(exc) or _is_our_own_fault(exc):
            raise
        raise error(f"{_library(exc)} failed over it ({described(exc)})") from exc


def described(exc: BaseException) -> str:
    """Return an exception's type and message, `KeyError: 'x'`, on one line of limited length."""
    said = excerpt(str(exc))
    return f"{type(exc).__name__}: {said}" if said else type(exc).__name__


def reason_of(exc: OSError) -> str:
    """Return in words why a file or folder cannot be used. "File exists" is replaced where a folder was wanted."""
    if isinstance(exc, (FileExistsError, NotADirectoryError)):
        return "a file stands where a folder is needed"
    if isinstance(exc, IsADirectoryError):
        return "a folder stands where a file is needed"
    return exc.strerror or str(exc)


def _is_thrown_by_code(exc: BaseException) -> bool:
    """Whether *exc* is an error, not the end of the program or of a generator. A Rust panic is an error too."""
    return isinstance(exc, Exception) or type(exc).__module__ == "pyo3_runtime"


def _is_our_own_fault(exc: BaseException) -> bool:
    """Whether *exc* was raised by a line of this package and its class is not a library's.

    A `RecursionError` is never a bug of ours: the document decides how deep it is nested.
    """
    if isinstance(exc, RecursionError):
        return False
    is_plain = type(exc).__module__.partition(".")[0] in ("builtins", _PACKAGE)
    return is_plain and _thrown_in(exc).partition(".")[0] == _PACKAGE


def _library(exc: BaseException) -> str:
    """Return the package that raised *exc*: by its last frame, or by its class, as code in C or Rust has no frame."""
    place = _thrown_in(exc).partition(".")[0]
    return place if place and place != _PACKAGE else type(exc).__module__.partition(".")[0]


def _thrown_in(exc: BaseException) -> str:
    """Return the name of the module whose line raised *exc*; empty if the module has none."""
    trace = exc.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return "" if trace is None else str(trace.tb_frame.f_globals.get("__name__", ""))
