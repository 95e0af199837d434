"""Explain a TLS certificate error in words, with what the user can do about it.

Used for mail servers, model servers and sources alike.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import ssl

# X509_V_ERR_… of OpenSSL: https://docs.openssl.org/master/man3/X509_STORE_CTX_get_error/
_NOT_YET_VALID: Final = 9
_EXPIRED: Final = 10
_SELF_SIGNED: Final = 18
_UNKNOWN_AUTHORITY: Final = frozenset({2, 19, 20, 21, 27})
_OTHER_NAME: Final = frozenset({62, 63, 64})
"""OpenSSL's error codes for a certificate of another host, mail address or IP address."""


def certificate_fault(error: ssl.SSLCertVerificationError, *, setting: str) -> str:
    """Return what is wrong with the certificate, in OpenSSL's words, and what to do: a clause to follow "host ".

    Args:
        setting: The key of the config that names a file with an own certificate, e.g. `[network] ca_file`.
    """
    what, advice = _named(error.verify_code, setting)
    # OpenSSL ends some of its messages with a full stop.
    return f"shows a certificate that {what} ({error.verify_message.rstrip('.')}); {advice}"


def _named(code: int, setting: str) -> tuple[str, str]:
    if code == _EXPIRED:
        return "has expired", "whoever runs the server must renew it, unless the clock of this machine is wrong"
    if code == _NOT_YET_VALID:
        return "is not valid yet", "check the clock of this machine"
    if code in _OTHER_NAME:
        return "is for another host", "write the host as the certificate names it"
    if code == _SELF_SIGNED:
        return (
            "is not trusted, for it is self-signed",
            f"if the server is your own or your network's, name the file of that certificate in {setting}",
        )
    if code in _UNKNOWN_AUTHORITY:
        return (
            "is not trusted",
            f"if your network has a certificate authority of its own, name its file in {setting}",
        )
    return "is not trusted", "whoever runs the server must replace it"


def certificate_error(error: BaseException | None) -> ssl.SSLCertVerificationError | None:
    """Return the certificate error among the causes of *error*, however deep; None if there is none."""
    import ssl

    return next((each for each in _causes(error) if isinstance(each, ssl.SSLCertVerificationError)), None)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__
