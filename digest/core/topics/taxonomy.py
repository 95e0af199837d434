"""Read `taxonomy.toml` and the table `[topics]` of a config: the topics, and the words (aliases) that name them.

    taxonomy.toml ──► drafts ◄── [topics] of config.toml
                        │
                        └──► topics in their order, and a dictionary: small words → (topic, sure or weak)

The config goes before the file: a word that the config gives to one topic is taken from the topic that the file gives
it to. So `diffusion llm` can be made a topic of its own.
"""

from __future__ import annotations

import dataclasses
import functools
import re
import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final

from digest.core.errors import ConfigError

RENAME: Final = "rename"
"""The one table of `[topics]` that is no field: old names of topics → new names."""
_KEYS: Final = ("aliases", "weak", "broad", "categories")


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """A topic: one line of `taxonomy.toml`."""

    name: str
    field: str
    broad: bool
    """Whether the topic is so broad that a narrower topic of a paper goes before it."""
    categories: frozenset[str]
    """Categories that give this topic, its own name among them. In lower case."""
    company: frozenset[str]
    """Categories of papers in which the topic's weak words count, the name of its field among them."""


@dataclass(frozen=True, slots=True)
class Word:
    """The topic that a word or run of words names, and whether it is weak."""

    topic: int
    weak: bool
    alias: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """The taxonomy as read from file and config: topics, words and renamed topics."""

    topics: tuple[Topic, ...]
    words: Mapping[str, Word]
    """The words by their folded form: small words, joined with blanks."""
    renamed: Mapping[str, str]
    """Topics that the config renames: the file's name → the config's."""


def read(text: str, more: Mapping[str, Any], *, file: str) -> Contents:
    """Read the text of a `taxonomy.toml`, and the table `[topics]` of a config on top of it.

    Args:
        more: Empty where the config says nothing of topics.
        file: What the config is called, for errors.

    Raises:
        ConfigError: It is no TOML, has an unknown key, or one word stands for two topics.
    """
    try:
        fields = _loads(text)
    except (ValueError, RecursionError) as exc:  # TOMLDecodeError is a ValueError, and so is a number without end
        raise ConfigError(f"taxonomy.toml: {exc}") from exc
    own = _Origin("taxonomy.toml")
    drafts = _Drafts(own)
    for name, table in fields.items():
        drafts.add_field(own, name, table)
    theirs = _Origin(file, below="topics")
    new_names = _strings_by_name(more.get(RENAME, {}), theirs)
    for name, table in more.items():
        if name != RENAME:
            drafts.add_field(theirs, name, table, called={new: old for old, new in new_names.items()})
    drafts.rename(theirs, new_names)
    return Contents(topics=drafts.topics(), words=drafts.words(), renamed=new_names)


@functools.lru_cache(maxsize=1)  # most of the time that reading takes, and the shipped file is always the same
def _loads(text: str) -> dict[str, Any]:
    """Return the tables of a `taxonomy.toml`, which are not to be changed."""
    return tomllib.loads(text)


# -- as it is written


@dataclass(frozen=True, slots=True)
class _Origin:
    """The file that something was read from, for error messages."""

    file: str
    below: str = ""

    def at(self, field_name: str, topic: str = "") -> str:
        """ "taxonomy.toml: [Vision] Segmentation", or "config.toml: [topics.Vision.Segmentation]"."""
        if self.below:
            named = ".".join(
                part if re.fullmatch(r"[\w-]+", part) else f'"{part}"' for part in (field_name, topic) if part
            )
            return f"{self.file}: [{self.below}.{named}]"
        return f"{self.file}: [{field_name}]" + (f" {topic}" if topic else "")


@dataclass(slots=True)
class _Draft:
    """A topic while it is read, to which the config may still add words."""

    name: str
    """The topic's name in the file that first has it."""
    field: str
    origin: _Origin
    new_name: str = ""
    broad: bool = False
    words: list[tuple[_Origin, str, bool]] = dataclasses.field(default_factory=list)
    """Its words, each as (where it stands, the word, whether it is weak)."""
    categories: list[str] = dataclasses.field(default_factory=list)

    @property
    def shown(self) -> str:
        """The name under which the topic is shown."""
        return self.new_name or self.name

    def own_words(self, shipped: _Origin, *, added: bool) -> list[tuple[_Origin, str, bool]]:
        """Return the words that the config adds, or those of the file, with the topic's names before them.

        A name that is also listed as a weak word is returned as a weak word only.
        """
        words = [word for word in self.words if (word[0] is not shipped) == added]
        weak = {small_words(alias) for _, alias, is_weak in words if is_weak}
        names = [self.new_name] if added and self.new_name else []
        if (self.origin is not shipped) == added:
            names.append(self.name)
        return [*((self.origin, name, False) for name in names if small_words(name) not in weak), *words]


