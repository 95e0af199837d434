"""Run the operator's programs that mail needs: one that prints a token, one that takes mails. No shell reads them.

A program has a limited time and a session of its own, so that it can be ended with what it started, and so that Ctrl-C
does not end it in the middle of a mail. What it prints goes into files: a full pipe would block it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from digest.core.errors import MailUnavailable
from digest.core.walls import reason_of
from digest.core.words.invisible import printable
from digest.core.words.text import excerpt

_KEPT: Final = 65_536
"""Bytes that are read of what a program printed."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program ended."""

    status: int | None
    """Its exit status; negative: the signal that killed it; None: it took too long and was killed."""
    output: bytes
    """The beginning of its standard output."""
    complaint: bytes
    """The end of its standard error."""

    @property
    def said(self) -> str:
        """The last line of its standard error, as a clause: `, and said: …`."""
        lines = printable(self.complaint.decode("utf-8", "replace")).splitlines()
        last = next((line for line in map(excerpt, reversed(lines)) if line), "")
        return f", and said: {last}" if last else ", and said nothing about it"


def run(
    argv: Sequence[str],
    *,
    setting: str,
    timeout_s: float,
    stdin: IO[bytes] | None = None,
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> Ended:
    """Run a program to its end.

    Args:
        setting: The key of the config that names it, e.g. `[mail] sendmail`.
        stdin: A file that it reads, from where that stands; None: nothing.
        environment: All its variables; None: those of this process.

    Raises:
        MailUnavailable: It could not be started.
    """
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as complaint:
        process = _started(argv, setting, stdin, output, complaint, cwd, environment)
        try:
            status: int | None = process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            status = None
        finally:
            if process.returncode is None:
                # Not reaped yet, so that its number cannot belong to another group.
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        output.seek(0)
        complaint.seek(max(0, complaint.seek(0, os.SEEK_END) - _KEPT))
        return Ended(status, output.read(_KEPT), complaint.read())


def _started(
    argv: Sequence[str],
    setting: str,
    stdin: IO[bytes] | None,
    output: IO[bytes],
    complaint: IO[bytes],
    cwd: Path | None,
    environment: Mapping[str, str] | None,
) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(  # noqa: S603 -- the operator's own program, written in his own configuration
            argv,
            stdin=stdin or subprocess.DEVNULL,
            stdout=output,
            stderr=complaint,
            cwd=cwd,
            env=environment,
            start_new_session=True,
        )
    except FileNotFoundError as exc:
        raise MailUnavailable(
            f"{setting}: the program {shown(argv)} is not there; install it, or name another"
        ) from exc
    except PermissionError as exc:
        raise MailUnavailable(f"{setting}: {shown(argv)} may not be run; is it executable (chmod +x)?") from exc
    except (OSError, ValueError) as exc:
        reason = reason_of(exc) if isinstance(exc, OSError) else str(exc)
        raise MailUnavailable(f"{setting}: {shown(argv)} cannot be started: {reason}") from exc


def shown(argv: Sequence[str]) -> str:
    """Return a program's name, safe for a message; its arguments may be secret."""
    return f"“{excerpt(argv[0])}”"
