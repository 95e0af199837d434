"""Access tokens for a login by XOAUTH2, printed by a program of the operator's own."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from digest.core.errors import MailUnavailable
from digest.deliver.programs import run, shown

_SETTING: Final = "[mail] token_command"
_TOKEN: Final = re.compile(r"[A-Za-z0-9._~+/=-]{1,16384}")
"""RFC 6750, 2.1, and `=` anywhere: some providers' tokens are not as tidy."""


class Tokens:
    """Gives the token, the same to all connections until a server refuses it; threads can share it.

    It is kept in memory alone, and stands in no message.
    """

    def __init__(
        self, command: Sequence[str], *, cwd: Path, environment: Mapping[str, str], timeout_s: float = 60.0
    ) -> None:
        """
        Args:
            command: The program and its arguments; no shell reads them.
            cwd: The folder that it runs in.
            environment: All its variables.
            timeout_s: How long it may take.
        """
        self._command, self._cwd, self._environment, self._timeout_s = tuple(command), cwd, environment, timeout_s
        self._lock = threading.Lock()
        self._kept: str | None = None

    def get(self, *, instead_of: str | None = None) -> str:
        """Return the token; the program runs only if there is none yet.

        Args:
            instead_of: A token that the server refused. Several connections may have been refused the same one: the
                program runs once for all of them.

        Raises:
            MailUnavailable: The program failed, or printed no token.
        """
        with self._lock:
            if self._kept is None or self._kept == instead_of:
                self._kept = None
                self._kept = self._printed()
            return self._kept

    def _printed(self) -> str:
        ended = run(
            self._command, setting=_SETTING, timeout_s=self._timeout_s, cwd=self._cwd, environment=self._environment
        )
        name = f"{_SETTING}: {shown(self._command)}"
        if ended.status is None:
            raise MailUnavailable(f"{name} did not end within {self._timeout_s:g} s and was stopped{ended.said}")
        if ended.status:
            how = f"failed with status {ended.status}" if ended.status > 0 else f"was killed by signal {-ended.status}"
            raise MailUnavailable(f"{name} {how}{ended.said}; nothing was sent")
        token = ended.output.decode("ascii", "replace").strip()
        if not _TOKEN.fullmatch(token):
            raise MailUnavailable(
                f"{name} printed something else than one token; it must print the access token alone, on one line"
            )
        return token
