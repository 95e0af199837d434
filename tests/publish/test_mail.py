"""One issue → one mail: what stands in it, what it may weigh, and what no mail program trips over."""

from __future__ import annotations

import itertools
import re
from binascii import a2b_qp
from collections.abc import Iterator
from dataclasses import replace
from email.utils import parsedate_to_datetime
from typing import Any

import html5lib
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digest.core.models import Issue
from digest.core.subscribers.links import ReaderLinks
from digest.core.words.text import strip_invisible
from digest.publish.letters import MAX_HTML_BYTES, MAX_TEXT_BYTES, Drawing
from digest.publish.links import Links
from digest.publish.mail import Letterhead, encoded, encoded_piece
from digest.publish.slugs import slug
from digest.publish.text import brief
from digest.publish.views import issue_view
from tests.support.browser import CONTRASTS, chromium, faults
from tests.support.issues import SHIPPED, WEDNESDAY, entry, issue, left_out, templates, told
from tests.support.letters import AT, MESSAGE_ID, SITE, drawn, letter, links, part, read


def busy(n: int, *, leads: int = 5) -> Issue:
    """An issue of *n* papers, *leads* of them in full, with titles, summaries and points as long as real ones."""
    topics = ("Reasoning", "Agents", "Vision", "Speech", "Robotics", "Theory")
    made = issue(
        [
            entry(
                k,
                paper={"title": f"A study of things, number {k}: of the usual length, with a colon"},
                summary={
                    "tldr": f"Number {k} proposes a method that does what others do, with 30 % less of what it takes. "
                    * 2,
                    "points": ("It was tried on seven sets of things and is better on five of them by a good margin.",)
                    * 3,
                    "topics": (topics[k % 6],),
                },
                reason="matches test-time training; 42 upvotes",
            )
            for k in range(n)
        ],
        left_out=tuple(left_out(k) for k in range(n)),
    )
    return replace(made, leads=tuple(one.paper.id for one in made.entries[:leads]))


def words(html: str) -> list[str]:
    """The words of a mail that a reader sees."""

    def seen(element: Any) -> Iterator[str]:
        if element.tag not in ("head", "style"):
            yield element.text or ""
            for child in element:
                yield from seen(child)
                yield " " if child.tag in ("p", "h1", "h2", "h3", "br") else ""
                yield child.tail or ""

    return "".join(seen(html5lib.parse(html, namespaceHTMLElements=False))).split()


def test_a_mail_has_each_header_once() -> None:
    message = read(letter(busy(3), reader=links(), idempotency_header="Resend-Idempotency-Key"))

    assert message["From"] == "Research digest <digest@example.org>"
    assert message["To"] == "ada@example.org"
    assert (
        message["Subject"] == "A study of things, number 0: of the usual length, with a colon, and 2 more · Wed 3 June"
    )
    assert message["Date"] == "Wed, 03 Jun 2026 05:00:00 +0000"
    assert message["Message-ID"] == f"<{'a1' * 32}@example.org>"
    assert message["List-Id"] == "Research digest <daily.digest.example.org>"
    token = links().unsubscribe().rpartition("/")[2]
    assert message["List-Unsubscribe"] == (
        f"<{SITE}/unsubscribe/{token}>, <mailto:digest@example.org?subject=unsubscribe%20{token}>"
    )
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message["MIME-Version"] == "1.0"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Precedence"] == "list"
    assert message["List-Help"] == f"<{SITE}/lost>"
    assert message["List-Archive"] == f"<{SITE}/daily/index.html>"
    assert message["Content-Language"] == "en"
    assert re.fullmatch("[0-9a-f]{64}", message["Resend-Idempotency-Key"])
    names = [name.lower() for name in message]
    assert len(names) == len(set(names))


def test_without_pages_of_the_readers_own_a_mail_that_says_so_unsubscribes() -> None:
    message = read(letter(busy(1)))

    assert message["List-Unsubscribe"] == "<mailto:digest@example.org?subject=unsubscribe%20daily>"
    assert "List-Unsubscribe-Post" not in message
    assert "List-Help" not in message


def test_an_address_of_its_own_takes_the_mails_that_unsubscribe() -> None:
    message = read(letter(busy(1), unsubscribe="stop@example.org"))

    assert message["List-Unsubscribe"] == "<mailto:stop@example.org?subject=unsubscribe%20daily>"


def test_nobody_is_asked_to_write_to_a_machine_without_a_name() -> None:
    assert "List-Unsubscribe" not in read(letter(busy(1), sender="digest@localhost"))


