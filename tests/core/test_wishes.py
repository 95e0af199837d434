"""What readers may wish for, and what is refused in a sentence."""

from __future__ import annotations

import pytest

from digest.core.errors import WishError
from digest.core.subscribers.wishes import (
    LONGEST_INTEREST,
    MOST_INTERESTS,
    check_both,
    library_name,
    read_cadence,
    read_interests,
    read_language,
    read_number,
    read_zone,
)


def test_interests_are_cleaned_and_kept_in_their_order_each_once() -> None:
    wished = [" robots \n", "", "2401.01234", "robots", "author: Ada Lovelace", "\u202erobots\x00"]

    assert read_interests(wished) == ("robots", "2401.01234", "author: Ada Lovelace")


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        (["x" * (LONGEST_INTEREST + 1)], "201 letters: 200 are the most"),
        ([str(n) for n in range(MOST_INTERESTS + 1)], "51 are too many"),
        (["../../etc/library.bib"], "is the name of a file: upload the file itself"),
        (["2401.99"], None),
        (["10.1038"], None),
        (["author: "], "names nobody"),
        (["https://"], "is not an address that can be read"),
        (["ftp://example.org/x"], "is not an address that can be read"),
        (["https://169.254.169.254/latest/meta-data"], "is no address of a paper: name it by its arXiv id or its DOI"),
        (["url:https://example.org/secret"], "is no address of a paper"),
        (["https://arxiv.org/abs/2401.01234"], None),
        (["https://doi.org/10.1101/743294"], None),
    ],
)
def test_interests_beyond_bounds_are_refused_in_a_sentence(texts: list[str], said: str | None) -> None:
    if said is None:
        assert read_interests(texts) == tuple(texts)  # words, for they look like no whole id
        return
    with pytest.raises(WishError, match=said):
        read_interests(texts)


def test_nothing_is_wished_and_avoided_at_once() -> None:
    check_both(["robots"], ["audio"])
    with pytest.raises(WishError, match="“Robots” is to be avoided and an interest too"):
        check_both(["robots"], ["Robots"])


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Daily", "daily"),
        (" weekdays ", "weekdays"),
        ("weekly", "weekly:fri"),
        ("weekly:MON", "weekly:mon"),
        ("feed", "feed"),
    ],
)
def test_a_cadence_is_kept_in_one_spelling(text: str, kept: str) -> None:
    assert read_cadence(text) == kept


@pytest.mark.parametrize("text", ["", "hourly", "weekly:x", "daily:fri"])
def test_another_cadence_is_refused(text: str) -> None:
    with pytest.raises(WishError, match="is not daily, weekdays, weekly:fri"):
        read_cadence(text)


def test_zones_and_languages_are_known_by_their_names() -> None:
    assert read_zone("europe/paris") == "Europe/Paris"
    assert read_zone("") == read_language(" ") == ""
    assert read_language("DE") == "de"
    for name in ("Mars/Olympus", "../../etc/passwd", "/etc/localtime", "localtime", "posix/UTC"):
        with pytest.raises(WishError, match="is not a time zone such as Europe/Paris"):
            read_zone(name)
    with pytest.raises(WishError, match="“xx” is not the code of a language that is known: ar"):
        read_language("xx")


def test_numbers_are_within_bounds() -> None:
    assert read_number(" 12 ", least=1) == 12
    assert read_number(0, least=0) == 0
    assert read_number("", least=1) is None
    for text in ("0", "-1", "1.5", "٣", "1_0", "999999999999", "201", "x"):
        with pytest.raises(WishError, match="is not a number from 1 to 200"):
            read_number(text, least=1)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("My library.bib", "My library.bib"),
        ("../../../etc/passwd.bib", "passwd.bib"),
        ("C:\\Users\\ada\\Zotero.RIS", "Zotero.ris"),
        ("..bib", "library.bib"),
        (".bib", "library.bib"),
        ("a\r\nSet-Cookie: x.bib", "a Set-Cookie x.bib"),
        ('"><script>alert(1)</script>.csv', "script.csv"),
        ("x\u202egpj.bib", "xgpj.bib"),
        ("{{7*7}}.json", "7 7.json"),
        ("a" * 500 + ".bib", "a" * 80 + ".bib"),
        ("böse Bücher (1).jsonl", "böse Bücher (1).jsonl"),
    ],
)
def test_an_uploaded_file_gets_a_name_that_is_safe_to_show(given: str, kept: str) -> None:
    assert library_name(given) == kept


@pytest.mark.parametrize("given", ["", "papers.exe", "bib", "papers.bib/", "papers.bib.html", "\x00"])
def test_a_file_that_is_no_library_is_refused_by_its_name(given: str) -> None:
    with pytest.raises(WishError, match="is no library of papers"):
        library_name(given)
