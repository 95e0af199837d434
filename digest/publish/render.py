"""Render Jinja templates. A file in the user's own folder of templates replaces the shipped one."""

from __future__ import annotations

import hashlib
import textwrap
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from types import CodeType
from typing import Any, Final

from jinja2 import BytecodeCache, FileSystemLoader, StrictUndefined, TemplateError, TemplateSyntaxError
from jinja2.bccache import Bucket
from jinja2.sandbox import SandboxedEnvironment
from markupsafe import Markup

from digest.core.errors import ConfigError, DigestError
from digest.core.walls import foreign
from digest.core.words.language import is_right_to_left
from digest.publish.formulas import to_italics


class _Compiled(BytecodeCache):
    """Templates that this process has compiled, by their text, which takes longer than to render most pages."""

    def __init__(self) -> None:
        self._code: dict[str, tuple[str, CodeType]] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        checksum, code = self._code.get(bucket.key, ("", None))
        if checksum == bucket.checksum:
            bucket.code = code

    def dump_bytecode(self, bucket: Bucket) -> None:
        if bucket.code is not None:
            self._code[bucket.key] = bucket.checksum, bucket.code


_COMPILED: Final = _Compiled()


class Templates:
    """The templates of pages and mails; each is compiled once."""

    def __init__(self, folders: Sequence[Path]) -> None:
        """Args:
        folders: Folders in which a template is looked for, in this order.
        """
        self._folders = tuple(folders)
        self._environment = SandboxedEnvironment(
            loader=FileSystemLoader(self._folders),
            # Jinja's default would leave some file names unescaped; here only `.txt` is.
            autoescape=lambda name: name is None or not name.endswith(".txt"),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            bytecode_cache=_COMPILED,
            auto_reload=False,
        )
        self._environment.filters["fill"] = fill
        self._environment.filters["flow"] = flow
        self._environment.filters["italic"] = to_italics
        self._environment.tests["rtl"] = is_right_to_left
        self._environment.globals["lang"] = lang

    def html(self, name: str, **values: Any) -> str:
        """Render the HTML template *name*; every value is escaped."""
        if name.endswith(".txt"):
            raise ValueError(f"{name} is not escaped; use text()")
        return self._render(name, values)

    def text(self, name: str, **values: Any) -> str:
        """Render the `.txt` template *name*; nothing is escaped."""
        if not name.endswith(".txt"):
            raise ValueError(f"{name} is escaped; use html()")
        return self._render(name, values)

    def file(self, name: str) -> bytes:
        """Return a file from the folders of templates that is published unchanged, e.g. `style.css`."""
        for folder in self._folders:
            path = folder / name
            if path.is_file():
                return _read(path)
        raise ConfigError(f"template {name} is missing in {self._places()}: install the package again")

    def fingerprint(self) -> str:
        """Return a hash of all templates, so that pages are drawn again when a template changes."""
        hashed = hashlib.sha256()
        for folder in self._folders:
            for path in sorted(path for path in folder.rglob("*") if path.is_file()):
                content = _read(path)
                hashed.update(f"{path.relative_to(folder).as_posix()} {len(content)}\n".encode())
                hashed.update(content)
        return hashed.hexdigest()

    def _render(self, name: str, values: dict[str, Any]) -> str:
        try:
            with foreign("template", self._trips(name), announced=(TemplateError, UnicodeDecodeError, OSError)):
                rendered = self._environment.get_template(name).render(values)
            # A lone surrogate, out of some feed's broken JSON, fits into no file and no mail.
            return rendered.encode("utf-8", "replace").decode("utf-8")
        except TemplateSyntaxError as exc:
            raise ConfigError(f"template {exc.filename or exc.name}, line {exc.lineno}: {exc.message}") from exc
        except TemplateError as exc:
            raise ConfigError(f"template {name} in {self._places()}: {type(exc).__name__}: {exc.message}") from exc
        except UnicodeDecodeError as exc:
            raise ConfigError(f"template {name} in {self._places()}: is not UTF-8; save it as that") from exc
        except OSError as exc:
            raise DigestError(f"template {name}: cannot be read: {exc.strerror or exc}") from exc

    def _trips(self, name: str) -> Callable[[str], ConfigError]:
        """Return what makes a ConfigError of any exception in a template.

        A template's mistakes are no bugs of this program.
        """
        return lambda said: ConfigError(f"template {name} in {self._places()}: {said}")

    def _places(self) -> str:
        return ", ".join(str(folder) for folder in self._folders)


def lang(code: str) -> Markup:
    """Return the attributes of an element whose text is in the language *code*; empty for an empty one.

    ` lang="de"`, or ` lang="ar" dir="rtl"`.
    """
    if not code:
        return Markup()
    said = Markup(' lang="{}"').format(code)
    return said + Markup(' dir="rtl"') if is_right_to_left(code) else said


@lru_cache(maxsize=4096)
def fill(text: str, width: int = 78, first: str = "", rest: str | None = None) -> str:
    """Wrap *text* to *width* characters; *first* stands before the first line, *rest* (or *first* again) before others.

    A link is never broken, however long.
    """
    return textwrap.fill(
        " ".join(text.split()),
        width,
        initial_indent=first,
        subsequent_indent=first if rest is None else rest,
        break_long_words="://" not in text,
        break_on_hyphens=False,
    )


def flow(parts: Sequence[str], width: int = 78, first: str = "") -> str:
    """*parts* with " · " between two that share a line; no line begins or ends with a dot.

    Args:
        first: What stands before each line.
    """
    lines = [""]
    for part in (" ".join(part.split()) for part in parts):
        joined = f"{lines[-1]} · {part}" if lines[-1] else part
        if len(first) + len(joined) <= width:
            lines[-1] = joined
        else:
            if not lines[-1]:
                lines.pop()
            lines += fill(part, width - len(first)).split("\n")
    return "\n".join(first + line for line in lines)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as exc:
        raise DigestError(f"{path}: cannot be read: {exc.strerror or exc}") from exc