def test_one_click_is_not_promised_over_plain_http() -> None:
    message = read(letter(busy(1), reader=links(base_url="http://127.0.0.1:8000")))

    assert message["List-Unsubscribe"].startswith("<http://127.0.0.1:8000/unsubscribe/")
    assert "List-Unsubscribe-Post" not in message


@pytest.mark.parametrize(
    ("domain", "said"),
    [("example.org", "example.org"), ("a.io", "[0-9a-f]{12}"), ("digest.lab.example.org", "[0-9a-f]{12}")],
)
def test_complaints_are_counted_by_edition_and_a_sender_of_5_to_15_letters(domain: str, said: str) -> None:
    message = read(letter(busy(1), sender=f"digest@{domain}"))

    assert re.fullmatch(f"daily:issue:digest:{said}", message["Feedback-ID"])


@pytest.mark.parametrize(
    ("recipient", "written"),
    [
        ("ada@example.org", b"To: ada@example.org\r\n"),
        ("ada@bücher.example", b"To: ada@xn--bcher-kva.example\r\n"),
        ("jörg@bücher.example", "To: jörg@xn--bcher-kva.example\r\n".encode()),
        ('"ada, b"@example.org', b'To: "ada, b"@example.org\r\n'),
        ("ada@localhost", b"To: ada@localhost\r\n"),
    ],
)
def test_a_recipient_is_written_as_servers_take_it(recipient: str, written: bytes) -> None:
    sent = letter(busy(1), recipient=recipient)

    assert sent.recipient == recipient
    assert sent.content.startswith(written)


def test_without_a_site_the_mail_links_only_to_papers_and_counts_what_had_no_room() -> None:
    message = read(letter(busy(400), site_url=None))

    html = part(message, "html")
    assert set(re.findall(r'href="(https?://[^/"]+)', html)) == {"https://arxiv.org"}
    assert re.search(r"\d+ more had no room in this mail", html)
    assert "archive" not in html
    assert "archive" not in part(message, "plain")


def test_long_headers_are_not_turned_into_encoded_words() -> None:
    head = letter(busy(1), reader=links()).content.split(b"\r\n\r\n")[0]

    assert f"List-Unsubscribe: <{links().unsubscribe()}>,\r\n <mailto:".encode() in head
    # The subject has a dot that is not ASCII.
    assert all(line.startswith((b"Subject:", b" =?utf-8?")) for line in head.split(b"\r\n") if b"=?" in line)


def titled(title: str) -> Issue:
    """An issue of one paper of that title; the issue has it too."""
    return issue([entry(1, paper={"title": title})], title=title)


@pytest.mark.parametrize("letters", range(20, 80))
def test_no_header_begins_with_an_empty_line(letters: int) -> None:
    sent = letter(titled("a day of frogs " * 6 + "x" * letters))

    assert not re.search(rb"(?m)^[\w-]+: *\r\n", sent.content.split(b"\r\n\r\n")[0])
    assert read(letter(titled(("frog " * 20)[:letters])))["Subject"].startswith("frog ")


@pytest.mark.parametrize("letters", range(1, 80))
def test_a_subject_arrives_as_it_was_composed_wherever_its_lines_are_folded(letters: int) -> None:
    one = titled(("frog " * 20)[:letters])

    body = drawn(one)

    assert " · Wed 3 June" in body.subject
    assert read(letter(one))["Subject"] == body.subject


def test_a_title_that_is_not_ascii_is_encoded_in_words_of_legal_length() -> None:
    sent = letter(titled("Forschungsüberblick für Zürich " * 3))

    assert read(sent)["Subject"].startswith("Forschungsüberblick für Zürich")
    words = re.findall(rb"=\?[^?]+\?[^?]+\?[^?]*\?=", sent.content.split(b"\r\n\r\n")[0])
    assert words
    assert max(map(len, words)) <= 75


@pytest.mark.parametrize(
    ("title", "phrase"),
    [
        ("Research digest", "Research digest "),
        ("What's new & hot", "What's new & hot "),
        ("cs.<CL> [daily]", '"cs.<CL> [daily]" '),
        ('Say "hi" \\o/', r'"Say \"hi\" \\o/" '),
        ("Dr. Who: news, views", '"Dr. Who: news, views" '),
        ("a@b <c@d>", '"a@b <c@d>" '),
        ("line\r\nBcc: x@example.org", '"line Bcc: x@example.org" '),
        ("漢字 <新着>", "漢字 新着 "),
        ("Zürich <c@d>, (daily)", "Zürich c d daily "),
        ("<>", '"<>" '),
        ("", ""),
    ],
)
def test_a_title_whatever_stands_in_it_leaves_the_list_its_id(title: str, phrase: str) -> None:
    sent = letter(replace(busy(1), title=title))

    raw = re.search(rb"(?m)^List-Id: ?(.*(?:\r\n[ \t].*)*)", sent.content)
    assert raw is not None
    assert raw[1].rstrip().endswith(b"<daily.digest.example.org>")
    assert read(sent)["List-Id"] == f"{phrase}<daily.digest.example.org>"
    assert "Bcc" not in read(sent)


