"""Postfix as a relay on loopback, with queue and settings in a folder of its own: STARTTLS and a login, then a sink."""

from __future__ import annotations

import base64
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import trustme

_PATHS: Final = "/usr/sbin:/usr/bin:/sbin:/bin"
_PATIENCE_S: Final = 60.0
USER: Final = "digest"
PASSWORD: Final = "of-the-relay"
REFUSED: Final = "cleo@example.org"
"""Whom the relay itself refuses."""
_SERVICES: Final = """\
127.0.0.1:{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""
_SETTINGS: Final = """\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
mail_owner = postfix
setgid_group = postdrop
myhostname = relay.example.org
mydestination =
alias_maps =
alias_database =
inet_interfaces = 127.0.0.1
relayhost = [127.0.0.1]:{sink}
smtp_dns_support_level = disabled
smtp_host_lookup = native
smtpd_tls_security_level = encrypt
smtpd_tls_auth_only = yes
smtpd_tls_cert_file = {folder}/cert.pem
smtpd_tls_key_file = {folder}/key.pem
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = {folder}/auth
smtpd_relay_restrictions = check_recipient_access inline:{{ {{ {refused} = 550 5.1.1 no such user }} }},
  permit_sasl_authenticated, reject
"""


@dataclass(frozen=True)
class Relay:
    """A relay that runs."""

    port: int
    """With STARTTLS and a login."""
    sendmail: Path
    """Its program for mails of this machine."""


def missing() -> str:
    """Why no relay can be started here; empty if one can."""
    if shutil.which("postfix", path=_PATHS) is None:
        return "Postfix is not installed (apt-get install postfix)"
    return "" if os.geteuid() == 0 else "Postfix has to be started by root"


@contextmanager
def relay(authority: trustme.CA, *, sink: int) -> Iterator[Relay]:
    """Start a relay, and stop it at the end.

    Args:
        sink: The port on loopback that it hands mails on to.
    """
    # Not in pytest's folder, which is closed to Postfix' own user.
    with tempfile.TemporaryDirectory(prefix="digest-postfix-") as name, _Logins(Path(name) / "auth"):
        folder, port = Path(name), free_port()
        _write(folder, authority, port=port, sink=sink)
        postfix = [str(shutil.which("postfix", path=_PATHS)), "-c", name]
        # Its daemon is in a session of its own, and ends by `stop` alone.
        server = subprocess.Popen([*postfix, "start-fg"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            _await(server, port, folder)
            yield Relay(port=port, sendmail=folder / "sendmail")
        finally:
            subprocess.run([*postfix, "stop"], check=False, capture_output=True)
            server.wait(_PATIENCE_S)


def _write(folder: Path, authority: trustme.CA, *, port: int, sink: int) -> None:
    folder.chmod(0o755)
    for owned in ("queue", "data"):
        (folder / owned).mkdir()
    shutil.chown(folder / "data", "postfix")
    cert = authority.issue_cert("127.0.0.1")
    cert.private_key_pem.write_to_path(str(folder / "key.pem"))
    (folder / "key.pem").chmod(0o600)
    for n, pem in enumerate(cert.cert_chain_pems):
        pem.write_to_path(str(folder / "cert.pem"), append=n > 0)
    (folder / "main.cf").write_text(_SETTINGS.format(folder=folder, sink=sink, refused=REFUSED))
    (folder / "master.cf").write_text(_SERVICES.format(port=port))
    sendmail = shutil.which("sendmail", path=_PATHS)
    (folder / "sendmail").write_text(f'#!/bin/sh\nexec {sendmail} -C {folder} "$@"\n')
    (folder / "sendmail").chmod(0o755)


def _await(server: subprocess.Popen[bytes], port: int, folder: Path) -> None:
    """Wait until the relay greets."""
    until = time.monotonic() + _PATIENCE_S
    while server.poll() is None and time.monotonic() < until:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE_S) as probe:
            if probe.recv(4) == b"220 ":
                return
        time.sleep(0.05)  # another program opens its port when it does: there is no event to wait for
    log = folder / "log"
    raise RuntimeError(f"Postfix did not start: {log.read_text()[-2000:] if log.exists() else 'without a word'}")


class _Logins:
    """Answers Postfix whether a login is right, in Dovecot's protocol.

    https://doc.dovecot.org/developers/design/auth_protocol.html
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self._path))
        self._path.chmod(0o666)
        self._listener.listen()
        threading.Thread(target=self._serve, daemon=True).start()

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        with suppress(OSError), connection, connection.makefile("rwb") as lines:
            lines.write(b"VERSION\t1\t1\nMECH\tPLAIN\tplaintext\nSPID\t1\nCUID\t1\nCOOKIE\t%b\nDONE\n" % (b"0" * 32))
            lines.flush()
            for line in lines:
                words = line.decode().strip().split("\t")
                if words[0] == "AUTH":
                    said = next(word.removeprefix("resp=") for word in words if word.startswith("resp="))
                    right = base64.b64decode(said).decode() == f"\0{USER}\0{PASSWORD}"
                    lines.write(f"{'OK' if right else 'FAIL'}\t{words[1]}\tuser={USER}\n".encode())
                    lines.flush()


def free_port() -> int:
    """A port on loopback that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
