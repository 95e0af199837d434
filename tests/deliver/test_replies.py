"""What a mail server's reply says: whether a step is done, and if it is refused, whose fault that is."""

from __future__ import annotations

from typing import Any

import pytest

from digest.core.errors import DeliveryError, MailUnavailable, PutOffError, RefusedError
from digest.deliver.replies import Reply, readable, refusal


@pytest.mark.parametrize(
    ("step", "said", "whose"),
    [
        ("RCPT", "550 5.1.1 no such user", "recipient"),
        ("RCPT", "550 no such user", "recipient"),
        ("RCPT", "550", "recipient"),
        ("RCPT", "553 5.1.3 bad address", "recipient"),
        ("RCPT", "501 bad address", "recipient"),
        ("RCPT", "551 user not local", "recipient"),
        ("RCPT", "552 mailbox full", "recipient"),
        ("RCPT", "553 mailbox name not allowed", "recipient"),
        ("RCPT", "556 domain takes no mail", "recipient"),
        ("RCPT", "500 what", "mail"),
        ("RCPT", "502 what", "mail"),
        ("RCPT", "549 what", "mail"),
        ("RCPT", "555 what", "mail"),
        ("RCPT", "557 what", "mail"),
        ("RCPT", "556 5.1.10 takes no mail", "recipient"),
        ("RCPT", "550 5.1.10 takes no mail", "recipient"),
        ("RCPT", "550 5.0.0 no", "recipient"),
        ("RCPT", "550 5.5.0 mailbox unavailable", "recipient"),
        ("RCPT", "552 5.2.2 over quota", "recipient"),
        ("RCPT", "550 5.2.1 mailbox disabled, relay is off", "recipient"),
        ("the final dot", "552 5.2.2 over quota", "recipient"),
        ("the final dot", "550 5.1.1 no such user", "recipient"),
        ("RCPT", "554 5.7.1 Relay access denied", "us"),
        ("RCPT", "550 relaying denied", "us"),
        ("RCPT", "553 sorry, that domain isn't allowed to be relayed thru this MTA", "us"),
        ("RCPT", "550 5.7.26 unauthenticated mail", "us"),
        ("RCPT", "550 5.7.0 blocked", "us"),
        ("RCPT", "550 5.1.8 bad sender", "us"),
        ("RCPT", "550 5.4.5 Daily user sending limit exceeded", "us"),
        ("RCPT", "550 too many messages today", "us"),
        ("the final dot", "552 5.3.4 too big", "us"),
        ("the final dot", "554 5.6.0 bad content", "us"),
        ("DATA", "503 5.5.1 no valid recipients", "us"),
        ("RCPT", "554 transaction failed", "mail"),
        ("DATA", "554 no", "mail"),
        ("DATA", "550 no", "mail"),
        ("the final dot", "552 too much data", "mail"),
        ("the final dot", "550 no", "mail"),
    ],
)
def test_a_refusal_is_the_recipients_ours_or_the_mails(step: Any, said: str, whose: str) -> None:
    reply = Reply.of(step, int(said[:3]), said[4:])

    found = "us" if reply.is_about_us else "recipient" if reply.is_about_recipient else "mail"

    assert found == whose


@pytest.mark.parametrize(
    ("step", "code", "is_yes", "is_no"),
    [
        ("RCPT", 199, False, False),
        ("RCPT", 200, True, False),
        ("MAIL", 299, True, False),
        ("the final dot", 300, False, False),
        ("RCPT", 354, False, False),
        ("DATA", 353, False, False),
        ("DATA", 354, True, False),
        ("DATA", 355, False, False),
        ("DATA", 250, False, False),
        ("RCPT", 399, False, False),
        ("RCPT", 400, False, True),
        ("DATA", 599, False, True),
        ("the final dot", 600, False, False),
    ],
)
def test_a_code_is_a_yes_a_no_or_neither(step: Any, code: int, is_yes: bool, is_no: bool) -> None:
    reply = Reply.of(step, code, "")

    assert (reply.is_yes, reply.is_no) == (is_yes, is_no)


