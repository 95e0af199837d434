"""Find DOIs in fields, texts and URLs; a DOI that was cut off counts as none.

    doi()           any text that holds a DOI → the DOI of the work, in lower case
    doi_version()   any text that holds a DOI → the version that a preprint server writes behind it
    doi_url()       a DOI → its URL at doi.org

A DOI may hold nearly every sign, `<` and `)` among them, and nothing says where it ends. So it is read as what it
stands in: the entities of HTML and the macros of BibTeX are resolved first; an address is parted before its escapes
are, and what publishers write behind a DOI in the addresses of their pages is known. A DOI that was cut (a bracket
that nothing closes, an ellipsis, the volume without the article) would be that of many papers, and is none.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final
from urllib.parse import quote, unquote

from digest.core.words.text import strip_invisible

_LONGEST: Final = 300
"""Characters; the longest that publishers made, out of titles and volumes, have half of that."""
_LONGEST_TOKEN: Final = 4_000
"""Characters without a blank in which a DOI is looked for; no address has more."""
_MOST_PARAMETERS: Final = 40
_DEEPEST: Final = 3
"""How often escapes may be escaped again."""

_START: Final = re.compile(r"(?:(?<!\w)|(?<=doi))(?<!\d\.)10\.\d{4,9}(?:\.\d{1,9})*/", re.IGNORECASE)
_SUFFIX: Final = re.compile('[^\\s"“”«»|\\\\^`，。；、）】》」…]+')
_BEHIND: Final = re.compile(r"&\w+=|\?\w+=|#[a-z_]|;\w+=|[,;](?:doi:|https?://|10\.\d{4})", re.IGNORECASE)
"""What ends a DOI because something else begins: a parameter, a fragment of the URL, the next DOI."""
_PUNCTUATION: Final = ".,;:'’!?*"
_BRACKETS: Final = {")": "(", "]": "[", "}": "{"}

# -- how it is written

_ENTITY: Final = re.compile(r"&(lt|gt|amp|quot|#\d{1,5}|#x[0-9a-f]{1,4});", re.IGNORECASE)
_NAMED: Final = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
_TEX: Final = (
    (re.compile(r"\{?(?:\\textless\b|\$\s?<\s?\$)(?:\{\})?[ ]?\}?"), "<"),
    (re.compile(r"\{?(?:\\textgreater\b|\$\s?>\s?\$)(?:\{\})?[ ]?\}?"), ">"),
    (re.compile(r"\{?(?:\\textunderscore\b|\\textbackslash\b(?:\{\})?\}?_|\$\\?_\$)(?:\{\})?[ ]?\}?"), "_"),
    (re.compile(r"\{?\\([_&%#$<>;()\[\]])\}?"), r"\1"),
)
_HYPHENS: Final = str.maketrans({"‐": "-", "‑": "-"})

# -- what stands behind it

_ADDRESS: Final = re.compile(r"(?:https?|ftp)://|(?<![\w.-])(?:[\w-]{1,63}\.){1,8}[a-z]{2,12}/", re.IGNORECASE)
_RESOLVER: Final = re.compile(r"(?:^|[/.@=])doi\.org/+$|(?:^|\W)doi:$", re.IGNORECASE)
_NOT_ITS_OWN: Final = re.compile(r"utm_\w+|ref|refs|referrer|source|cited|citing|related", re.IGNORECASE)
"""Parameters of a URL that name another work or the referring page."""
_NAMED_IN_PARAMETER: Final = re.compile(
    r"\s*(?:info:)?(?:doi\s*[:/=]?\s*)?(?=10\.\d)|\s*(?:https?://|\w+\.doi\.org/)", re.I
)
_KNOWN_ENDING: Final = re.compile(
    r"(10\.[^/]+/.+?)/(?:abstract|full|full-?text|full/html|e?pdf|pdfdirect|pdfplus|meta|metrics)/*", re.IGNORECASE
)
"""Endings that belong to a page's URL: people copy them along, and no DOI ends with them."""
_PAGE_ENDING: Final = re.compile(
    r"(10\.[^/]+/.+?)/(?:abstract|abs|full|full-?text|full_?html|html?|xml|e?pdf|pdfplus|pdfdirect|reader|epub|meta"
    r"|metrics|article-metrics|references|ref-list|cited-?by|citations?|figures?|tables|supp(?:l|info|lementary|lemental)?"
    r"|suppl_file|suppl-file|supplement(?:ary|al)-(?:material|information|data)s?|supporting-information|summary|standard"
    r"|permissions|print|printable|issuetoc|otherversions|article-info|asset|download|email|peer-review|related-articles)"
    r"(?:[/.].*)?",
    re.IGNORECASE,
)
"""Parts of a paper's page, and of what publishers put below them."""
_FILE_ENDING: Final = re.compile(
    r"(10\.[^/]+/.+?)\.(?:pdf(?:\+html)?|full|full-text|abstract|short|long|html?|xml|epub|figures-only|article-info"
    r"|supplementary-material|ris|bib)",
    re.IGNORECASE,
)
_WITH_ARTICLE_NUMBER: Final = re.compile(r"/(?:advance-)?article(?!-lookup)[\w-]*/doi/+$", re.IGNORECASE)
_ARTICLE_NUMBER: Final = re.compile(r"(10\.[^/]+/.+?)/\d{3,}(?:/.*)?")
"""Oxford's press, and others on the same platform, write a number of their own behind the DOI, and the title."""

