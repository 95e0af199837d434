"""Import a feed reader's subscriptions (OPML) as [[source]] blocks at the end of config.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from digest.config.read import load
from digest.config.sources import read_source
from digest.config.table import Problems, Table
from digest.core.errors import ConfigError, SourceError
from digest.core.ports import Clock
from digest.sources.kind import SourceConfig
from digest.sources.kinds import make_source

if TYPE_CHECKING:
    from digest.sources.libraries.opml import Outline


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """The result of importing subscriptions."""

    text: str
    """The text that was added to the config, or would be."""
    added: int
    """Sources in it."""
    remarks: tuple[str, ...]
    """Subscriptions that could not be imported, and why, a sentence each."""


def import_opml(file: Path, config: Path, *, clock: Clock, write: bool) -> Imported:
    """Add the subscriptions of *file* that *config* does not have yet.

    The config is checked before and after, and replaced in one step: a file that cannot be read changes nothing.

    Args:
        write: Change *config*; False: only say what would be added.

    Raises:
        ConfigError: Either file cannot be read or is not what it should be, or the config cannot be written.
    """
    from digest.sources.libraries.opml import as_config, parse_opml

    before = load(config)
    try:
        found = parse_opml(file.read_bytes(), url=str(file))
    except OSError as exc:
        raise ConfigError(f"{file}: cannot be read: {exc.strerror or exc}") from exc
    except SourceError as exc:
        raise ConfigError(f"{file} {exc}") from exc
    outlines = found.feeds
    text = as_config(
        outlines,
        taken_names=[source.name for source in before.sources],
        known_urls=[
            *(make_source(source, clock).url_for(clock().date()) for source in before.sources),
            *(outline.url for outline in outlines if _is_meant(outline, before.sources)),
        ],
    )
    added = text.count("[[source]]\n")
    if write and added:
        _append(config, text)
    return Imported(text=text, added=added, remarks=found.remarks)


def _is_meant(outline: Outline, sources: Iterable[SourceConfig]) -> bool:
    """Whether one of *sources* reads the same list in another way than by the feed, as bioRxiv's over its API."""
    from digest.sources.libraries.opml import as_config

    tables = tomllib.loads(as_config([outline], taken_names=(), known_urls=())).get("source", [])
    if not tables:
        return False
    feed = read_source(Table("", "", tables[0], Problems()))
    return any((s.kind, s.url, _choosing(s)) == (feed.kind, feed.url, _choosing(feed)) for s in sources)


def _choosing(source: SourceConfig) -> dict[str, Any]:
    """Return those of a source's options that choose its papers; a flag only says how they are read."""
    return {key: value for key, value in source.options.items() if not isinstance(value, bool)}


def _append(config: Path, text: str) -> None:
    file = config.resolve()  # a link stays one
    whole = file.with_name(f".{file.name}.new")
    try:
        before = file.read_bytes()
        line_end = b"\r\n" if b"\r\n" in before else b"\n"
        whole.write_bytes(before.rstrip() + f"\n\n{text}".encode().replace(b"\n", line_end))
        load(whole)
        whole.chmod(file.stat().st_mode & 0o777)
        whole.replace(file)
    except ConfigError as exc:
        said = str(exc).replace(str(whole), str(config)).replace(whole.name, config.name)
        raise ConfigError(
            f"{said}; nothing was changed, and --dry-run prints the sources to be put in by hand"
        ) from exc
    except OSError as exc:
        raise ConfigError(f"{config}: cannot be written: {exc.strerror or exc}") from exc
    finally:
        whole.unlink(missing_ok=True)
