"""Find and read shipped files: templates, prompts, taxonomy, sample and trained files, in a checkout or a wheel."""

from __future__ import annotations

import codecs
from pathlib import Path
from typing import Final

from digest.core.errors import ConfigError

PACKAGE: Final = Path(__file__).resolve().parent
CHECKOUT: Final = PACKAGE.parent
END: Final = "# end\n"
"""The last line of each trained file that is text: without it the file is cut off, wherever that was."""


def shipped(name: str) -> Path:
    """Return the path of the shipped file or folder *name*, e.g. `templates` or `prompts/summarize.txt`.

    In a wheel these lie inside the package; in a checkout `templates/`, `prompts/` and `config.toml` lie beside it.
    """
    for folder in (PACKAGE, CHECKOUT):
        path = folder / name
        if path.exists():
            return path
    raise ConfigError(f"{name} is missing from this installation: install the package again")


def folders(name: str, base: Path) -> tuple[Path, ...]:
    """The user's own folder beside config.toml, if there is one, before the shipped one."""
    own = base / name
    shipped_folder = shipped(name)
    return (own, shipped_folder) if own.is_dir() and own.resolve() != shipped_folder.resolve() else (shipped_folder,)


def utf8(content: bytes) -> str:
    """Decode a user's text file as UTF-8, without the byte order mark that Windows adds.

    Raises:
        ValueError: The file is no UTF-8; the message says what to do.
    """
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in content[:4]:
        raise ValueError('is saved as UTF-16; save it as UTF-8 (in Notepad under "Save as", beside "Encoding")')
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        line = content.count(b"\n", 0, exc.start) + 1
        raise ValueError(f"is not UTF-8 (line {line}); save it as UTF-8") from exc


def read_text(name: str, base: Path) -> str:
    """Read a text such as `prompts/summarize.txt`: the user's own beside config.toml, or the shipped one."""
    own = base / name
    path = own if own.is_file() else shipped(name)
    try:
        return utf8(path.read_bytes()).replace("\r\n", "\n")
    except OSError as exc:
        raise ConfigError(f"{path}: cannot be read: {exc.strerror or exc}") from exc
    except ValueError as exc:
        raise ConfigError(f"{path}: {exc}") from exc


def trained(name: str) -> bytes:
    """Read a trained file that ships with the package: weights, word counts. See `digest.training`.

    Raises:
        ConfigError: It cannot be read.
    """
    path = shipped("trained") / name
    try:
        return path.read_bytes()
    except OSError as exc:
        raise ConfigError(f"{path}: cannot be read: {exc.strerror or exc}; install the package again") from exc


def trained_text(name: str) -> str:
    """Read a trained file that is text.

    Raises:
        ConfigError: The file cannot be read, or is damaged or cut off.
    """
    content = trained(name)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        text = ""
    if not text.endswith(END):
        raise ConfigError(f"{shipped('trained') / name}: is damaged or cut off; install the package again")
    return text
