"""Small changes that keep a document whole, so that what is behind the syntax is reached too.

libFuzzer's own changes of bytes break nearly all XML and JSON in the first tag; here elements, items and values are
dropped, doubled, moved, and filled with what parsers choke on.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from typing import Any

Mutator = Callable[[bytes, random.Random], bytes]

NASTY = (
    "",
    " ",
    "0",
    "-1",
    "1e400",
    "NaN",
    "99999999999999999999",
    "\u202e\u2066evil\u200b",
    "a\u0085b\u2028c",
    "\U0001f600" * 3,
    "é\u0301\u0301",
    "İ" * 20,
    "ﬃ ǅ ß",
    "<b>bold</b> &amp;amp; &lt;script&gt;alert(1)&lt;/script&gt;",
    "<p>" * 50,
    "</" * 50,
    "<!--",
    "<![CDATA[",
    "<sub>" * 20 + "2",
    "&#0;&#x1f;&#xd800;&#1114112;&#x85;",
    "&" * 50,
    "$" * 31,
    "$x<y$ and $a>b$",
    "\\textbf{" * 30,
    "\\'" * 40,
    '{\\"o}\\v{S}\\c{c}\\~n',
    "``''" * 20,
    "(" * 60,
    "A, B and C; D (E, F",
    "Smith, J., Noether, E.",
    "http://[",
    "http://[::1]:99999/",
    "https://user:pass@example.org/",
    "javascript:alert(1)",
    "https://arxiv.org/abs/2403.15527v99999",
    "oai:arXiv.org:math.GT/0309136v2",
    "10.1101/2024.01.01.123456v2",
    "10.1/" + "x" * 3000,
    "doi:10.1000/" + "(" * 40,
    "1970-01-01",
    "0000-00-00T24:00:60Z",
    "9999-12-31T23:59:59-14:00",
    "Mon, 32 Foo 99 25:61:61 EST",
    "Thu, 01 Jan 1970 00:00:00 +9999",
    "Announce Type: replace",
    "arXiv:2403.15527v1 Announce Type: new \nAbstract: x",
    "title (arXiv:1805.08875v1 [hep-ex] UPDATED)",
    "x" * 1500,
    "word " * 400,
)
VALUES: Sequence[Any] = (None, True, False, 0, -1, 10**30, 1.5, 1e308, float("nan"), [], {}, [[[]]], {"": {}}, [None])


def xml(content: bytes, rng: random.Random) -> bytes:
    """Change a few elements; what is no XML comes back as it is."""
    from lxml import etree

    parser = etree.XMLParser(recover=True, resolve_entities=False, no_network=True, huge_tree=False)
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError):
        return content
    if root is None:
        return content
    for _ in range(rng.choice((1, 1, 2, 4))):
        elements = [e for e in root.iter() if isinstance(e.tag, str)]
        _change_element(rng.choice(elements), elements, rng)
    encoding = rng.choice(("utf-8", "utf-8", "utf-8", "us-ascii", "utf-16", "iso-8859-1", "koi8-r", "gb18030"))
    try:
        return bytes(etree.tostring(root, encoding=encoding, xml_declaration=rng.random() < 0.8))
    except etree.SerialisationError:  # half of a pair that UTF-16 writes
        return content


def _change_element(element: Any, elements: Sequence[Any], rng: random.Random) -> None:
    import copy

    other = rng.choice(elements)
    parent = element.getparent()
    kind = rng.randrange(8)
    try:
        if kind == 0 and parent is not None:
            parent.remove(element)
        elif kind == 1 and len(elements) < 500:
            other.append(copy.deepcopy(element))
        elif kind == 2:
            element.tag = other.tag
        elif kind == 3 and element.attrib:
            element.set(rng.choice(list(element.attrib)), rng.choice(NASTY))
        elif kind == 4:
            element.text, other.text = other.text, element.text
        elif kind == 5:
            element.text = _spliced(element.text or "", rng)
        elif kind == 6:
            element.tail = rng.choice(NASTY)
        else:
            element.text = rng.choice(NASTY)
    except ValueError:  # XML can't hold it, not even escaped
        return


def json_document(content: bytes, rng: random.Random) -> bytes:
    """Change a few values of a JSON document; what is none comes back as it is."""
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        return content
    holder = [value]
    for _ in range(rng.choice((1, 1, 2, 4))):
        if places := _places(holder):
            _change_value(rng.choice(places), rng)
    try:
        return json.dumps(holder[0] if holder else None, ensure_ascii=rng.random() < 0.5).encode("utf-8", "replace")
    except (ValueError, RecursionError):
        return content


def xml_or_json(content: bytes, rng: random.Random) -> bytes:
    """For sources that give one or the other."""
    return xml(content, rng) if content.lstrip()[:1] == b"<" else json_document(content, rng)


def json_lines(content: bytes, rng: random.Random) -> bytes:
    """Change a few values of a few lines, and now and then the lines themselves."""
    lines = content.split(b"\n")
    for _ in range(rng.choice((1, 2, 3))):
        n = rng.randrange(len(lines))
        lines[n] = json_document(lines[n], rng)
    if rng.random() < 0.2:
        return text(b"\n".join(lines), rng)
    return b"\n".join(lines)


def text(content: bytes, rng: random.Random) -> bytes:
    """Drop, double, join, swap and spoil lines."""
    lines = content.decode("utf-8", "surrogateescape").split("\n")
    for _ in range(rng.choice((1, 2, 4))):
        n, m = rng.randrange(len(lines)), rng.randrange(len(lines))
        kind = rng.randrange(6)
        if kind == 0 and len(lines) > 1:
            del lines[n]
        elif kind == 1 and len(lines) < 500:
            lines.insert(m, lines[n])
        elif kind == 2:
            lines[n], lines[m] = lines[m], lines[n]
        elif kind == 3 and n + 1 < len(lines):
            lines[n : n + 2] = [lines[n] + lines[n + 1]]
        elif kind == 4:
            lines[n] = _spliced(lines[n], rng)
        else:
            lines.insert(n, rng.choice(NASTY))
    return "\n".join(lines).encode("utf-8", "surrogateescape")


def _places(holder: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) below *holder*."""
    found: list[tuple[Any, Any]] = []
    stack = [holder]
    while stack and len(found) < 5_000:
        container = stack.pop()
        for key in list(container) if isinstance(container, dict) else range(len(container)):
            found.append((container, key))
            if isinstance(container[key], dict | list):
                stack.append(container[key])
    return found


def _change_value(place: tuple[Any, Any], rng: random.Random) -> None:
    container, key = place
    kind = rng.randrange(7)
    if kind == 0:
        del container[key]
    elif kind == 1 and isinstance(container, list) and len(container) < 500:
        container.insert(rng.randrange(len(container) + 1), container[key])
    elif kind == 2 and isinstance(container, dict) and container:
        other = rng.choice(list(container))
        container[key], container[other] = container[other], container[key]
    elif kind == 3:
        container[key] = rng.choice(VALUES)
    elif kind == 4 and isinstance(container[key], str):
        container[key] = _spliced(container[key], rng)
    elif kind == 5:
        container[key] = [container[key]]
    else:
        container[key] = rng.choice(NASTY)


def _spliced(old: str, rng: random.Random) -> str:
    """*old* with something nasty in it, or a part of itself once more."""
    at = rng.randrange(len(old) + 1)
    piece = rng.choice(NASTY) if rng.random() < 0.7 else old[rng.randrange(len(old) + 1) :][:200]
    return old[:at] + piece + old[at:]
