"""Kinds of source, from what each declares: in words, as JSON, and as comments for the config.toml of `digest init`."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from digest.sources.kind import Key, KeyType, Kind, keys_of

if TYPE_CHECKING:
    from rich.console import Console

_CALENDARS: Final = {
    "arxiv": "a list for Monday to Friday, out at 20:00 US Eastern of the evening before, but on arXiv's holidays",
    "weekdays": "a list for Monday to Friday, which grows all day",
    "daily": "a list for every day, which grows until the day is over",
    "none": "nothing is promised: something comes when it comes, and silence is no news",
}
_COMMENT_WIDTH: Final = 118
_BEFORE_KINDS: Final = "`digest sources` lists the kinds, and `digest sources KIND` tells all about one."


def print_kinds(kinds: Mapping[str, Kind]) -> None:
    """A line for each."""
    from digest.cli.show.console import put, screen

    console, width = screen(), max(map(len, kinds))
    for name, kind in kinds.items():
        put(console, kind.line, bullet=f"{name:<{width}}  ")
    put(console, "")
    put(console, "`digest sources KIND` tells all about one: its keys, its calendar, and an example.", "dim")


def print_kind(name: str, kind: Kind) -> None:
    """All about one: what it reads, its keys, its calendar, how it takes a key, and an example."""
    from rich.text import Text

    from digest.cli.show.console import put, screen

    console = screen()
    put(console, f"{name}: {kind.line}", "bold")
    for paragraph in kind.paragraphs:
        put(console, "")
        put(console, paragraph)
    put(console, "")
    _put_keys(console, name, kind)
    put(console, "")
    put(console, f"Calendar: {kind.calendar}, {calendar_words(kind.calendar)}")
    if said := access_words(kind):
        put(console, f"Key: {said}")
    put(console, "")
    for line in kind.example.splitlines():
        # It is there to be copied: no line of it is broken.
        console.print(Text(line, style="dim"), soft_wrap=True)


def _put_keys(console: Console, name: str, kind: Kind) -> None:
    from digest.cli.show.console import put

    keys = keys_of(kind)
    needed = f"; it must set {_either(kind.needs)}" if kind.needs else ""
    put(console, f"Keys of a [[source]] of kind {name}{needed}:")
    width = max(len(key.name) for key in keys)
    for key in keys:
        put(console, f"{key.help} ({_takes(key)})", indent=2, bullet=f"{key.name:<{width}}  ")


def kind_json(name: str, kind: Kind) -> dict[str, Any]:
    """All about one, for programs."""
    access = kind.access
    return {
        "kind": name,
        "reads": kind.line,
        "about": list(kind.paragraphs),
        "needs_one_of": list(kind.needs),
        "keys": [
            {
                "name": key.name,
                "type": key.type.value,
                "choices": list(key.choices),
                "default": key.default,
                "help": key.help,
            }
            for key in keys_of(kind)
        ],
        "calendar": {"name": kind.calendar, "means": calendar_words(kind.calendar)},
        "key": access
        and {
            "variable": access.variable,
            "header": access.header,
            "scheme": access.scheme,
            "parameter": access.parameter,
        },
        "example": kind.example,
    }


def with_kinds(config: str, kinds: Mapping[str, Kind]) -> str:
    """The text of a config.toml with a line for each kind, as comments below the one that names `digest sources`."""
    before, line, after = config.partition(_BEFORE_KINDS)
    width = max(map(len, kinds))
    listed = "\n".join(
        textwrap.fill(
            kind.line,
            _COMMENT_WIDTH,
            initial_indent=f"#      {name:<{width}}  ",
            subsequent_indent="#      " + " " * (width + 2),
        )
        for name, kind in kinds.items()
    )
    return f"{before}{line}\n#\n{listed}{after}" if line else config


def calendar_words(name: str) -> str:
    """When lists come by the calendar of that name."""
    return _CALENDARS[name]


def access_words(kind: Kind) -> str:
    """How the service of *kind* takes a key; empty where it wants none."""
    if kind.access is None:
        return ""
    access = kind.access
    where = f"in the header {access.header}" if access.header else f"as the parameter {access.parameter}"
    return f'sent {where}; put it into a variable, and the variable\'s name here: api_key_env = "{access.variable}"'


def _takes(key: Key) -> str:
    """Type and default of *key* in words."""
    what = key.type.value
    if key.type is KeyType.CHOICE:
        what = _either(tuple(f'"{choice}"' for choice in key.choices))
    if key.type is KeyType.INTEGER:
        what = f"{what} from {key.least} to {key.most}"
    if key.default is None:
        return what
    match key.default:
        case bool():
            shown = str(key.default).lower()
        case str():
            shown = f'"{key.default}"'
        case _:
            shown = f"{key.default:g}"
    return f"{what}; default {shown}"


def _either(words: Sequence[str]) -> str:
    return " or ".join(filter(None, (", ".join(words[:-1]), words[-1])))
