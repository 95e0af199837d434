"""What all tests share: values built with one call, the recorded feeds where they are, a clock that stands still."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings

from digest.core.models import Paper, PaperId

if TYPE_CHECKING:
    import trustme

    from tests.support.clients import Clients

# How long an example takes says how busy the machine is.
settings.register_profile("digest", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("digest")

ROOT = Path(__file__).resolve().parent.parent
REAL_DATA = Path(os.environ.get("DIGEST_TEST_DATA", ROOT.parent / "shared" / "data"))
"""Recorded feeds of real days. They are not part of the repository."""

NOON = datetime(2026, 6, 3, 12, 0, tzinfo=UTC)


def paper(n: int = 1, **changes: Any) -> Paper:
    """The n-th of endlessly many papers, alike but for their numbers; a test names only what matters to it."""
    values: dict[str, Any] = {
        "id": PaperId(f"arxiv:2603.{n:05d}"),
        "title": f"Paper number {n} on the study of things",
        "abstract": f"Things are everywhere. In this paper we propose method {n} for them. It works {n} times in 100.",
        "authors": ("Ada Lovelace", "Emmy Noether"),
        "url": f"https://arxiv.org/abs/2603.{n:05d}",
        "published": datetime(2026, 3, 1, tzinfo=UTC),
        "version": 1,
        "categories": ("cs.LG",),
    }
    return Paper(**{**values, **changes})


@pytest.fixture
def real_data() -> Path:
    """The folder of recorded feeds; a test that needs it is skipped where it is absent."""
    if not REAL_DATA.is_dir():
        pytest.skip(f"recorded feeds are not at {REAL_DATA} (set DIGEST_TEST_DATA)")
    return REAL_DATA


@pytest.fixture
def client_of() -> Iterator[Clients]:
    """Makes a client of a model's server, and closes it behind the test."""
    from tests.support.clients import Clients

    with Clients() as clients:
        yield clients


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """An authority for certificates that nobody knows but who is given `ca_file`."""
    import trustme

    return trustme.CA()


@pytest.fixture(scope="session")
def ca_file(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its certificate."""
    path = tmp_path_factory.mktemp("authority") / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return path
