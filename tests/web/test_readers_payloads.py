"""Nasty input through the forms of readers: nothing of it becomes a tag, a header, a file, or the fall of the site."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree as ET

import html5lib
import pytest

from digest.core.subscribers.subscriber import Subscription
from digest.core.words.text import web_url
from tests.support.desk import tree
from tests.support.reading import HTML, TUESDAY, Readers, on, reading

XSS = (
    "<script>alert(1)</script>",
    "</textarea><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' autofocus onfocus=alert(1) x='",
    "<svg/onload=alert(1)>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)//",
    "data:text/html,<script>alert(1)</script>",
    "<a href='javascript:alert(1)'>x</a>",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "<base href='https://evil.example'>",
    "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    "<form action=https://evil.example><button>x",
    "<!--><script>alert(1)</script>-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "$\\unicode{<img src=1 onerror=alert(1)>}$",
    "$\\href{javascript:alert(1)}{x}$",
    "$<script>alert(1)</script>$",
    "{{7*7}}",
    "{% raw %}{{ ''.__class__.__mro__ }}",
    "${7*7}",
    "#{7*7}",
    "%(x)s {0.__class__}",
)
HEADERS = (
    "x\r\nSet-Cookie: a=b",
    "x\nLocation: https://evil.example",
    "x\rX-A: b",
    "x\x0bX-A: b",
    "x\x0cX-A: b",
    "x\x85X-A: b",
    "x\u2028X-A: b",
    "x\u2029X-A: b",
    "x%0d%0aX-A: b",
    "x\0y",
    "\u202egpj.exe",
    "\ud83d".encode("utf-8", "surrogatepass").decode("latin-1"),
    "\ufeff\u200b\u00ad",
)
NAMES = (
    "../../../../etc/passwd.bib",
    "..\\..\\windows\\win.bib",
    "/etc/cron.d/x.bib",
    "....//....//x.bib",
    "%2e%2e%2fx.bib",
    "~/.ssh/authorized_keys.bib",
    "C:x.bib",
    "CON.bib",
    "file:///etc/passwd.bib",
    "x.bib\0.html",
    ".htaccess.bib",
    "-rf.bib",
    "a" * 1000 + ".bib",
    "<script>alert(1)</script>.bib",
    '" onmouseover="alert(1).bib',
    "x\r\nX-A: b.bib",
    "{{7*7}}.bib",
)
FIELDS = ("interests", "avoid", "cadence", "paused_until", "lead", "max_papers", "language", "zone", "edition")
BIB = b"@article{one, title={Walking robots on gravel}, abstract={Robots that walk on gravel.}, author={Ada Lovelace}}"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Readers]:
    with reading(tmp_path_factory.mktemp("site")) as opened:
        yield opened


@pytest.fixture(scope="module")
def ada(site: Readers) -> Subscription:
    return site.subscribed()


def assert_harmless(content: str, headers: object) -> None:
    """Nothing but what the templates have: no script, handler, frame, style, or address that leads elsewhere."""
    root: ET.Element = html5lib.parse(content, treebuilder="etree")
    for element in root.iter():
        if not isinstance(element.tag, str):
            continue
        name = element.tag.rpartition("}")[2]
        assert name not in ("script", "iframe", "img", "object", "embed", "base", "svg", "style", "noscript"), content
        for key, value in element.attrib.items():
            assert not key.lower().startswith("on"), content
            assert key not in ("style", "srcdoc", "autofocus"), content
            if key in ("href", "src", "action", "formaction"):
                is_own = not value.partition("/")[0].count(":") or value == "data:,"
                assert is_own or web_url(value), content
                assert "evil.example" not in value, content
    refresh = [one for one in root.iter(f"{HTML}meta") if one.get("http-equiv", "").lower() == "refresh"]
    assert refresh == []
    assert "49" not in "".join(one.text or "" for one in root.iter(f"{HTML}p") if one.get("class") == "trouble"), (
        content
    )
    lowered = {str(name).lower() for name in headers}  # type: ignore[attr-defined]
    assert lowered.isdisjoint({"set-cookie", "location", "x-a"})


@pytest.mark.parametrize("payload", [*XSS, *HEADERS])
def test_what_is_typed_into_fields_stays_text(site: Readers, ada: Subscription, payload: str) -> None:
    url = site.links(ada).preferences()

    for data in (
        {**dict.fromkeys(FIELDS, payload), "try": "1"},
        dict.fromkeys(FIELDS, payload),
        {"interests": payload, "avoid": f"not {payload}"},
        {"do": payload, "forget": "", "remove_library": payload, "editions": payload},
        {"forget": payload},
    ):
        answer = site.client.post(url, data=data)
        assert answer.status_code in (200, 422)
        assert_harmless(answer.text, answer.headers)
    again = site.client.get(url)
    assert again.status_code == 200
    assert_harmless(again.text, again.headers)


@pytest.mark.parametrize("payload", [*XSS, *HEADERS])
def test_what_is_searched_for_or_marked_stays_text(site: Readers, ada: Subscription, payload: str) -> None:
    printed = on(int(site.printed(TUESDAY)[0][-5:]))

    answers = [
        site.client.get("/search", params={"q": payload, "edition": payload, "topic": payload}),
        site.client.get("/search", params={"q": f"study {payload}"}),
        site.client.get(site.links(ada).feedback(printed.id, TUESDAY), params={"mark": payload}),
        site.client.post(site.links(ada).feedback(printed.id, TUESDAY), data={"mark": payload, "paper": payload}),
        site.client.post(site.links(ada).feedback(printed.id, TUESDAY), data={"mark": "none", "paper": payload}),
    ]

    for answer in answers:
        assert answer.status_code == 200
        assert_harmless(answer.text, answer.headers)


@pytest.mark.parametrize("name", NAMES)
def test_a_file_is_kept_under_a_name_that_harms_nothing(site: Readers, ada: Subscription, name: str) -> None:
    files = set(tree(site.folder))

    answer = site.client.post(site.links(ada).preferences(), files={"library": (name, BIB)})

    assert answer.status_code in (200, 422)
    assert_harmless(answer.text, answer.headers)
    for kept in site.now_of(ada).libraries:
        assert not set(kept) & set("/\\<>\"'\r\n\0:%{}")
        assert not kept.startswith(".")
        assert len(kept) <= 90
        site.opened.store.remove_library(ada.pk, kept)
    assert set(tree(site.folder)) == files


def test_what_a_library_says_of_its_entries_stays_text(site: Readers, ada: Subscription) -> None:
    entries = "\n".join(f"@article{{k{n}, title={{}}, author={{{payload}}}}}" for n, payload in enumerate(XSS))

    answer = site.client.post(
        site.links(ada).preferences(), files={"library": ("x.bib", BIB + b"\n" + entries.encode())}
    )

    assert_harmless(answer.text, answer.headers)
    site.opened.store.remove_library(ada.pk, "x.bib")


@pytest.mark.parametrize("name", [*FIELDS, "do", "forget", "try", "remove_library", "other"])
def test_a_field_of_a_million_letters_is_refused(site: Readers, ada: Subscription, name: str) -> None:
    before = site.now_of(ada)

    for letters in ("w" * 1_000_000, "w\n" * 500_000, "<" * 1_000_000):
        answer = site.client.post(site.links(ada).preferences(), data={name: letters})
        assert answer.status_code in (200, 413, 422)

    assert site.client.post(site.links(ada).preferences(), data={"x": "w" * 6_000_000}).status_code == 413
    assert site.now_of(ada) == before


def test_a_form_of_thousands_of_fields_is_refused(site: Readers, ada: Subscription) -> None:
    data = {f"interests{n}": "x" for n in range(5000)}

    assert site.client.post(site.links(ada).preferences(), data=data).status_code == 400
