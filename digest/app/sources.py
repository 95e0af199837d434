"""Wires a source to its fetcher: the door to the network with the source's key, or a program of the operator."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from digest.config.settings import Config
from digest.core.ports import Source
from digest.sources.kind import Credentials, Get, SourceConfig
from digest.sources.kinds import kind_of

if TYPE_CHECKING:
    from digest.sources.command import Children
    from digest.sources.door.fetcher import Documents
    from digest.sources.door.http import Door


def fetcher(
    source: Source,
    config: Config,
    environment: Mapping[str, str],
    *,
    door: Door,
    documents: Documents,
    children: Callable[[], Children],
    today: date,
) -> Get:
    """A function that fetches the documents of *source* by address, during one run.

    Raises:
        ConfigError: The variable that is to hold its key is not set.
    """
    from digest.sources.door.deadline import Deadline
    from digest.sources.door.fetcher import fetcher as through_the_door

    configured = {s.name: s for s in config.sources}[source.name]
    kind = kind_of(configured.kind)
    if kind.fetcher is not None:
        return kind.fetcher(configured, _Programs(config, environment, children))
    return through_the_door(
        source,
        url=configured.url,
        dated="{date}" in configured.url if configured.url else kind.own_address_is_dated,
        door=door,
        documents=documents,
        credentials=_credentials(configured, config, environment),
        today=today,
        deadline=Deadline(time.monotonic),
    )


def _credentials(source: SourceConfig, config: Config, environment: Mapping[str, str]) -> Credentials:
    access, key = kind_of(source.kind).access, config.source_key(source, environment)
    return access.credentials(key.reveal(), source.api_key_env) if access and key else Credentials()


class _Programs:
    """Runs programs in the folder of config.toml."""

    def __init__(self, config: Config, environment: Mapping[str, str], children: Callable[[], Children]) -> None:
        self._base, self._children = config.base, children
        # A program is the operator's own, but the keys of other things are none of its business.
        secret = config.secret_variables
        self._environment = {name: value for name, value in environment.items() if name not in secret}

    def __call__(self, argv: Sequence[str], *, timeout_s: float) -> bytes:
        from digest.sources.command import run_command
        from digest.sources.guard import MAX_FILE_BYTES

        return run_command(
            argv,
            cwd=self._base,
            environment=self._environment,
            timeout_s=timeout_s,
            max_bytes=MAX_FILE_BYTES,
            children=self._children(),
        )


def politeness_folder(environment: Mapping[str, str], data_dir: Path) -> Path:
    """The folder in which all programs of one user take turns at arXiv; below *data_dir* if the user has no home."""
    caches = environment.get("XDG_CACHE_HOME") or (environment["HOME"] + "/.cache" if environment.get("HOME") else "")
    return Path(caches) / "research-digest" if caches else data_dir