@pytest.mark.parametrize(
    ("name", "shown"), [('A "B", <c@d>', 'A "B", <c@d>'), ("Größe, klein", "Größe, klein"), ("", "")]
)
def test_a_senders_name_whatever_stands_in_it_adds_no_address(name: str, shown: str) -> None:
    sender = read(letter(busy(1), sender_name=name))["From"]

    assert [(a.display_name, a.addr_spec) for a in sender.addresses] == [(shown, "digest@example.org")]


def test_addresses_in_headers_are_ascii_and_of_one_piece() -> None:
    message = read(letter(busy(1), site_url="https://exämple.org/ü", sender="a+b%c?d@example.org"))

    assert message["List-Archive"] == "<https://ex%C3%A4mple.org/%C3%BC/daily/index.html>"
    assert message["List-Unsubscribe"].strip() == "<mailto:a%2Bb%25c%3Fd@example.org?subject=unsubscribe%20daily>"


def test_the_mail_is_text_and_html_in_lines_that_every_server_takes() -> None:
    sent = letter(busy(50))

    message = read(sent)
    assert message.get_content_type() == "multipart/alternative"
    assert [p.get_content_type() for p in message.iter_parts()] == ["text/plain", "text/html"]
    assert {p["Content-Transfer-Encoding"] for p in message.iter_parts()} == {"quoted-printable"}
    assert max(map(len, sent.content.split(b"\r\n"))) <= 998
    assert b"\n" not in sent.content.replace(b"\r\n", b"")


def test_the_same_issue_gives_the_same_bytes() -> None:
    assert letter(busy(5)).content == letter(busy(5)).content


def test_a_body_drawn_once_serves_all_recipients() -> None:
    body = Drawing(templates=templates(), site_url=SITE).body(busy(5), links=links(1))
    head = Letterhead(edition="daily", sender="digest@example.org", sender_name="Research digest")

    two = [head.mail(body, recipient="ada@example.org", message_id=MESSAGE_ID, at=AT, links=links(n)) for n in (1, 2)]

    for n, sent in enumerate(two, start=1):
        alone = letter(busy(5), reader=links(n), archive="")
        assert sent.content == alone.content
    assert two[0].content != two[1].content


def test_issues_drawn_one_after_another_are_as_if_each_were_drawn_alone() -> None:
    """What is drawn once for all is not mixed up: same papers, other reasons, other leads, other places."""
    whole = busy(12)
    turned = replace(
        whole,
        sections=tuple(
            replace(s, entries=tuple(replace(e, reason=f"matches “{e.paper.id}”") for e in reversed(s.entries)))
            for s in reversed(whole.sections)
        ),
        leads=tuple(entry.paper.id for entry in whole.entries[6:9]),
    )
    plain = replace(
        turned,
        sections=tuple(replace(s, entries=tuple(replace(e, reason="") for e in s.entries)) for s in turned.sections),
    )
    revised = replace(
        whole,
        sections=tuple(
            replace(s, entries=tuple(replace(e, summary=replace(e.summary, tldr="Withdrawn.")) for e in s.entries))
            for s in whole.sections
        ),
    )
    told_of = told(whole, ("Things are studied.", 1, 5, 7))
    one = Drawing(templates=templates(), site_url=SITE)
    head = Letterhead(
        edition="daily", sender="digest@example.org", sender_name="Research digest", archive=f"{SITE}/daily/index.html"
    )

    for of in (whole, turned, plain, revised, told_of, whole):
        for reader in (None, links()):
            body = one.body(of, links=reader)
            sent = head.mail(body, recipient="ada@example.org", message_id=MESSAGE_ID, at=AT, links=reader)
            assert sent.content == letter(of, reader=reader).content