# -- whether it is whole

# https://en.wikipedia.org/wiki/Serial_Item_and_Contribution_Identifier: <page::code> or <page:title>, then 3.0.CO;2-6.
_ANGLED: Final = re.compile(r"<(?!/)[^<>\s]*>(?=\d+\.\d)|<[^<>\s]*::[^<>\s]*>")
_TAG: Final = re.compile(r"</?[a-z][\w:-]*(?:/?>|\Z)|</|<!--", re.IGNORECASE)
_VOLUME: Final = re.compile(
    r"10\.[^/]+/(?:\(\w+\))?\d{4}-\d{3}[\dx]\(\d{4,8}[^()\s]*\)\d*[\d/-]*(?::[\d/-]*)?", re.IGNORECASE
)
"""An SICI of which only journal, date, volume and issue are left."""
_SICI_END: Final = re.compile(r";\d-.$")

# -- versions

# bioRxiv and medRxiv write the version into the address of a page, behind the DOI.
_PREPRINT_VERSION: Final = re.compile(r"^(10\.(?:1101|64898)/[\d.]+?)v(\d+)(?:[./].*)?$")
# Others give every version a DOI of its own: /v2 at Research Square and Authorea, .v2 at Preprints.org and TechRxiv,
# -v2 at ChemRxiv, _v2 at OSF; F1000's journals and eLife's reviewed preprints end in the bare number.
_DOI_OF_VERSION: Final = re.compile(
    r"(10\.(?:21203|20944|26434|31234|31219|31235|22541|36227)/.+?)[/._-]v(\d{1,2})|(10\.(?:12688|7554)/.+\.\d{4,})\.(\d)"
)
_BIORXIV_SHORT: Final = re.compile(r"(?:bio|med)rxiv\.org/cgi/content/(?:short|abstract|full)/(\d{6,})(?:v\d+)?")
_PREPRINT_SERVERS: Final = re.compile(
    # bioRxiv and medRxiv number their DOIs; under the older prefix there are Cold Spring Harbor's journals too.
    r"(10\.(?:1101|64898))/[\d.]+$|(10\.(?:21203|20944|26434|31234|31219|31235|31223|22541|36227)|10\.2139/ssrn\b)"
)
"""bioRxiv and medRxiv (old and new), Research Square, Preprints.org, ChemRxiv, PsyArXiv, OSF, SocArXiv, EarthArXiv,
Authorea, TechRxiv, SSRN."""


