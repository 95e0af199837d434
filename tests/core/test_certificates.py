"""A certificate that is not accepted: what is wrong with it, in words that fit, wherever it is shown."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
import trustme

from digest.core.certificates import certificate_error, certificate_fault
from digest.core.errors import LLMUnavailable, SourceError
from digest.llm.openai import OpenAILLM
from digest.sources.door.http import Door
from tests.support.clients import prompt

pytestmark = pytest.mark.enable_socket

Shown = Callable[[trustme.CA], trustme.LeafCert]
LONG_AGO = datetime(2001, 1, 1, tzinfo=UTC)
FAR_OFF = datetime(2099, 1, 1, tzinfo=UTC)


class SelfSigned:
    """A certificate that vouches for itself: that of an authority, shown by a server."""

    def __init__(self, authority: trustme.CA) -> None:
        self._authority = authority

    def configure_cert(self, context: ssl.SSLContext) -> None:
        with self._authority.cert_pem.tempfile() as cert, self._authority.private_key_pem.tempfile() as key:
            context.load_cert_chain(cert, key)


SHOWN = {
    "self-signed": (lambda _: SelfSigned(trustme.CA()), "self-signed", "{ca_file}"),
    "expired": (
        lambda ca: ca.issue_cert("127.0.0.1", not_before=LONG_AGO, not_after=datetime(2002, 1, 1, tzinfo=UTC)),
        "has expired",
        "renew it",
    ),
    "not yet valid": (
        lambda ca: ca.issue_cert("127.0.0.1", not_before=FAR_OFF, not_after=datetime(2100, 1, 1, tzinfo=UTC)),
        "is not valid yet",
        "clock of this machine",
    ),
    "another host": (
        lambda ca: ca.issue_cert("elsewhere.example.org"),
        "is for another host",
        "not valid for '127.0.0.1'",
    ),
    "unknown authority": (
        lambda _: trustme.CA().issue_cert("127.0.0.1"),
        "is not trusted (unable to get local issuer certificate)",
        "{ca_file}",
    ),
}


@contextmanager
def tls_server(cert: trustme.LeafCert) -> Iterator[int]:
    """Shakes hands on a port of this machine, or tries to."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    cert.configure_cert(context)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                try:
                    context.wrap_socket(connection, server_side=True).close()
                except OSError:
                    connection.close()

        threading.Thread(target=serve, daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize(("shown", "what", "advice"), SHOWN.values(), ids=SHOWN)
def test_a_source_says_what_is_wrong_with_a_certificate_and_what_to_do(
    shown: Shown, what: str, advice: str, authority: trustme.CA, ca_file: Path
) -> None:
    with (
        tls_server(shown(authority)) as port,
        Door(ca_file=ca_file, sleep=lambda _: None) as door,
        pytest.raises(SourceError) as caught,
    ):
        door.get(f"https://127.0.0.1:{port}/", trusted=True)

    assert what in str(caught.value)
    assert advice.format(ca_file="[network] ca_file") in str(caught.value)


@pytest.mark.parametrize(("shown", "what", "advice"), SHOWN.values(), ids=SHOWN)
def test_a_models_server_says_what_is_wrong_with_a_certificate_and_what_to_do(
    shown: Shown, what: str, advice: str, authority: trustme.CA, ca_file: Path
) -> None:
    with tls_server(shown(authority)) as port:
        llm = OpenAILLM("m", api_key="none", base_url=f"https://127.0.0.1:{port}/v1", ca_file=ca_file)
        with pytest.raises(LLMUnavailable) as caught:
            llm.complete(prompt())

    assert what in str(caught.value)
    assert advice.format(ca_file="[network] ca_file") in str(caught.value)


def test_a_fault_is_found_however_deep_a_library_has_wrapped_it() -> None:
    fault = ssl.SSLCertVerificationError("nothing to see")
    outer = RuntimeError("outermost")
    outer.__cause__ = OSError("in between")
    outer.__cause__.__context__ = fault

    assert certificate_error(outer) is fault
    assert certificate_error(RuntimeError("something else")) is None


def test_a_circle_of_causes_has_an_end() -> None:
    one, other = RuntimeError("one"), RuntimeError("other")
    one.__cause__, other.__cause__ = other, one

    assert certificate_error(one) is None


def test_a_fault_without_a_name_of_its_own_keeps_openssls_words() -> None:
    fault = ssl.SSLCertVerificationError("…")
    fault.verify_code, fault.verify_message = 66, "EE certificate key too weak"

    assert certificate_fault(fault, setting="[mail] ca_file") == (
        "shows a certificate that is not trusted (EE certificate key too weak); whoever runs the server must replace it"
    )