@pytest.mark.parametrize("n", [0, 1, 50, 200, 1000])
def test_the_html_stays_below_what_gmail_cuts(n: int) -> None:
    whole = busy(n)

    body = drawn(whole, site_url=SITE)

    assert body.html_bytes <= MAX_HTML_BYTES
    assert body.text_bytes <= MAX_TEXT_BYTES
    order = (*whole.leads, *(e.paper.id for e in whole.entries if e.paper.id not in whole.leads))
    shown = {e.paper.id for e in whole.entries if f">{e.paper.title}</a>" in body.html}
    assert shown == set(order[: body.shown])
    if body.shown < n:
        assert f'<a href="{SITE}/daily/2026-06-03/index.html"' in body.html
        assert f"{n - body.shown} more in the archive" in body.html
        # No more was left away than had to be.
        assert body.html_bytes > MAX_HTML_BYTES * 0.95
    assert "answer this one and say so" in body.html


@pytest.mark.parametrize("n", [4, 50, 200])
@pytest.mark.parametrize("site", [SITE, None])
def test_references_of_the_overview_lead_to_entries_wherever_they_are_shown(n: int, site: str | None) -> None:
    sentence = "Of things that are studied some are better by a good margin, with 30 % less of what it takes"
    whole = told(busy(n), *((f"{sentence}, {k}.", *range(k, n, n // 3 + 1), n - 1 - k) for k in range(3)))

    body = drawn(whole, site_url=site)

    links = re.findall(r'href="([^"]+)"[^>]*>(\d+)</a>', body.html)
    ids = re.findall(r'<a id="(arxiv-[^"]+)"', body.html)
    assert body.html_bytes <= MAX_HTML_BYTES
    assert len(ids) == len(set(ids)) == body.shown
    order = [slug(e.paper.id) for e in whole.entries]
    for url, number in links:
        anchor = order[int(number) - 1]
        elsewhere = f"{SITE}/papers/{anchor}/index.html" if site else whole.entries[int(number) - 1].paper.url
        assert url == (f"#{anchor}" if anchor in ids else elsewhere)
    assert len(links) >= 5
    assert (body.shown < n) == any(not url.startswith("#") for url, _ in links)


def test_the_rest_goes_before_the_leads_lose_anything() -> None:
    body = drawn(busy(1000), site_url=SITE)

    assert 100 < body.shown < 1000
    assert body.html.count("It was tried on seven sets") == 1 + 4 * 2


def test_points_of_the_last_leads_go_before_leads() -> None:
    body = drawn(busy(80, leads=80), site_url=SITE)

    assert body.shown == 80
    assert 0 < body.html.count("It was tried on seven sets") < 2 * 80


def test_what_is_not_ascii_is_weighed_as_it_is_sent() -> None:
    chinese = issue([entry(n, paper={"title": "漢字" * 100}) for n in range(100)])

    body = drawn(chinese, site_url=SITE)

    assert body.html_bytes <= MAX_HTML_BYTES
    assert 0 < body.shown < 100


def test_the_text_part_has_what_the_html_has() -> None:
    whole = busy(30)

    message = read(letter(whole))

    flat = " ".join(part(message, "plain").split())
    for one in whole.entries:
        assert one.paper.title in flat
        assert one.paper.url in flat
        assert (" ".join(one.summary.tldr.split()) in flat) == (one.paper.id in whole.leads)
    assert max(map(len, part(message, "plain").splitlines())) <= 78


def test_a_mail_of_thirty_papers_has_at_most_1200_words() -> None:
    whole = replace(busy(30), sources=busy(1).sources * 3)

    message = read(letter(whole))

    assert 500 < len(words(part(message, "html"))) <= 1200
    assert 500 < len(part(message, "plain").split()) <= 1200


def test_leads_are_in_full_and_the_rest_in_lines() -> None:
    html = part(read(letter(busy(30))), "html")

    leads, rest = html.split(">The rest</h2>")
    assert leads.count("<h2") == 5 + 1
    assert leads.count("proposes a method") == 2 * 5
    assert leads.count("matches test-time training") == 5
    assert len(re.findall(r"\d+\xa0votes?&nbsp;", rest)) == 25
    assert "proposes a method" not in rest
    assert "matches" not in rest


@pytest.mark.parametrize(
    ("words", "first", "second"), [(0, 2, 3), (10, 2, 3), (30, 1, 3), (50, 0, 2), (60, 0, 1), (200, 0, 0)]
)
def test_the_first_lead_has_the_points_that_let_two_titles_be_on_the_screen_of_a_phone(
    words: int, first: int, second: int
) -> None:
    two = [
        entry(n, summary={"tldr": "word " * words, "points": ("point " * 20, "then " * 20, "last " * 20)})
        for n in (1, 2)
    ]
    whole = replace(issue(two), leads=tuple(one.paper.id for one in two))

    leads = brief(issue_view(whole, links=Links(root=None))).leads

    assert [len(lead.points) for lead in leads] == [first, second]
    assert leads[1].points == tuple(f"{p} " * 19 + p for p in ("point", "then", "last"))[:second]


@pytest.mark.parametrize(("words", "points"), [(10, 2), (40, 1), (60, 0)])
def test_the_first_lead_has_fewer_points_where_the_overview_is_long(words: int, points: int) -> None:
    one = entry(1, summary={"tldr": "word " * 10, "points": ("point " * 20, "then " * 20, "last " * 20)})
    whole = replace(issue([one]), leads=(one.paper.id,), overview="Much is said. " + "said " * (words - 3))

    [lead] = brief(issue_view(whole, links=Links(root=None))).leads

    assert len(lead.points) == points


def test_words_of_languages_without_blanks_count_too() -> None:
    one = entry(1, summary={"tldr": "漢字" * 30, "points": ("漢字" * 25, "漢字" * 25), "language": "zh"})
    whole = replace(issue([one]), leads=(one.paper.id,))

    [lead] = brief(issue_view(whole, links=Links(root=None))).leads

    assert lead.points == ("漢字" * 25,)


def test_two_titles_are_on_the_first_screen_of_a_phone() -> None:
    html = drawn(busy(30), site_url=SITE).html

    with chromium() as browser:
        page = browser.new_page(viewport={"width": 390, "height": 700})
        page.set_content(html)
        ends = page.evaluate("[...document.querySelectorAll('h2')].map(e => e.getBoundingClientRect().bottom)")

    assert ends[1] < 700


def test_the_contents_of_a_mail_lead_to_its_sections() -> None:
    html = part(read(letter(busy(30))), "html")

    wanted = re.findall(r'href="#(topic-[^"]+)"', html)
    assert len(wanted) == 5
    assert re.findall(r'<a id="(topic-[^"]+)"', html) == wanted


def test_a_title_leads_to_the_papers_page_where_one_is_served_and_else_to_the_paper() -> None:
    one = busy(30).entries[-1]

    served, alone = (part(read(letter(busy(30), site_url=site)), "html") for site in (SITE, None))

    page = f"{SITE}/papers/{slug(one.paper.id)}/index.html"
    assert re.search(rf'href="{page}"[^>]*>{one.paper.title}</a>', served)
    assert served.count(f'href="{one.paper.url}"') == 1
    assert re.search(rf'href="{one.paper.url}"[^>]*>{one.paper.title}</a>', alone)


def test_the_foot_leads_to_the_whole_issue_what_was_left_out_and_why() -> None:
    html = part(read(letter(busy(30))), "html")

    page = f"{SITE}/daily/2026-06-03/index.html"
    foot = html[html.rindex("<h3") :]
    assert [page, f"{page}#about", f"{page}#about"] == re.findall(rf'href="({page}[^"]*)"', foot)
    assert "Read: arXiv cs.CL 93 of 93" in " ".join(words(html))


def test_a_mail_begins_with_the_next_two_titles_and_hides_nothing() -> None:
    whole = busy(30)
    html = part(read(letter(whole)), "html")

    first = words(html)[:20]
    assert first[0] == "Also"
    for n in (1, 2):
        assert whole.entries[n].paper.title.split(":")[0][:40] in html.partition("<h1")[0]
    assert not re.search(r"display: ?none|hidden|max-height|font-size: ?[0-9]px|opacity", html)


def test_a_mail_of_one_paper_says_nothing_of_others() -> None:
    assert words(part(read(letter(busy(1))), "html"))[:2] == ["Research", "digest"]


def test_the_html_is_what_mail_programs_can_show() -> None:
    html = part(read(letter(busy(20))), "html")

    assert '<html lang="en" dir="ltr">' in html
    assert html.count("<table") == html.count('role="presentation"')
    assert "<img" not in html
    assert re.search(r"<title>(.*)</title>", html)[1] == read(letter(busy(20)))["Subject"]  # type: ignore[index]
    styles = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    assert all(style.strip().startswith("@media") for style in styles)
    # What Gmail or Outlook do not know may only be an enhancement.
    inline = " ".join(re.findall(r'style="([^"]*)"', html))
    assert not re.search(r"flex|grid|var\(|rgba|rem\b|position|url\(", inline)


# What Gmail and Outlook's Word, the two that know least, take as it is (caniemail.com), and how long lines break where
# overflow-wrap is known.
KNOWN = set(
    "background-color color font-family font-size font-weight line-height margin max-width overflow-wrap padding"
    " text-align text-decoration text-indent".split()
)


def test_what_is_styled_is_known_to_mail_programs_and_padding_is_of_cells() -> None:
    tree = html5lib.parse(part(read(letter(busy(8))), "html"), namespaceHTMLElements=False)

    styles = {
        (element.tag, declaration.partition(":")[0].strip())
        for element in tree.iter()
        if isinstance(element.tag, str)
        for declaration in (element.get("style") or "").split(";")
        if declaration.strip()
    }

    assert {name for _, name in styles} <= KNOWN
    assert {tag for tag, name in styles if name == "padding"} == {"td"}
    assert ("td", "overflow-wrap") in styles


def test_axe_finds_nothing_wrong_with_the_mail() -> None:
    html = drawn(told(busy(8), ("Things are studied.", 1, 5, 7)), site_url=SITE).html

    with chromium() as browser:
        page = browser.new_page(viewport={"width": 600, "height": 800})
        page.set_content(html)
        assert faults(page) == []


# -- the subject


@pytest.mark.parametrize(
    ("titles", "said"),
    [
        (("RationalRewards: Reasoning Rewards Scale", "B"), "RationalRewards, and 1 more · Wed 3 June"),
        (("A study of rivers",), "A study of rivers · Wed 3 June"),
        ((), "Research digest: nothing new · Wed 3 June"),
    ],
)
@pytest.mark.parametrize("site", [None, SITE])
def test_the_subject_is_a_headline(titles: tuple[str, ...], said: str, site: str | None) -> None:
    one = issue([entry(n, paper={"title": title}) for n, title in enumerate(titles, start=1)])

    assert drawn(one, site_url=site).subject == said


def test_a_long_subject_is_cut_behind_a_word() -> None:
    subject = drawn(titled("word " * 60)).subject

    assert subject.endswith("word… · Wed 3 June")
    assert 70 < len(subject) <= 100


def test_the_left_out_are_counted_and_not_listed() -> None:
    served, alone = (" ".join(words(part(read(letter(busy(4), site_url=site)), "html"))) for site in (SITE, None))

    assert "· 4 left out ·" in served
    assert "4 left out: not among the best 30 of 40." in alone
    assert "Left out 1" not in served + alone


_NASTY = """<script>alert(1)</script>| "><img src=x onerror=alert(1)>| {{ 7*7 }}| </title><script>x</script>
    | a\r\nBcc: b@c.d| \u2028x| \u202eevil| ]]>| \x00\x0b| $\\text{<script>}$| javascript:alert(1)| \ud800| &lt;b&gt;"""
NASTY = st.sampled_from(_NASTY.split("| "))
TAGS = set("html head meta title style body div table tbody tr td h1 h2 h3 p a br span i".split())


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.one_of(NASTY, st.text(max_size=20)), min_size=7, max_size=7), st.booleans())
def test_no_text_however_nasty_is_a_tag_a_header_or_a_crash(texts: list[str], is_lead: bool) -> None:
    title, author, tldr, point, reason, topic, url = texts
    one = entry(
        paper={"title": title or "x", "authors": (author,), "url": url},
        summary={"tldr": tldr, "points": (point,), "topics": (topic,)},
        reason=reason,
    )

    nasty = told(
        issue([one, entry(2)], left_out=(replace(left_out(1), reason=reason),), title=title), (tldr, 1, 2), (point, 1)
    )
    if is_lead:
        nasty = replace(nasty, leads=(one.paper.id,))
    message = read(letter(nasty))

    tree = html5lib.parse(part(message, "html"), namespaceHTMLElements=False)
    assert {element.tag for element in tree.iter() if isinstance(element.tag, str)} <= TAGS
    for element in tree.iter():
        assert not any(str(name).startswith("on") for name in element.attrib)
        assert element.get("href", "https:").startswith(("https:", "http:", "#arxiv-", "#topic-"))
    assert "Bcc" not in message
    assert strip_invisible(message["Subject"]) == message["Subject"]


def test_the_mail_fits_a_phone_and_can_be_read_in_light_and_dark_and_without_its_style_sheet() -> None:
    html = drawn(told(busy(8), ("Things are studied.", 1, 5, 7)), site_url=SITE).html
    bare = re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL)

    with chromium() as browser:
        for content, scheme in itertools.product((html, bare), ("light", "dark")):
            page = browser.new_page(viewport={"width": 320, "height": 800}, color_scheme=scheme)
            page.set_content(content)
            assert page.evaluate("document.documentElement.scrollWidth") <= 320
            lowest = page.evaluate(CONTRASTS)[0]
            assert lowest[0] >= 4.5, (scheme, lowest)
            page.close()


def test_a_day_is_named_in_the_mail() -> None:
    assert f"{WEDNESDAY:%A} 3 June 2026" in part(read(letter(busy(1))), "plain")


def test_what_the_foot_leads_to_is_on_the_issues_page() -> None:
    html = part(read(letter(busy(30))), "html")
    page = (SHIPPED / "issue.html").read_text(encoding="utf-8")

    named = set(re.findall(r'index\.html#([^"]+)"', html))
    assert named
    assert [name for name in named if f'id="{name}"' not in page] == []


def test_what_a_paper_sets_in_italics_is_so_in_the_mail_and_plain_in_its_text() -> None:
    newt = entry(
        1,
        paper={"title": "Of Triturus <b>", "italics": ("Triturus",)},
        summary={"tldr": "We saw Triturus.", "points": ("Triturus swims.",)},
    )
    sent = read(letter(issue([newt], leads=(newt.paper.id,))))

    assert "Of <i>Triturus</i> &lt;b&gt;" in part(sent, "html")
    assert part(sent, "html").count("<i>Triturus</i>") == 3
    assert "Of Triturus <b>" in part(sent, "plain")


# -- what a reader's own links do to a mail


def hrefs(html: str) -> list[str]:
    return [str(a.get("href")) for a in html5lib.parse(html, namespaceHTMLElements=False).iter("a") if a.get("href")]


def test_each_entry_can_be_marked_by_links_that_say_what_they_are_about() -> None:
    whole = busy(30)
    html = drawn(whole, reader=links()).html

    for one in whole.entries:
        url = links().feedback(one.paper.id, WEDNESDAY)
        assert hrefs(html).count(f"{url}?mark=more") == hrefs(html).count(f"{url}?mark=less") == 1
    labels = re.findall(r'aria-label="((?:more|less) like [^"]+)">(more|less)</a>', html)
    assert len(labels) == 60
    assert all(label.startswith(word) and len(label) <= 55 for label, word in labels)


@pytest.mark.parametrize("is_own", [False, True])
def test_the_foot_of_a_readers_mail_leads_to_issue_preferences_pause_and_stop(is_own: bool) -> None:
    mail = drawn(busy(3), reader=links(), is_own=is_own)

    reader = links()
    whole = reader.issue(WEDNESDAY) if is_own else f"{SITE}/daily/2026-06-03/index.html"
    wanted = {whole, reader.preferences(), f"{reader.preferences()}#pause", reader.unsubscribe()}
    assert wanted <= set(hrefs(mail.html))
    lines = [line for line in mail.text.splitlines() if SITE in line]
    assert [line.rpartition(" ")[2] for line in lines] == [
        whole,
        *([] if is_own else [reader.issue(WEDNESDAY)]),
        reader.preferences(),
        reader.unsubscribe(),
    ]
    assert "answer this one" not in mail.html + mail.text


def test_a_mail_of_a_readers_own_leads_to_no_page_that_the_archive_has_not() -> None:
    assert not [url for url in hrefs(drawn(busy(8), reader=links(), is_own=True).html) if "/papers/" in url]


def test_without_pages_of_the_readers_own_their_issue_has_no_page() -> None:
    mail = drawn(busy(300), is_own=True)

    assert not [url for url in hrefs(mail.html) if SITE in url]
    assert re.search(r"\d+ more had no room in this mail", mail.html)


@pytest.mark.parametrize("n", [1, 50, 200, 1000])
def test_with_a_readers_links_too_the_mail_stays_below_what_gmail_cuts(n: int) -> None:
    mail = drawn(busy(n), reader=links(), is_own=True)

    assert mail.html_bytes <= MAX_HTML_BYTES
    assert mail.text_bytes <= MAX_TEXT_BYTES
    assert links().unsubscribe() in mail.html
    if mail.shown < n:
        assert mail.html_bytes > MAX_HTML_BYTES * 0.95
        assert f"{n - mail.shown} more in the whole issue" in mail.html
        assert hrefs(mail.html).count(links().issue(WEDNESDAY)) == 2


def test_text_that_has_no_room_is_counted() -> None:
    mail = drawn(busy(1000), reader=links())

    assert mail.text_bytes > MAX_TEXT_BYTES * 0.95
    assert re.search(r"(?m)^\d+ more in the archive\r?$", mail.text)


@pytest.mark.parametrize("reader", [None, links()])
def test_text_and_html_say_the_same(reader: ReaderLinks | None) -> None:
    mail = drawn(busy(30), reader=reader)

    flat, seen = " ".join(mail.text.split()), " ".join(words(mail.html))
    for one in busy(30).entries:
        assert one.paper.title in flat
        assert one.paper.title in seen
        assert one.paper.url in flat
        assert one.paper.url in hrefs(mail.html)
        assert (one.summary.tldr.strip() in flat) == (one.summary.tldr.strip() in seen)
    assert max(len(line) for line in mail.text.splitlines() if "://" not in line) <= 78
    assert not re.search(r"&(?:\w+|#\d+);|\xad", mail.text)


@pytest.mark.parametrize("base_url", [SITE, "http://127.0.0.1:8000/a=b/ü", "https://example.org/" + "far/" * 40])
def test_lines_are_as_short_as_mime_wants_whatever_the_links_are(base_url: str) -> None:
    sent = letter(busy(30), reader=links(base_url=base_url), is_own=True)

    _, *body = sent.content.split(b"\r\n\r\n")
    assert max(len(line) for piece in body for line in piece.split(b"\r\n")) <= 78
    urls = hrefs(part(read(sent), "html"))
    assert links(base_url=base_url.replace("ü", "%C3%BC")).preferences() in urls


@given(st.text(alphabet="a=é漢 .\t\n·", max_size=200), st.text(alphabet="b=é .\n", max_size=100))
def test_pieces_in_quoted_printable_are_together_what_the_whole_is(first: str, second: str) -> None:
    coded = encoded_piece(first) + encoded(second)

    assert a2b_qp(coded).replace(b"\r\n", b"\n").decode() == first + second
    assert max(map(len, coded.split(b"\r\n"))) <= 76


def test_what_is_written_from_right_to_left_stands_at_the_right() -> None:
    one = entry(
        1,
        paper={"title": "دراسة الأنهار في المدن الكبيرة", "language": "ar"},
        summary={"tldr": "ندرس الأنهار.", "points": ("نعم.",), "language": "ar"},
    )

    html = drawn(issue([one], leads=(one.paper.id,))).html

    tree = html5lib.parse(html, namespaceHTMLElements=False)
    turned = [p for p in tree.iter("p") if p.get("lang") == "ar"]
    assert len(turned) == 2
    assert all(p.get("dir") == "rtl" and "text-align:right" in str(p.get("style")) for p in turned)
    assert re.search(r'<a lang="ar" dir="rtl" id=', html)
    assert read(letter(issue([one])))["Content-Language"] == "en, ar"


def test_the_html_has_no_fault_that_a_parser_finds() -> None:
    strict = html5lib.HTMLParser(strict=True)

    strict.parse(drawn(told(busy(30), ("Things are studied.", 1, 5, 7)), reader=links()).html)


ONCE = (
    "From To Subject Date Message-ID MIME-Version Content-Type List-Id List-Archive List-Help List-Unsubscribe"
    " List-Unsubscribe-Post Feedback-ID Auto-Submitted Precedence Content-Language"
).split()


def test_headers_of_a_hundred_mails_are_each_there_once_and_as_they_should_be() -> None:
    drawing = Drawing(templates=templates(), site_url=SITE)
    archive = f"{SITE}/daily/index.html"
    head = Letterhead(edition="daily", sender="digest@example.org", sender_name="Größe, klein", archive=archive)
    titles = (
        "RationalRewards: Reasoning",
        "漢字" * 60,
        "a\r\nBcc: x@example.org",
        "word " * 60,
        "\u2028\u202eevil\x0b",
    )

    for n in range(100):
        whole = titled(f"{titles[n % 5]} {n}")
        body = drawing.body(whole, links=links(n))
        sent = head.mail(body, recipient=f"r{n}@exämple.org", message_id=f"<{n}@example.org>", at=AT, links=links(n))

        raw, _, _ = sent.content.partition(b"\r\n\r\n")
        names = re.findall(rb"(?m)^([\w-]+): \S", raw)
        assert sorted(names) == sorted(name.encode() for name in ONCE)
        assert raw.isascii()
        lines = raw.split(b"\r\n")
        assert max(map(len, lines)) <= 998
        assert all(len(line) <= 78 for line in lines if b"<" not in line)
        assert parsedate_to_datetime(read(sent)["Date"]) == AT
        assert read(sent)["To"] == f"r{n}@xn--exmple-cua.org"


def test_axe_finds_nothing_wrong_with_a_readers_mail() -> None:
    html = drawn(replace(busy(8), highlights=()), reader=links(), is_own=True).html

    with chromium() as browser:
        page = browser.new_page(viewport={"width": 320, "height": 800})
        page.set_content(html)
        assert faults(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
