"""Tables of subscribers: read as other tools write them, and written so that nothing runs and nothing is lost."""

from __future__ import annotations

import csv

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.core.errors import ConfigError, WishError
from digest.core.subscribers.subscriber import SubscriberState
from digest.core.subscribers.table import (
    COLUMNS,
    LARGEST,
    Row,
    in_one_cell,
    read_table,
    several,
    state_of,
    write_table,
)

# Headings as the tools export them.
MAILCHIMP = "Email Address,First Name,MEMBER_RATING,OPTIN_TIME,TIMEZONE,CC,UNSUB_TIME,LEID"
MAILCHIMP_CLEANED = "Email Address,First Name,CLEAN_TIME,CLEAN_CAMPAIGN_ID"
LISTMONK = "uuid,email,name,attributes,status,created_at,updated_at"
SUBSTACK = "email,active_subscription,expiry,email_disabled,created_at"
BEEHIIV = "email,status,tier,created_at,unsubscribed_at"
BUTTONDOWN = "email,notes,tags,creation_date,type"
GHOST = "id,email,name,note,subscribed_to_emails,labels"


def rows(content: bytes | str) -> list[Row]:
    encoded = content.encode() if isinstance(content, str) else content
    return list(read_table(encoded, name="them.csv").rows)


@pytest.mark.parametrize(
    ("headings", "cells", "state"),
    [
        (MAILCHIMP, "ada@x.org,Ada,2,2020-01-01 10:00:00,Europe/Paris,FR,,12", "confirmed"),
        (MAILCHIMP, "ada@x.org,Ada,2,2020-01-01 10:00:00,Europe/Paris,FR,2021-02-03 11:00:00,12", "unsubscribed"),
        (MAILCHIMP_CLEANED, "ada@x.org,Ada,2020-03-23 17:30:05,1", "bounced"),
        (LISTMONK, 'a-b,ada@x.org,Ada,"{""a"": 1}",enabled,2020,2020', "confirmed"),
        (LISTMONK, "a-b,ada@x.org,Ada,{},blocklisted,2020,2020", "unsubscribed"),
        (SUBSTACK, "ada@x.org,true,2020,false,2019", "confirmed"),
        (SUBSTACK, "ada@x.org,true,2020,true,2019", "unsubscribed"),
        (BEEHIIV, "ada@x.org,active,free,2020,", "confirmed"),
        (BEEHIIV, "ada@x.org,active,free,2020,2024-03-13 11:33:53 UTC", "unsubscribed"),
        (BEEHIIV, "ada@x.org,pending,free,2020,", "pending"),
        (BUTTONDOWN, "ada@x.org,,,2020,regular", "confirmed"),
        (BUTTONDOWN, "ada@x.org,,,2020,unactivated", "pending"),
        (BUTTONDOWN, "ada@x.org,,,2020,undeliverable", "bounced"),
        (BUTTONDOWN, "ada@x.org,,,2020,complained", "complained"),
        (GHOST, "1,ada@x.org,Ada,,true,", "confirmed"),
        (GHOST, "1,ada@x.org,Ada,,false,", "unsubscribed"),
        ("E-Mail;Status", "ada@x.org;Past Due", "confirmed"),
        ("email", "ada@x.org", "confirmed"),
    ],
)
def test_the_state_is_read_out_of_whatever_column_says_it(headings: str, cells: str, state: str) -> None:
    [row] = rows(f"{headings}\n{cells}\n")

    assert row.cells["email"] == "ada@x.org"
    assert state_of(row) is SubscriberState(state)


def test_a_state_that_nobody_knows_is_no_consent() -> None:
    [row] = rows("email,status\nada@x.org,sleeping\n")

    with pytest.raises(WishError, match="the state “sleeping” is not known"):
        state_of(row)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_encodings_and_separators_of_spreadsheets_are_understood(encoding: str, separator: str) -> None:
    text = "\r\n".join(separator.join(cells) for cells in (("Email", "interests"), ("jörg@x.org", '"a, b; ""c"""')))

    [row] = rows(text.encode(encoding))

    assert row.cells == {"email": "jörg@x.org", "interests": 'a, b; "c"'}


def test_rows_are_numbered_as_a_spreadsheet_does_and_blank_ones_are_passed_over() -> None:
    found = rows('email,interests\n"a@x.org","two\nlines"\n\n,,\nb@x.org\n')

    assert [(row.number, row.cells["email"]) for row in found] == [(2, "a@x.org"), (5, "b@x.org")]


def test_a_list_of_bare_addresses_needs_no_headings() -> None:
    assert [(r.number, r.cells["email"]) for r in rows("a@x.org\nb@x.org\n")] == [(1, "a@x.org"), (2, "b@x.org")]


def test_columns_that_are_not_read_are_named() -> None:
    table = read_table(f"{MAILCHIMP}\n".encode(), name="x")

    assert table.columns == ("email", "zone")
    assert table.ignored == ("First Name", "MEMBER_RATING", "OPTIN_TIME", "CC", "LEID")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "x.csv: is empty"),
        (b"name,city\nAda,London\n", "no column is called “email”; it has: name, city"),
        (b" " * (LARGEST + 1), "is larger than 200 MB"),
        (b'email\n"' + b"x" * 1_000_001 + b'"\n', "row 2 cannot be read: field larger than field limit"),
    ],
)
def test_what_is_no_table_of_subscribers_is_refused_in_a_sentence(content: bytes, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        list(read_table(content, name="x.csv").rows)


@pytest.mark.parametrize("cell", ["=1+1", "+tag@x.org", "-x@x.org", "@SUM(A1)", "'=x", "''+x"])
def test_a_cell_that_a_spreadsheet_would_run_is_defused_and_read_back(cell: str) -> None:
    written = "".join(write_table([{"email": cell}]))

    [_, line] = csv.reader(written.splitlines())
    assert line[0] == f"'{cell}"
    assert rows(written)[0].cells["email"] == cell


# Ends are cut off, and line ends are those of lines of text: interests have neither.
TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")), min_size=1).filter(lambda t: t == t.strip())


@given(st.lists(TEXTS, max_size=4))
def test_several_texts_in_one_cell_come_back_as_they_were(texts: list[str]) -> None:
    [*lines] = write_table([{"email": "ada@x.org", "interests": in_one_cell(texts)}])

    [row] = rows("".join(lines))

    assert lines[0] == f"{','.join(COLUMNS)}\r\n"
    assert several(row.cells.get("interests", "")) == tuple(texts)


@given(st.binary(max_size=300))
def test_no_bytes_do_more_than_be_refused(content: bytes) -> None:
    try:
        found = rows(b"email,status\n" + content)
    except ConfigError:
        return
    for row in found:
        assert row.number > 0