@pytest.mark.parametrize(
    ("step", "said", "kind", "reason"),
    [
        (
            "MAIL",
            "499 later",
            DeliveryError,
            "smtp.x.org:25 takes no mail from d@x.org now: 499 later; it is tried again",
        ),
        ("MAIL", "500 no", DeliveryError, "smtp.x.org:25 turned away the sender d@x.org: 500 no; check [mail] from"),
        ("RCPT", "499 later", PutOffError, "not taken now: 499 later"),
        ("DATA", "451 4.7.1 relay is busy", PutOffError, "not taken now: 451 4.7.1 relay is busy"),
        (
            "RCPT",
            "550 5.7.1 no relay",
            DeliveryError,
            "refused, and not for the recipient's sake: 550 5.7.1 no relay; ",
        ),
        ("RCPT", "550", RefusedError, "refused: 550"),
        ("DATA", "500 what", RefusedError, "refused: 500 what"),
        ("the final dot", "552 5.2.2 full", RefusedError, "refused: 552 5.2.2 full"),
    ],
)
def test_a_refusal_is_for_now_or_for_good_and_says_what_was_refused(
    step: Any, said: str, kind: type[DeliveryError], reason: str
) -> None:
    error = refused(step, said)

    assert type(error) is kind
    assert str(error).startswith(reason)


def refused(step: Any, said: str, *, logs_in: bool = False) -> DeliveryError:
    reply = Reply.of(step, int(said[:3]), said[4:])
    return refusal(reply, where="smtp.x.org:25", sender="d@x.org", logs_in=logs_in)


@pytest.mark.parametrize("code", [530, 534, 535, 538])
@pytest.mark.parametrize(("logs_in", "do"), [(True, "check"), (False, "set")])
def test_a_login_that_is_wanted_is_looked_for_in_the_config_and_else_put_there(
    code: int, logs_in: bool, do: str
) -> None:
    error = refused("RCPT", f"{code} 5.7.0 log in", logs_in=logs_in)

    assert type(error) is MailUnavailable
    assert f"wants a login before it takes mails: {code} 5.7.0 log in; {do} [mail] username" in str(error)


@pytest.mark.parametrize("code", [529, 531, 533, 536, 537, 539])
def test_other_codes_want_no_login(code: int) -> None:
    assert type(refused("RCPT", f"{code} no")) is RefusedError


@pytest.mark.parametrize(
    ("step", "said", "code", "names_recipient"),
    [
        ("RCPT", "550 5.1.1 ada is not known", "RCPT 550 5.1.1", True),
        ("RCPT", "550 no", "RCPT 550", True),
        ("DATA", "554 no", "DATA 554", False),
        ("the final dot", "552 5.2.2 full", "the final dot 552 5.2.2", True),
    ],
)
def test_a_refusal_has_a_code_without_the_servers_words(step: Any, said: str, code: str, names_recipient: bool) -> None:
    error = refused(step, said)

    assert isinstance(error, RefusedError)
    assert (error.code, error.names_recipient) == (code, names_recipient)


@pytest.mark.parametrize(
    ("text", "enhanced"),
    [
        ("5.1.1 no", "5.1.1"),
        ("4.123.456", "4.123.456"),
        ("no 5.1.1", ""),
        ("3.1.1 no", ""),
        ("5.1.1234 no", ""),
        ("", ""),
    ],
)
def test_an_enhanced_code_stands_at_the_beginning(text: str, enhanced: str) -> None:
    assert Reply.of("RCPT", 550, text).enhanced == enhanced


@pytest.mark.parametrize(
    ("said", "text"),
    [
        (b"one\ntwo  three", "one two three"),
        ("one\r\ntwo", "one two"),
        (b"caf\xc3\xa9 \xff", "caf\u00e9 \ufffd"),
        (b"\x1b[31mred\x07", "red"),
        (b"x" * 301, "x" * 300),
    ],
)
def test_what_a_server_said_is_one_short_line(said: bytes | str, text: str) -> None:
    assert readable(said) == text
