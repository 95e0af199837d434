"""Values of the core as JSON, and back to equal values.

What is stored outlives the program that stored it: a field that a later version added is ignored by an earlier one,
and one that an earlier version did not know gets its default.
"""

from __future__ import annotations

import dataclasses
from datetime import date, datetime
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from digest.core.errors import StoreError

T = TypeVar("T")


def dump(value: object) -> Any:
    """Turn a dataclass of the core, or any value of its fields, into what `json.dumps` takes."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: dump(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, tuple):
        return [dump(item) for item in value]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, date):  # a datetime is one too
        return value.isoformat()
    return value


def load(kind: type[T], data: Any) -> T:
    """Make a *kind* out of what `dump` gave.

    Raises:
        StoreError: *data* is not what `dump` gives for a *kind*, of this version or another.
    """
    try:
        return cast(T, _load(kind, data))
    except (TypeError, ValueError, AttributeError) as exc:
        raise StoreError(f"the database holds a {kind.__name__} that can't be read: {exc}") from exc


def _load(kind: Any, data: Any) -> Any:
    kind = getattr(kind, "__supertype__", kind)  # a NewType
    origin = get_origin(kind)
    if origin in (Union, UnionType):  # only ever "or None"
        return None if data is None else _load(next(a for a in get_args(kind) if a is not NoneType), data)
    if origin is tuple:
        return tuple(_load(get_args(kind)[0], item) for item in data)
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        present = {name: _load(hint, data[name]) for name, hint in _hints(kind).items() if name in data}
        return cast(Any, kind)(**present)
    if issubclass(kind, datetime | date):
        return kind.fromisoformat(data)
    return kind(data)


@cache
def _hints(kind: type) -> dict[str, Any]:
    """Fields and their types, without `ClassVar`s and properties."""
    hints = get_type_hints(kind)
    return {field.name: hints[field.name] for field in dataclasses.fields(kind)}