def doi(text: str) -> str | None:
    """Find a DOI, in lower case and without a preprint's version; None where there is none or it wraps an arXiv id.

    None also for a DOI that was cut off: what is left might be the beginning of many papers' DOIs.
    """
    found = _found(text)
    if found is None:
        short = _BIORXIV_SHORT.search(text)
        return f"10.1101/{short[1]}" if short else None
    versioned = _PREPRINT_VERSION.match(found)
    if versioned:
        found = versioned[1]
    return None if found.startswith("10.48550/arxiv.") else found


def doi_version(text: str) -> int | None:
    """The version that a preprint server writes behind a DOI (`10.1101/743294v2`, `10.21203/rs.3.rs-1/v2`) or None."""
    found = _found(text)
    if found is None:
        return None
    versioned, own = _PREPRINT_VERSION.match(found), _DOI_OF_VERSION.fullmatch(found)
    number = versioned[2] if versioned else (own[2] or own[4]) if own else ""
    return int(number) or None if 0 < len(number) < 4 else None  # a longer number is no version


@lru_cache(maxsize=16_384)
def versionless(doi: str) -> str:
    """*doi* as it names the work: without the version, where each version has a DOI of its own."""
    own = _DOI_OF_VERSION.fullmatch(doi)
    return own[1] or own[3] if own else doi


@lru_cache(maxsize=16_384)
def work_of(stored: str) -> str | None:
    """Read a DOI stored by an earlier version with today's rules.

    The DOI of the work, or None if it had been cut off.
    """
    found = doi(stored)
    return versionless(found) if found else None


def preprint_server(doi: str) -> str | None:
    """Return the prefix of a preprint server's DOIs; None for DOIs of journals, proceedings and data archives."""
    match = _PREPRINT_SERVERS.match(doi)
    return match[1] or match[2] if match else None


def doi_url(doi: str) -> str:
    """Return the URL of a DOI at doi.org; characters that a URL may not hold are escaped."""
    return "https://doi.org/" + quote(doi, safe="/:;()._-,+*@!'$=~")


def decoded(text: str) -> str:
    """Decode HTML entities and percent-escapes such as `%2F` in *text*, as often as they were escaped."""
    text = _without_entities(text)
    for _ in range(_DEEPEST):
        if "%" not in text:
            break
        before, text = text, unquote(text)
        if text == before or "\ufffd" in text:
            return before
    return text


@lru_cache(maxsize=4096)
def resolved(text: str) -> str:
    """Return *text* without invisible characters, HTML entities and TeX macros."""
    text = _without_entities(strip_invisible(text)).translate(_HYPHENS)
    if "\\" in text or "$" in text:
        for macro, sign in _TEX:
            text = macro.sub(sign, text)
    return text


# -- finding


def is_part_of_doi(text: str) -> bool:
    """Whether *text* holds a DOI that was cut off, so that it names no work."""
    return _first(text) == ""


def _found(text: str) -> str | None:
    """Return the first DOI in *text* as it is written, in lower case; None if there is none, or if it was cut off."""
    return _first(text) or None


def _first(text: str) -> str | None:
    """Return the first DOI in *text*; "" for one that was cut off, None if there is none."""
    if "10" not in text:
        return None
    plain = resolved(text)
    before = ""
    for token in plain.split():
        found = _in_token(token, before) if "10" in token and len(token) <= _LONGEST_TOKEN else None
        if found is not None:
            return found
        before = token if any(c in token for c in "([{<") else before
    return None


def _in_token(token: str, before: str) -> str | None:
    """The DOI in a word of a text; "" for one that was cut, None where there is none."""
    address = _ADDRESS.search(token)
    start = _START.search(decoded(token))
    if start is None:
        return None
    bare = _START.search(token)
    if address and (bare is None or address.start() < bare.start()):
        return _in_address(token[address.start() :])
    return _cut_out(decoded(token), start.start(), before=before)


