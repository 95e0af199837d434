"""Post issues to places beside mail: Slack, Discord, Teams, ntfy, Matrix, and any program that takes JSON.

A post is handed over like a mail: the last byte of a request is held back until `before_dot` has returned. From there
on an answer of the server settles it, and no answer is doubt. Matrix and the webhook take a key with a post and know a
second one by it, so those may be posted again.

Who knows the address of a webhook may post there, so it stands in no message and no log.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlsplit, urlunsplit

from digest.core.certificates import certificate_error, certificate_fault
from digest.core.errors import DeliveryError, InDoubtError, RefusedError
from digest.core.issues.post import Post
from digest.core.pauses import retry_after
from digest.core.words.text import excerpt
from digest.cutting import Line
from digest.deliver import hook_bodies
from digest.deliver.hook_bodies import encoded

if TYPE_CHECKING:
    import httpx2

_MOST_ANSWER: Final = 20_000
_NOT_THERE: Final = frozenset({401, 403, 404, 410})
_IN_DOUBT: Final = frozenset({502, 504})
"""A gateway's words for "I asked, and do not know"."""
_LATER: Final = frozenset({408, 425, 429})


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where a hook posts to."""

    name: str
    kind: str
    url: str
    """A secret."""
    token: str = ""
    """A secret; empty for none."""
    room: str = ""
    """Matrix: the room; ntfy: the topic."""


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    url: str
    body: bytes
    headers: Mapping[str, str]


class HookPoster:
    """Posts to one target."""

    def __init__(
        self,
        target: Target,
        *,
        clock: Callable[[], datetime],
        timeout_s: float = 30.0,
        proxy: str | None = None,
        ca_file: Path | None = None,
    ) -> None:
        """Take the way there.

        Args:
            timeout_s: From before the connection is made until the last byte of the answer.
            proxy: `[network] proxy`; machines of one's own are reached without it.
            ca_file: `[network] ca_file`.
        """
        self._target, self._clock, self._timeout_s = target, clock, timeout_s
        self._proxy, self._ca_file = proxy, ca_file

    def send(self, post: Post, *, before_dot: Callable[[], None]) -> None:
        """Post *post*; return once it is taken.

        Raises:
            RefusedError: It was refused for good; a person must look at the hook's settings.
            InDoubtError: The request was sent, and no clear answer came.
            DeliveryError: Not taken; may be tried again, after `retry_after_s` if that is set.
        """
        import httpx2

        request = _request(self._target, post)
        line = Line()
        timer = threading.Timer(self._timeout_s, line.cut)
        timer.daemon = True
        sent = False

        def reach_dot() -> None:
            nonlocal sent
            before_dot()
            sent = True

        timer.start()
        try:
            with self._client() as client:
                outgoing = client.build_request(
                    request.method,
                    request.url,
                    content=_with_dot(request.body, reach_dot),
                    headers={**request.headers, "Content-Length": str(len(request.body))},
                    extensions={"trace": line.watch},
                )
                answer = client.send(outgoing, stream=True)
                try:
                    content = _content(answer)
                finally:
                    answer.close()
        except (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError, OSError) as error:
            raise self._failed(error, sent=sent, is_late=line.is_cut) from None  # its words may hold the address
        finally:
            timer.cancel()
            line.close()
        self._settle(answer, content)

    def _client(self) -> httpx2.Client:
        import ssl

        import httpx2

        host = urlsplit(self._target.url).hostname or ""
        context = ssl.create_default_context()
        if self._ca_file:
            try:
                context.load_verify_locations(cafile=str(self._ca_file))
            except (OSError, ssl.SSLError) as exc:
                raise DeliveryError(f"the certificates of [network] ca_file cannot be read: {exc}") from exc
        return httpx2.Client(
            timeout=self._timeout_s,
            follow_redirects=False,
            proxy=None if _is_own(host) else self._proxy,
            trust_env=False,
            verify=context,
        )

    def _failed(self, error: Exception, *, sent: bool, is_late: bool) -> DeliveryError:
        import httpx2

        name = self._target.name
        certificate = certificate_error(error)
        if certificate is not None:
            return DeliveryError(f"hook {name}: its host {certificate_fault(certificate, setting='[network] ca_file')}")
        if is_late or isinstance(error, httpx2.TimeoutException):
            what = f"no answer within {self._timeout_s:.0f} seconds"
        elif isinstance(error, httpx2.ProxyError):
            what = "the proxy of [network] proxy did not let it through"
        elif isinstance(error, httpx2.ConnectError):
            what = f"no connection ({self._clean(str(error))})"
        else:
            what = f"the connection broke ({type(error).__name__})"
        if sent:
            return InDoubtError(f"hook {name}: {what}, so it may have been posted and may not")
        return DeliveryError(f"hook {name}: {what}; nothing was posted")

    def _settle(self, answer: httpx2.Response, content: bytes) -> None:
        """Decide by a whole answer."""
        name, status = self._target.name, answer.status_code
        said = self._clean(content.decode("utf-8", "replace"))
        is_page = content.lstrip()[:1] == b"<"
        words = f"HTTP {status}" + (f": {said}" if said and not is_page else "")
        if 200 <= status < 300:
            if is_page:
                raise RefusedError(
                    f"hook {name}: a web page answered, which no such service sends; check its address", code="page"
                )
            return
        if 300 <= status < 400:
            raise RefusedError(
                f"hook {name}: it leads elsewhere (HTTP {status}), which is not followed; give the address it leads to",
                code=str(status),
            )
        if status in _IN_DOUBT:
            raise InDoubtError(f"hook {name}: {words}, so it may have been posted and may not")
        if status in _LATER or status >= 500:
            later = DeliveryError(f"hook {name}: not taken now: {words}")
            later.retry_after_s = self._asked(answer, content)
            raise later
        advice = "; check its address and token" if status in _NOT_THERE else ""
        raise RefusedError(f"hook {name}: refused: {words}{advice}", code=str(status))

    def _asked(self, answer: httpx2.Response, content: bytes) -> float | None:
        found = retry_after(answer.headers.get("retry-after", ""), self._clock())
        if found is None and (stated := re.search(rb'"retry_after(_ms)?"\s*:\s*(\d{1,9}(?:\.\d{1,6})?)', content)):
            # Discord says seconds, Matrix thousandths of them, in the body.
            seconds = float(stated[2]) / (1000 if stated[1] else 1)
            found = retry_after(f"{seconds:.3f}", self._clock())
        return found

    def _clean(self, text: str) -> str:
        """Foreign words without what is secret in them."""
        parts = urlsplit(self._target.url)
        secrets = (self._target.url, self._target.token, parts.path.strip("/"), *parts.path.split("/"), parts.query)
        for secret in sorted({s for s in secrets if len(s) > 5}, key=len, reverse=True):
            text = text.replace(secret, "…")
        return excerpt(text)


def _request(target: Target, post: Post) -> _Request:
    headers = {"Content-Type": "application/json", "User-Agent": "research-digest", "Accept-Encoding": "identity"}
    bearer = {"Authorization": f"Bearer {target.token}"} if target.token else {}
    match target.kind:
        case "slack":
            return _Request("POST", target.url, encoded(hook_bodies.slack(post)), headers)
        case "discord":
            # Without it Discord answers before it has looked at the post.
            return _Request("POST", _with_query(target.url, "wait=true"), encoded(hook_bodies.discord(post)), headers)
        case "teams":
            return _Request("POST", target.url, encoded(hook_bodies.teams(post)), headers)
        case "ntfy":
            return _Request("POST", target.url, encoded(hook_bodies.ntfy(post, target.room)), {**headers, **bearer})
        case "matrix":
            # The transaction's id makes a repeated request the same event.
            place = f"rooms/{quote(target.room, safe='')}/send/m.room.message/{quote(post.key, safe='')}"
            url = f"{target.url.rstrip('/')}/_matrix/client/v3/{place}"
            return _Request("PUT", url, encoded(hook_bodies.matrix(post)), {**headers, **bearer})
    body = encoded(hook_bodies.webhook(post))
    headers["Idempotency-Key"] = post.key
    if target.token:
        signature = hmac.new(target.token.encode(), body, hashlib.sha256).hexdigest()
        headers["X-Digest-Signature"] = f"sha256={signature}"
    return _Request("POST", target.url, body, headers)


def _with_query(url: str, query: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(query=f"{parts.query}&{query}" if parts.query else query))


def _with_dot(body: bytes, reach_dot: Callable[[], None]) -> Iterator[bytes]:
    """The body, its last byte held back until *reach_dot* has returned."""
    yield body[:-1]
    reach_dot()
    yield body[-1:]


def _content(answer: httpx2.Response) -> bytes:
    content = b""
    for piece in answer.iter_raw():
        content += piece
        if len(content) > _MOST_ANSWER:
            break
    return content[:_MOST_ANSWER]


def _is_own(host: str) -> bool:
    return host == "localhost" or host.startswith("127.") or host == "::1"
