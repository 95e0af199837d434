"""What programs that watch the site are told: numbers, and no address."""

from __future__ import annotations

import re

from digest.core.subscribers.tokens import Link, Purpose
from tests.support.visiting import Visitors


def test_a_site_whose_store_answers_is_healthy(site: Visitors) -> None:
    answer = site.client.get("/healthz")

    assert (answer.status_code, answer.text) == (200, "ok\n")


def test_a_site_whose_store_is_gone_is_not_and_says_so_on_its_pages(site: Visitors) -> None:
    one = site.subscribed()
    token = site.keys.token(Purpose.UNSUBSCRIBE, Link(subscription=one.pk))
    site.client.get(f"/unsubscribe/{token}")
    site.opened.store.close()
    (site.folder / "var" / "digest.db").write_bytes(b"no database at all, but long enough to be read as one" * 100)
    for suffix in ("-wal", "-shm"):
        (site.folder / "var" / f"digest.db{suffix}").unlink(missing_ok=True)

    assert site.client.get("/healthz").status_code == 503
    answer = site.client.post(f"/unsubscribe/{token}", data={"List-Unsubscribe": "One-Click"})

    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "60"
    assert "nothing was changed" in answer.text


def test_metrics_count_and_name_nobody(site: Visitors) -> None:
    one = site.subscribed("ada.lovelace@example.org")
    token = site.keys.token(Purpose.UNSUBSCRIBE, Link(subscription=one.pk))
    site.client.get(f"/unsubscribe/{token}")
    site.client.post("/subscribe", data={"email": "emmy@example.org"})
    site.client.get("/nothing")
    site.client.request("BREW", "/")

    answer = site.client.get("/metrics")

    lines = answer.text.splitlines()
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert 'digest_requests_total{place="/unsubscribe/{token}",method="GET",status="200"} 1' in lines
    assert 'digest_requests_total{place="/{path:path}",method="GET",status="404"} 1' in lines
    assert 'digest_requests_total{place="other",method="other",status="405"} 1' in lines
    assert 'digest_request_seconds_count{place="/subscribe"} 1' in lines
    assert 'digest_subscribers{state="confirmed"} 1' in lines
    assert 'digest_notices{state="due"} 1' in lines
    assert token not in answer.text
    assert "example.org" not in answer.text
    assert all(re.fullmatch(r"# (HELP|TYPE) .+|digest_\w+(\{[^}]*\}?[^}]*\})? \S+", line) for line in lines)
