"""An IMAP server with one folder, over TLS on loopback: as much of RFC 9051 as a reader of mails asks for."""

from __future__ import annotations

import re
import socket
import ssl
import threading
from collections.abc import Sequence
from contextlib import suppress


class ImapServer:
    """Holds mails, remembers which are seen, and what it was asked."""

    def __init__(
        self, tls: ssl.SSLContext, mails: Sequence[bytes], *, password: str = "secret", hangs_up_at: str = ""
    ) -> None:
        """Serve *mails*.

        Args:
            hangs_up_at: At the first command with this word it closes the connection without an answer.
        """
        self.mails = {str(n): content for n, content in enumerate(mails, start=7)}
        self.seen: set[str] = set()
        self.asked: list[str] = []
        self._tls, self._password, self._hangs_up_at = tls, password, hangs_up_at
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        # A listener that is only closed does not wake the thread which waits at it.
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(timeout=30)

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.settimeout(30)
            with suppress(OSError), self._tls.wrap_socket(connection, server_side=True) as safe:
                self._talk(safe)

    def _talk(self, connection: ssl.SSLSocket) -> None:
        lines = connection.makefile("rb")
        connection.sendall(b"* OK ready\r\n")
        for line in lines:
            tag, _, command = line.decode().strip().partition(" ")
            self.asked.append(re.sub(r"^(LOGIN \S+) .*", r"\1", command))
            if self._hangs_up_at and self._hangs_up_at in command:
                return
            said, status = self._answer(command)
            connection.sendall(said + f"{tag} {status}\r\n".encode())
            if command == "LOGOUT":
                return

    def _answer(self, command: str) -> tuple[bytes, str]:
        word, _, rest = command.partition(" ")
        if word == "CAPABILITY":
            return b"* CAPABILITY IMAP4rev1\r\n", "OK done"
        if word == "LOGIN":
            return b"", "OK done" if rest.endswith(
                f'"{self._password}"'
            ) else "NO [AUTHENTICATIONFAILED] wrong password"
        if word in ("SELECT", "EXAMINE"):
            return (b"* 2 EXISTS\r\n", "OK done") if rest == '"INBOX/Bounces"' else (b"", "NO no such folder")
        if command == "UID SEARCH UNSEEN":
            return f"* SEARCH {' '.join(uid for uid in self.mails if uid not in self.seen)}\r\n".encode(), "OK done"
        if found := re.fullmatch(r"UID FETCH (\d+) \(BODY\.PEEK\[\]<0\.(\d+)>\)", command):
            content = self.mails[found[1]][: int(found[2])]
            head = f"* 1 FETCH (UID {found[1]} BODY[]<0> {{{len(content)}}}\r\n"
            return head.encode() + content + b")\r\n", "OK done"
        if found := re.fullmatch(r"UID STORE (\d+) \+FLAGS\.SILENT \(\\Seen\)", command):
            self.seen.add(found[1])
            return b"", "OK done"
        return (b"* BYE\r\n", "OK done") if word == "LOGOUT" else (b"", "BAD unknown")
