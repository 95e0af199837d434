"""Mails that came back are understood, whoever wrote them, and no mail, however broken, is more than unreadable."""

from __future__ import annotations

import random

import pytest

from digest.core.subscribers.returns import Verdict, verdict_of
from digest.deliver.reports import Kind, read_report
from tests.support import reports
from tests.support.reports import ADA, ALL, BOUNCES, COMPLAINTS, MESSAGE_ID, Example, arf, dsn, headers, reply

TOKEN = "AAAAAAAAAAAqAAAAAAAAAAAAAAAAAAAA" + "b" * 20


@pytest.mark.parametrize("example", ALL, ids=str)
def test_what_came_back_is_taken_for_what_it_is(example: Example) -> None:
    assert read_report(example.made()).kind is example.kind


@pytest.mark.parametrize("example", BOUNCES, ids=str)
def test_a_returned_mail_says_what_becomes_of_its_recipient(example: Example) -> None:
    first = read_report(example.made()).returned[0]

    assert (first.verdict, first.status) == (example.verdict, example.status)


@pytest.mark.parametrize("example", [e for e in BOUNCES if e.name != "an international address"], ids=str)
def test_a_returned_mail_names_its_recipient(example: Example) -> None:
    assert read_report(example.made()).returned[0].address == ADA


PROSE_WITHOUT_HEADERS = {"Exim, a delay", "Exchange in prose"}


@pytest.mark.parametrize(
    "example", [e for e in (*BOUNCES, *COMPLAINTS) if e.name not in PROSE_WITHOUT_HEADERS], ids=str
)
def test_a_report_says_which_mail_it_is_about(example: Example) -> None:
    assert MESSAGE_ID in read_report(example.made()).message_ids


def test_each_recipient_of_a_report_has_a_status_of_its_own() -> None:
    returned = read_report(reports.postfix_two()).returned

    assert [(one.address, one.verdict) for one in returned] == [
        (ADA, Verdict.GONE),
        ("bob@example.net", Verdict.FOR_NOW),
    ]


def test_an_address_beyond_ascii_is_read() -> None:
    assert read_report(reports.international()).returned[0].address == "zoë@exämple.net"


def test_of_a_mail_that_was_forwarded_it_is_the_reader_we_wrote_to() -> None:
    report = read_report(dsn(to="ada.private@example.com", original=ADA))

    assert report.returned[0].address == ADA


def test_the_reason_has_code_and_words_on_one_line() -> None:
    [returned] = read_report(dsn("5.1.1", "smtp; 550 5.1.1 <ada@example.net>:\n  User\x1b[31m unknown")).returned

    assert returned.reason == "550 5.1.1 <ada@example.net>: User unknown"


# -- complaints


def test_a_complaint_names_who_made_it() -> None:
    assert read_report(arf()).addresses == (ADA,)
    assert read_report(reports.jmrp()).addresses == (ADA,)


def test_a_complaint_without_an_address_is_known_by_the_link_in_it() -> None:
    more = (
        f"List-Unsubscribe: <https://x.org/unsubscribe/{TOKEN}>,\n <mailto:stop@x.org?subject=unsubscribe%20{TOKEN}>\n"
    )

    report = read_report(arf(to="undisclosed:;", original="", message_id="<hidden@x>", more=more))

    assert report.addresses == ()
    assert report.tokens == (TOKEN,)


# -- unsubscribing by mail


@pytest.mark.parametrize(
    ("subject", "edition"),
    [
        ("unsubscribe daily", "daily"),
        ("Unsubscribe: Daily", "daily"),
        ("UNSUBSCRIBE", ""),
        ("Re: unsubscribe weekly.", "weekly"),
        ("=?utf-8?Q?unsubscribe_daily?=", "daily"),
        ("AW: WG: unsubscribe", ""),
    ],
)
def test_a_mailed_unsubscribe_is_understood(subject: str, edition: str) -> None:
    report = read_report(reply(subject))

    assert (report.kind, report.sender, report.edition, report.tokens) == (Kind.UNSUBSCRIBE, ADA, edition, ())


def test_a_mailed_unsubscribe_may_carry_the_token_of_its_link() -> None:
    report = read_report(reply(f"unsubscribe {TOKEN}"))

    assert (report.kind, report.tokens, report.edition) == (Kind.UNSUBSCRIBE, (TOKEN,), "")


def test_a_reply_that_begins_with_the_word_unsubscribes() -> None:
    assert read_report(reply("Re: Daily: 12 papers", "\nUnsubscribe.\n\n> 12 papers")).kind is Kind.UNSUBSCRIBE