class _Drafts:
    """The topics while they are read, in the order of the file."""

    def __init__(self, shipped: _Origin) -> None:
        self._shipped = shipped
        self._drafts: dict[str, _Draft] = {}
        self._fields: dict[str, list[str]] = {}
        """Field → its categories."""

    def add_field(self, origin: _Origin, name: str, table: object, *, called: Mapping[str, str] = {}) -> None:
        """Add the topics of one field.

        Args:
            called: New name of a topic → its old name; the config may use either.
        """
        if not isinstance(table, dict):
            raise ConfigError(f"{origin.file}: “{name}” stands outside a field: put it below a [table]")
        _check_name(name, origin.file)
        for known in self._fields:
            if known != name and known.casefold() == name.casefold():
                raise ConfigError(f"{origin.at(name)}: there is no such field; did you mean {known}?")
        categories = self._fields.setdefault(name, [])
        categories += _strings(table.get("categories", []), f"{origin.at(name)} categories")
        for topic, line in table.items():
            if topic != "categories":
                self._add_topic(origin, name, called.get(topic, topic), line)

    def _add_topic(self, origin: _Origin, field_name: str, name: str, line: object) -> None:
        _check_name(name, origin.file)
        where = origin.at(field_name, name)
        sign = "" if origin.below else ":"
        if not isinstance(line, dict):
            raise ConfigError(f"{where}: must be a table like {{ aliases = [] }}")
        for key in line:
            if key not in _KEYS:
                near = get_close_matches(key, _KEYS, n=1) or ["aliases"]
                raise ConfigError(f"{where}{sign} {key}: unknown key; did you mean {near[0]}?")
        if not isinstance(line.get("broad", False), bool):
            raise ConfigError(f"{where}{sign} broad: must be true or false")
        aliases, weak, categories = (
            _strings(line.get(key, []), f"{where}{sign} {key}") for key in ("aliases", "weak", "categories")
        )
        draft = self._drafts.get(name)
        if draft is None:
            draft = self._drafts[name] = _Draft(name, field_name, origin)
        elif origin == draft.origin and draft.field != field_name:
            raise ConfigError(f"{origin.file}: “{name}” stands under two fields: leave one out")
        elif draft.field != field_name:
            right = origin.at(draft.field, name).partition(" ")[2]
            raise ConfigError(f"{where}: “{name}” is a topic of {draft.field}: write {right}")
        draft.broad = line.get("broad", draft.broad)
        draft.categories += categories
        draft.words += [*((origin, word, False) for word in aliases), *((origin, word, True) for word in weak)]

    def rename(self, origin: _Origin, names: Mapping[str, str]) -> None:
        """Rename topics; the old names become aliases."""
        where = f"{origin.file}: [{origin.below}.{RENAME}]"
        for old, new in names.items():
            if old not in self._drafts:
                near = get_close_matches(old, self._drafts, n=1, cutoff=0.5)
                maybe = f"; did you mean {near[0]}?" if near else ""
                raise ConfigError(f"{where} “{old}”: there is no such topic{maybe}")
            if not new or not new.isprintable():
                raise ConfigError(f"{where} “{old}”: the new name must be one line of text")
            if any(draft.shown == new for name, draft in self._drafts.items() if name != old):
                raise ConfigError(f"{where} “{old}”: “{new}” is a topic already: choose another name")
            self._drafts[old].new_name = new

    # -- as it is used

    def topics(self) -> tuple[Topic, ...]:
        """Return all topics in order; those of a field are together if the file has them together."""
        return tuple(
            Topic(
                name=draft.shown,
                field=draft.field,
                broad=draft.broad,
                categories=frozenset(map(str.casefold, (draft.name, draft.shown, *draft.categories))),
                company=frozenset(
                    map(
                        str.casefold,
                        (*self._fields[draft.field], *draft.categories, draft.field, draft.name, draft.shown),
                    )
                ),
            )
            for draft in self._ordered()
        )

    def words(self) -> dict[str, Word]:
        """Return all words. A word that the config gives to a topic is taken from the topic that has it in the file."""
        drafts = self._ordered()
        added: dict[str, Word] = {}
        for n, draft in enumerate(drafts):
            for origin, alias, weak in draft.own_words(self._shipped, added=True):
                _enter(added, drafts, Word(n, weak, alias), origin)
        found: dict[str, Word] = {}
        for n, draft in enumerate(drafts):
            for origin, alias, weak in draft.own_words(self._shipped, added=False):
                taken = added.get(small_words(alias))
                if taken is None:
                    _enter(found, drafts, Word(n, weak, alias), origin)
                elif taken.topic != n and small_words(alias) == small_words(draft.name):
                    other = drafts[taken.topic]
                    where = next(
                        origin for origin, word, _ in other.own_words(self._shipped, added=True) if word == taken.alias
                    )
                    raise ConfigError(
                        f"{where.at(other.field, other.name)}: “{taken.alias}” is a topic of {draft.field}: "
                        "remove it here, or rename that topic"
                    )
        return found | added

    def _ordered(self) -> list[_Draft]:
        """Return the topics in the file's order; those that the config adds stand last in their field."""
        fields = list(self._fields)
        return sorted(self._drafts.values(), key=lambda draft: fields.index(draft.field))


