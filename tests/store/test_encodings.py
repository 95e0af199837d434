"""A Postgres whose databases cannot hold every letter is refused when it is opened, in a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from digest.core.errors import StoreError
from digest.store import SqlStore

if TYPE_CHECKING:
    from tests.support.store_fixtures import Server

pytest_plugins = ("tests.support.store_fixtures",)
pytestmark = pytest.mark.enable_socket


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1", "EUC_JP"])
def test_a_database_that_cannot_hold_every_letter_is_refused(encoding: str, postgres: Server) -> None:
    url = postgres.new_database(f"ENCODING '{encoding}' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'")

    with pytest.raises(StoreError) as caught:
        SqlStore.open(url)

    assert f"is in the encoding {encoding}" in str(caught.value)
    assert "ENCODING 'UTF8'" in str(caught.value)


def test_every_letter_gets_through_whatever_the_environment_says(
    postgres: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGCLIENTENCODING", "LATIN1")

    with SqlStore.open(postgres.new_database()) as store:
        store.save_learned("a server", {"name": "Łukasz ℓ² 漢字"})
        assert store.learned("a server") == {"name": "Łukasz ℓ² 漢字"}