def test_a_reply_that_quotes_the_word_does_not() -> None:
    assert read_report(reply("Re: Daily", "Nice!\n\n> unsubscribe")).kind is Kind.LETTER


def test_an_automatic_reply_that_begins_with_the_word_does_not() -> None:
    assert read_report(reply("Out of office", "unsubscribe")).kind is Kind.AUTOMATIC


# -- codes


@pytest.mark.parametrize(
    ("status", "said", "verdict"),
    [
        ("5.1.1", "", Verdict.GONE),
        ("5.1.0", "", Verdict.GONE),
        ("5.1.0", "550 5.1.0 sender rejected", Verdict.ABOUT_US),
        ("5.1.8", "", Verdict.ABOUT_US),
        ("5.0.0", "550 5.1.1 unknown", Verdict.GONE),
        ("5.0.0", "550 no", Verdict.FOR_NOW),
        ("", "550 5.7.1 blocked", Verdict.ABOUT_US),
        ("", "421 try later", Verdict.FOR_NOW),
        ("", "it did not work", Verdict.UNCLEAR),
        ("4.2.2", "452 4.2.2 full", Verdict.FOR_NOW),
        ("5.2.2", "", Verdict.FOR_NOW),
        ("5.2.3", "", Verdict.ABOUT_US),
        ("5.7.1", "550 5.7.1 user unknown", Verdict.ABOUT_US),
        ("5.6.0", "", Verdict.ABOUT_US),
        ("5.5.0", "552 mailbox full", Verdict.FOR_NOW),
        ("2.1.5", "", Verdict.NOTHING),
    ],
)
def test_a_code_that_says_something_counts_before_words(status: str, said: str, verdict: Verdict) -> None:
    assert verdict_of(action="failed", status=status, said=said) is verdict


# -- broken ones


def test_five_thousand_damaged_reports_are_read_or_unreadable() -> None:
    chance = random.Random(14)
    originals = [example.made() for example in ALL]
    kinds = set()
    for n in range(5_000):
        content = bytearray(originals[n % len(originals)])
        for _ in range(chance.randint(1, 12)):
            at = chance.randrange(len(content) or 1)
            content = content or bytearray(b"x")
            match chance.randrange(6):
                case 0:
                    content[at] = chance.randrange(256)
                case 1:
                    del content[at : at + chance.randint(1, 60)]
                case 2:
                    content[at:at] = content[at : at + chance.randint(1, 200)]
                case 3:
                    content[at:at] = chance.choice(
                        (
                            b"\x00",
                            b"=?utf-8?B?//8=?=",
                            b"\xff\xfe",
                            b"\r\n\r\n",
                            b"=?x-none?Q?=E4?=",
                            b"\xed\xa0\x80",
                            b"--b1",
                        )
                    )
                case 4:
                    other = chance.choice(originals)
                    content[at:at] = other[: chance.randrange(len(other))]
                case _:
                    del content[max(at, 1) :]
        kinds.add(read_report(bytes(content)).kind)

    assert kinds == set(Kind)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        b"\x00" * 1000,
        b"Subject: =?utf-8?B?" + b"A" * 100_000 + b"?=\n\n",
        b"Content-Type: text/plain; charset=nowhere\nSubject: unsubscribe\n\n\xff",
        b"Content-Type: text/plain; charset*=utf-8''%ff%fe\n\nx",
        b"Content-Transfer-Encoding: base64\n\n====",
        b"Content-Type: message/delivery-status\n\n" + b"Action: failed\n\n" * 50_000,
        b"Content-Type: multipart/mixed; boundary=a\n\n" + b"--a\n" * 100_000,
        b"From: " + b"a@" * 50_000 + b"\nSubject: x\n\n",
        b"From: mailer-daemon\nSubject: failure notice\n\n" + b"<" * 60_000,
        b"From: mailer-daemon\nSubject: failure notice\n\n" + b"a@b " * 20_000,
    ],
)
def test_no_mail_is_too_odd(content: bytes) -> None:
    assert read_report(content).kind in Kind


def test_parts_within_parts_are_read_to_a_bounded_depth() -> None:
    nested = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(2_000))

    assert read_report(nested).kind is Kind.UNREADABLE


def test_a_mail_within_mails_is_read_to_a_bounded_depth() -> None:
    assert read_report(b"Content-Type: message/rfc822\n\n" * 5_000).kind is Kind.UNREADABLE


def test_a_report_that_is_endless_is_read_to_a_bounded_length() -> None:
    whole = dsn() + headers().encode() + b"\n" + b"x" * 10_000_000

    assert read_report(whole) == read_report(whole[:3_000_000])