def _check_name(name: str, file: str) -> None:
    if not name.strip() or not name.isprintable():
        raise ConfigError(f"{file}: {name!r} is no name for a topic or a field: write one line of text")


def _enter(words: dict[str, Word], drafts: Sequence[_Draft], word: Word, origin: _Origin) -> None:
    name = drafts[word.topic].shown
    key = small_words(word.alias)
    if not key:
        raise ConfigError(f"{origin.file}: {name}: “{word.alias}” has no letter")
    other = words.get(key)
    if other and other.topic == word.topic:
        # Two spellings of one word; a topic's own name is one of its words.
        return
    if other:
        raise ConfigError(
            f"{origin.file}: “{word.alias}” stands under “{name}”, and as “{other.alias}” under "
            f"“{drafts[other.topic].shown}”: remove one"
        )
    words[key] = word


def _strings(value: object, where: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise ConfigError(f'{where}: must be a list of words like ["…", "…"]')
    return tuple(value)


def _strings_by_name(value: object, origin: _Origin) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(each, str) for each in value.values()):
        raise ConfigError(f'{origin.file}: [{origin.below}.{RENAME}]: must hold lines like "Old name" = "New name"')
    return {old: new.strip() for old, new in value.items()}


# -- words as they are compared

_WORD: Final = re.compile(r"[^\W_]+")
# Written as one word by half of the authors; "sim2real" is "sim to real", and "behaviour" and "modelling" are British.
_RESPELLED: Final = re.compile(
    r"\b(pre|fine|post|cross|spatio|multi)(?=train|tun|lingual|agent|temporal|modal|task|hop|view|turn|step|head)"
    r"|(?<=[a-z]{2})2(?=[a-z]{2})"
)
_BRITISH: Final = (
    *(("isation", "ization"), ("elling", "eling"), ("elled", "eled"), ("alling", "aling"), ("ageing", "aging")),
    *(("aemi", "emi"), ("haem", "hem"), ("paed", "ped"), ("palaeo", "paleo"), ("archaeo", "archeo"), ("foet", "fet")),
    *(("oestr", "estr"), ("oedem", "edem"), ("anaesth", "anesth"), ("gynaec", "gynec"), ("caesar", "cesar")),
    *(("sulph", "sulf"), ("fibre", "fiber"), ("centre", "center"), ("aluminium", "aluminum"), ("oesoph", "esoph")),
)
_OUR: Final = re.compile(r"(?<=behavi)our|(?<=neighb)our|(?<=flav)our|(?<=harb)our|\b(tum|col|lab|fav|vap)our")
_POSSESSIVE: Final = re.compile(r"['’]s\b")
_GREEK: Final = str.maketrans(
    dict(
        zip(
            "αβγδεζηθικλμνξοπρστυφχψω",
            "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma tau upsilon "
            "phi chi psi omega".split(),
            strict=True,
        )
    )
    | {"ø": "o", "ł": "l", "đ": "d", "ı": "i"}
)
"""Small letters that are no marked ones of the Latin alphabet, and how they are written without them."""
_SAYS_NOTHING: Final = frozenset({"based"})
"""Words that are ignored: an "LLM-based agent" is an LLM agent."""


def list_small_words(text: str) -> list[str]:
    """Return the words of *text* in small letters of ASCII, as far as they are of Latin or Greek script.

    They are without hyphens, punctuation and a possessive "'s", singular, and in American spelling: "Schrödinger’s
    γ-rays" are "schrodinger gamma ray".
    """
    folded = _plain_letters(text.casefold())
    if "'" in folded or "’" in folded:
        folded = _POSSESSIVE.sub("", folded)
    folded = _RESPELLED.sub(lambda match: f"{match[1]} " if match[1] else " to ", folded)
    return [_singular(word) for word in _WORD.findall(folded) if word not in _SAYS_NOTHING]


def _plain_letters(text: str) -> str:
    """Return *text*, in small letters, without accents, raised and lowered figures or Greek letters."""
    if text.isascii():
        return text
    parts = unicodedata.normalize("NFKD", text)
    return "".join(char for char in parts if not unicodedata.combining(char)).translate(_GREEK)


@functools.lru_cache(maxsize=50_000)  # the taxonomy asks for each of its words three times
def small_words(text: str) -> str:
    """Return the small words of *text* joined with blanks: the key of a word in the taxonomy."""
    return " ".join(list_small_words(text))


@functools.lru_cache(maxsize=50_000)  # a day's papers say the same words again and again
def _singular(word: str) -> str:
    """Return a rough singular: "series" becomes "sery". Text and aliases only need to become the same."""
    if len(word) > 5:
        word = _american(word)
    if len(word) < 4 or not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies") and len(word) > 4:
        return f"{word[:-3]}y"
    return word[:-2] if word.endswith(("sses", "xes", "ches", "shes")) else word[:-1]


def _american(word: str) -> str:
    for british, american in _BRITISH:
        if british in word:
            word = word.replace(british, american)
    return _OUR.sub(r"\1or", word) if "our" in word else word