def _in_address(address: str) -> str | None:
    """The DOI that the page at *address* is about: in its path, in a parameter, or in a route behind `#/`."""
    address = re.sub(r"(co;2-)#", r"\1%23", address, flags=re.IGNORECASE)
    whole, _, fragment = address.partition("#")
    path, _, query = whole.partition("?")
    path = decoded(path)
    if start := _START.search(path):
        return _cut_out(path, start.start(), is_page=True)
    for parameter in query.split("&")[:_MOST_PARAMETERS]:
        name, _, value = parameter.partition("=")
        value = decoded(value.replace("+", " ")).strip()
        if _NOT_ITS_OWN.fullmatch(name) or not (named := _NAMED_IN_PARAMETER.match(value)):
            continue
        if "://" in value[: named.end() + 3]:
            found = _in_address(value)
        else:
            start = _START.search(value)
            found = _cut_out(value, start.start()) if start else None
        if found is not None:
            return found
    if fragment[:1] in ("/", "!") and (start := _START.search(decoded(fragment))):
        return _cut_out(decoded(fragment), start.start(), is_page=True)
    return None


def _cut_out(text: str, start: int, *, before: str = "", is_page: bool = False) -> str:
    """Return the DOI that begins at *start*; "" if it was cut off."""
    match = _SUFFIX.match(text, start)
    if match is None:
        return ""
    found, rest = match[0], text[match.end() : match.end() + 1]
    if end := _BEHIND.search(found):
        found, rest = found[: end.start()], ""
    if rest == "…" or "..." in found:
        return ""
    head = text[:start]
    found, is_whole = _balanced(found, is_within=any(c in before + head for c in "([{<"))
    found = found.rstrip("/")
    found = _without_ending(found, head, is_page=is_page and not _RESOLVER.search(head)).lower()
    if not is_whole or len(found) > _LONGEST or not _START.match(found + "/") or found.count("/") == 0:
        return ""
    return found if _is_whole(found) else ""


def _balanced(found: str, *, is_within: bool) -> tuple[str, bool]:
    """Cut *found* at the bracket or full stop of the surrounding text; also say whether the DOI is complete."""
    opened: list[str] = []
    n = 0
    while n < len(found):
        sign = found[n]
        if sign == "<":
            angled = _ANGLED.match(found, n)
            if angled is None:
                return found[:n].rstrip(_PUNCTUATION), not opened and bool(_TAG.match(found, n))
            n = angled.end()
            continue
        if sign in "([{":
            opened.append(sign)
        elif sign == ">" or (sign in _BRACKETS and not opened):
            # A bracket that opened before the DOI; what stands behind it is no part of it then.
            behind = found[n:].strip(_PUNCTUATION + ")]}>")
            return found[:n].rstrip(_PUNCTUATION), not opened and (is_within or not behind)
        elif sign in _BRACKETS and opened.pop() != _BRACKETS[sign]:
            return found[:n], False
        n += 1
    return found.rstrip(_PUNCTUATION), not opened


def _without_ending(found: str, head: str, *, is_page: bool) -> str:
    """Remove from *found* what publishers write behind a DOI in the URL of a page."""
    if not is_page:
        known = _KNOWN_ENDING.fullmatch(found)
        return known[1] if known else found
    if _WITH_ARTICLE_NUMBER.search(head) and (numbered := _ARTICLE_NUMBER.fullmatch(found)):
        found = numbered[1]
    for ending in (_PAGE_ENDING, _FILE_ENDING, _FILE_ENDING):
        if (match := ending.fullmatch(found)) is not None:
            found = match[1]
    return found


def _is_whole(found: str) -> bool:
    if _VOLUME.fullmatch(found):
        return False
    return "(sici)" not in found or bool(_SICI_END.search(found))


# -- how it is written


def _without_entities(text: str) -> str:
    for _ in range(2):
        text = _ENTITY.sub(lambda match: _sign(match[1].lower()), text)
    return text


def _sign(name: str) -> str:
    if name in _NAMED:
        return _NAMED[name]
    number = int(name[2:], 16) if name.startswith("#x") else int(name[1:])
    return chr(number) if 32 <= number < 0xD800 else ""
