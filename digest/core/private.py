"""Find and mask secrets that no message may show: passwords in URLs, and API keys in place of a variable's name."""

from __future__ import annotations

import re
from typing import Final

_LEAD: Final = re.compile(r"\A[A-Za-z][\w+.-]*:/{2,}|\A//")
_LOGIN: Final = re.compile(r"\A(?!mailto:)[^\s/:@]+:[^\s/@][^\s@]*@(?=[\w\[])")
"""An address without its scheme."""
_AUTHORITY: Final = re.compile(r"[^/?#]*")
_PORT: Final = re.compile(r"(?:\[[^\]]*\]|[^:]*)(?::\d*)?")
_MORE: Final = re.compile(r"(?<!/)@")
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_KEY_STARTS: Final = (
    "sk-",
    "sk_",
    "pk_",
    "hf_",
    "gsk_",
    "ghp_",
    "xai-",
    "pplx-",
    "nvapi-",
    "AIza",
    "AKIA",
    "r8_",
    "eyJ",
)
"""How the API keys of model providers and similar services begin."""
_PARAMETERS: Final = re.compile(r"\?[\w.\[\]-]+=")
_LONG: Final = 20
_SHOWN: Final = 3
_NAMED: Final = re.compile(r"(\A|[=&#])([^=&#]*+)(?==[^&#])")
"""The text before a parameter's value in a URL: the parameter's name or, before the first `=`, also the address."""
_SECRET: Final = re.compile(r"key|token|secret|password|passwd|pwd", re.IGNORECASE)
"""Matches the name of a URL's parameter whose value is a secret."""


def without_password(url: str) -> str:
    """Return a URL without user and password, also where these are not escaped as they should be.

    A password with `/`, `?`, `#` or `@` in it, which should have been escaped, goes as well. An `@` behind a `/` is
    part of a path, as in `https://example.org/@ada`.
    """
    lead = _LEAD.match(url)
    if lead is None or "@" not in url:
        return _LOGIN.sub("", url)
    start, rest = lead[0], url[lead.end() :]
    authority = _AUTHORITY.match(rest)
    end = authority.end() if authority else 0
    cut = rest.rfind("@", 0, end) + 1
    if not cut and _PORT.fullmatch(rest[:end]):
        return url
    # The password may go on behind the first @; but in parameters an @ is at home, unless there is no host before.
    parameters = _PARAMETERS.search(rest, cut) if cut else None
    more = [match.end() for match in _MORE.finditer(rest, cut, parameters.start() if parameters else len(rest))]
    return start + rest[more[-1] if more else cut :]


def has_password(url: str) -> bool:
    """Whether an address carries a user or a password, or a key among its parameters."""
    return without_password(url) != url or _has_secret_parameter(url)


def _has_secret_parameter(url: str) -> bool:
    for match in _NAMED.finditer(url):
        name = match[2] if match[1] == "&" else match[2].partition("?")[2]
        if _SECRET.search(name):
            return True
    return False


def looks_like_secret(name: str) -> bool:
    """Whether *name*, which should name an environment variable, looks like a key or a password.

    Only for names of variables that are not set: `openaikey` may be a variable's name, and looks like a password.
    """
    if not _NAME.fullmatch(name) or name.startswith(_KEY_STARTS):
        return True
    has_digits, has_small = any(c.isdigit() for c in name), any(c.islower() for c in name)
    if has_digits and has_small and any(c.isupper() for c in name):
        return True
    return "_" not in name and (has_small or (has_digits and len(name) >= _LONG))


def masked(secret: str) -> str:
    """Return the beginning of a key, by which its owner can tell which key it is; nothing of a short key."""
    return f"{secret[:_SHOWN]}…" if len(secret) >= _LONG else "***"
