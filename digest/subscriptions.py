"""A feed reader's subscriptions (OPML) → [[source]] blocks at the end of config.toml."""

from __future__ import annotations

from pathlib import Path

from digest.app import now
from digest.config import load
from digest.core.errors import ConfigError, SourceError
from digest.kinds import make_source


def import_opml(file: Path, config: Path, *, write: bool) -> tuple[str, int]:
    """Add what *file* subscribes to and *config* has not; the text that was added, and how many sources are in it.

    The config is checked before and after, and replaced in one step: a file that cannot be read changes nothing.

    Raises:
        ConfigError: Either file cannot be read or is not what it should be, or the config cannot be written.
    """
    from digest.sources.opml import as_config, parse_opml

    before = load(config)
    try:
        outlines = parse_opml(file.read_bytes(), url=str(file))
    except OSError as exc:
        raise ConfigError(f"{file}: cannot be read: {exc.strerror or exc}") from exc
    except SourceError as exc:
        raise ConfigError(f"{file} {exc}") from exc
    text = as_config(
        outlines,
        taken_names=[source.name for source in before.sources],
        known_urls=[make_source(source, now).url_for(now().date()) for source in before.sources],
    )
    added = text.count("[[source]]\n")
    if write and added:
        _append(config, text)
    return text, added


def _append(config: Path, text: str) -> None:
    whole = config.with_name(f".{config.name}.new")
    try:
        whole.write_text(f"{config.read_text(encoding='utf-8').rstrip()}\n\n{text}", encoding="utf-8")
        load(whole)
        whole.chmod(config.stat().st_mode & 0o777)
        whole.replace(config)
    except OSError as exc:
        raise ConfigError(f"{config}: cannot be written: {exc.strerror or exc}") from exc
    finally:
        whole.unlink(missing_ok=True)
