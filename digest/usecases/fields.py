"""Fields to begin with: sources, interests and kinds of items for a config.toml, read from `fields.toml`.

fields.toml ──read_fields──► Field, Field, …
the shipped config.toml, fields ──with_fields──► the text of a config.toml with these sources and an edition for each
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from digest.sources.libraries.opml import quoted, quoted_list

_SOURCES: Final = re.compile(r"(?m)(?:^\[\[source\]\]\n(?:\w[^\n]*\n)+\n?)+")
"""Source tables that stand one after the other, without comments."""
_NAME: Final = re.compile(r'(?m)^name = "daily" +#[^\n]*\n')
_INTERESTS: Final = re.compile(r"(?m)^interests = [^\n]*\n")
_BEFORE_TOPICS: Final = "# -- Topics beside those"


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A field of science, with what a digest of it may begin with."""

    name: str
    """As it is asked for: `molecular-biology`."""
    about: str
    """What it holds, in a few words."""
    interests: tuple[str, ...]
    kinds: tuple[str, ...] = ()
    """Kinds of items that an edition prints; empty: what any edition prints."""
    sources: tuple[Mapping[str, Any], ...]
    """As in config.toml."""


def read_fields(text: str) -> dict[str, Field]:
    """Read `fields.toml`: the fields by their names, in the file's order."""
    return {
        name: Field(
            name=name,
            about=table["about"],
            interests=tuple(table["interests"]),
            kinds=tuple(table.get("kinds", ())),
            sources=tuple(table["sources"]),
        )
        for name, table in tomllib.loads(text).items()
    }


def with_fields(config: str, fields: Sequence[Field]) -> str:
    """Return the shipped *config* with the sources of *fields* in place of its own, and an edition for each field.

    One field alone is the edition `daily` with all sources; of several, each edition has its field's name and sources.
    Two different sources of one name are told apart by their fields.
    """
    if not fields:
        return config
    named = [_named(field, fields) for field in fields]
    blocks = dict.fromkeys(_block("source", source) for sources in named for source in sources)
    text = _SOURCES.sub(lambda _: "\n".join(blocks) + "\n", config, count=1)
    first, *others = fields
    text = _INTERESTS.sub(lambda _: f"interests = {_value(first.interests)}\n{_kinds(first)}", text, count=1)
    if not others:
        return text
    text = _NAME.sub(lambda _: f'name = "{first.name}"\nsources = {_value(_names(named[0]))}\n', text, count=1)
    editions = [
        _block("edition", {"name": field.name, "sources": _names(sources), "interests": field.interests})
        + _kinds(field)
        + 'at = "07:00"\ndays = "mon-fri"\nrecipients = []\n'
        for field, sources in zip(others, named[1:], strict=True)
    ]
    before, line, after = text.partition(_BEFORE_TOPICS)
    return before + "".join(f"{edition}\n" for edition in editions) + line + after


def _named(field: Field, fields: Sequence[Field]) -> tuple[Mapping[str, Any], ...]:
    """Return the sources of *field*, with its name behind those that another field has otherwise."""
    others = [source for other in fields if other is not field for source in other.sources]
    return tuple(
        {**source, "name": f"{source['name']}, {field.name.replace('-', ' ')}"}
        if any(source["name"] == other["name"] and source != other for other in others)
        else source
        for source in field.sources
    )


def _names(sources: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    return tuple(source["name"] for source in sources)


def _kinds(field: Field) -> str:
    return f"kinds = {_value(field.kinds)}\n" if field.kinds else ""


def _block(table: str, values: Mapping[str, Any]) -> str:
    return f"[[{table}]]\n" + "".join(f"{key} = {_value(value)}\n" for key, value in values.items())


def _value(value: str | Sequence[str]) -> str:
    """Return a text or a list of texts as TOML."""
    return quoted(value) if isinstance(value, str) else quoted_list(value)
