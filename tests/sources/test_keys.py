"""A service that refuses a source's key: the error names the variable that holds it, and never the key."""

from __future__ import annotations

from datetime import date
from functools import cached_property
from pathlib import Path

import httpx2
import pytest

from digest.app.app import App
from digest.app.host import Host
from digest.config.read import load
from digest.sources.door.http import Door

KEY = "s3cr3t-k3y-of-mine"
CONFIG = """
[[source]]
name = "Keyed"
{source}
url = "https://api.example.org/list"
{key}

[[edition]]
name = "daily"
"""
KINDS = {
    "openalex": 'kind = "openalex"\nsearch = "x"',
    "openreview": 'kind = "openreview"\nvenue = "x"',
    "pubmed": 'kind = "pubmed"\nsearch = "x"',
    "semanticscholar": 'kind = "semanticscholar"\nsearch = "x"',
}


class Refused(App):
    """An app whose network answers everything the same way."""

    answer = httpx2.Response(401)

    @cached_property
    def door(self) -> Door:
        transport = httpx2.MockTransport(lambda _: self.answer)
        return self._open.enter_context(Door(transport=transport, sleep=lambda _: None))


def said_of(folder: Path, kind: str, status: int, body: str, *, with_key: bool = True) -> str:
    """What a run says of the source."""
    key = 'api_key_env = "MY_SERVICE_KEY"' if with_key else ""
    (folder / "config.toml").write_text(CONFIG.format(source=KINDS[kind], key=key))
    with Refused(load(folder / "config.toml"), Host(environment={"MY_SERVICE_KEY": KEY})) as app:
        app.answer = httpx2.Response(status, text=body)
        [report] = app.run((), date(2026, 6, 3))
    [source] = report.sources
    assert source.error is not None
    return source.error


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("status", "body"), [(401, ""), (403, "<title>Forbidden</title>"), (400, "")])
def test_a_refused_key_names_its_variable(kind: str, status: int, body: str, tmp_path: Path) -> None:
    body = body or f'{{"error": "API key invalid: {KEY}"}}'

    said = said_of(tmp_path, kind, status, body)

    assert "check the key in the variable MY_SERVICE_KEY" in said
    assert "api_key_env" in said
    assert "browser" not in said
    assert KEY not in said


@pytest.mark.parametrize(("status", "body"), [(404, ""), (500, "no key to the door"), (400, '{"error": "bad query"}')])
def test_what_is_not_the_keys_fault_does_not_blame_it(status: int, body: str, tmp_path: Path) -> None:
    assert "MY_SERVICE_KEY" not in said_of(tmp_path, "openalex", status, body)


def test_a_source_without_a_key_is_told_to_look(tmp_path: Path) -> None:
    assert "open the address in a browser" in said_of(tmp_path, "openalex", 401, "", with_key=False)
