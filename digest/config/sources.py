"""One `[[source]]` of config.toml, read by what its kind declares: which keys it takes, and which it needs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from digest.config.table import Table
from digest.core.lists.calendar import CALENDARS
from digest.sources.kind import API_KEY_ENV, Key, KeyType, Kind, SourceConfig, keys_of
from digest.sources.kinds import NAMES, all_kinds, kind_of


def read_source(table: Table) -> SourceConfig:
    """One `[[source]]` of the file; what is wrong with it is written down."""
    name = table.choice("kind", NAMES, "")
    kind = kind_of(name) if name else None
    others: dict[str, Key] = {}
    if set(table.unasked()) - ({key.name for key in keys_of(kind)} if kind else set()):
        others = _keys_of_others(table, name)
    source = SourceConfig(
        name=table.required("name"),
        kind=name,
        url=(table.text("url") or None) if kind is None or kind.url else None,
        calendar=table.choice("calendar", tuple(CALENDARS), "none") if table.has("calendar") else None,
        holidays=table.dates("holidays"),
        api_key_env=table.text("api_key_env") if kind and kind.access else "",
        options={key.name: _read(table, key) for key in (kind.keys if kind else ())},
    )
    table.know("calendar", *others)
    if kind:
        _need(table, name, kind)
    else:
        for key in others.values():
            _read(table, key)
    table.close()
    return source


def _keys_of_others(table: Table, name: str) -> dict[str, Key]:
    """The keys that kinds other than *name* have and it has not, by their names; those that are set are written down.

    Only here are all kinds looked at, and their files imported. Where the kind is not known, every key is another's.
    """
    owners: dict[str, list[str]] = {}
    keys: dict[str, Key] = {}
    for other, kind in all_kinds():
        for key in (*kind.keys, *((API_KEY_ENV,) if kind.access else ())):
            owners.setdefault(key.name, []).append(other)
            keys.setdefault(key.name, key)
    found = {key: keys[key] for key in sorted(keys) if name not in owners[key]}
    for key in found if name else ():
        if table.has(key):
            table.blame(key, f"is for sources of kind {' or '.join(owners[key])}, not {name}")
    return found


def _need(table: Table, name: str, kind: Kind) -> None:
    """Write down that none of the needed keys is there."""
    keys = kind.needs
    if keys and not any(table.has(key) for key in keys):
        named = " or ".join((", ".join(keys[:-1]), keys[-1])) if len(keys) > 1 else keys[0]
        table.blame(keys[0], f"is missing: a source of kind {name} needs {named}, as in {kind.needs_as_in}")


def _read(table: Table, key: Key) -> Any:
    """The value of *key*, or its default; what is wrong with it is written down."""
    match key.type:
        case KeyType.TEXT:
            return table.text(key.name, key.default or "")
        case KeyType.CHOICE:
            return table.choice(key.name, key.choices, key.default or "")
        case KeyType.FLAG:
            return table.flag(key.name, bool(key.default))
        case KeyType.INTEGER:
            return table.integer(key.name, key.default, least=key.least, most=key.most)
        case KeyType.NUMBER:
            return table.number(key.name, key.default) or key.default
        case KeyType.NAMES:
            return _names(table, key.name)
        case KeyType.DATES:
            return table.dates(key.name)
        case KeyType.TEXTS:
            texts = table.texts(key.name, key.default or ())
            for text in texts:
                if key.check and (wrong := key.check(text)):
                    table.blame(key.name, wrong)
            return texts


def _names(table: Table, key: str) -> Mapping[str, str]:
    names = table.table(key)
    for ours, theirs in names.items():
        if not isinstance(theirs, str):
            table.blame(key, f"{ours} must be the name of a field, not {theirs!r}")
    return dict(names)
