"""What readers may write as interests and upload as libraries."""

from __future__ import annotations

import pytest

from digest.core.subscribers.wishes import LONGEST_WISH, MOST_WISHES, library_name, parse_wishes


def test_wishes_are_one_line_each_without_doubles_and_empty_ones() -> None:
    written = [
        "  test-time\ttraining ",
        "",
        "author: Ada Lovelace",
        "test-time training",
        "2401.01234",
        "10.1101/743294",
    ]

    assert parse_wishes(written) == ("test-time training", "author: Ada Lovelace", "2401.01234", "10.1101/743294")


def test_as_many_and_as_long_as_allowed_are_taken() -> None:
    written = [f"{n:02d} ".ljust(LONGEST_WISH, "w") for n in range(MOST_WISHES)]

    assert parse_wishes(written) == tuple(written)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ([f"subject {n}" for n in range(MOST_WISHES + 1)], "These are 51 interests; 50 at most"),
        (["w" * (LONGEST_WISH + 1)], "has 201 letters; 200 at most"),
        (["library.bib"], "is the name of a file. Upload the file"),
        (["../../etc/papers.RIS"], "is the name of a file"),
        (["file:///etc/passwd"], "is not an address that can be read"),
        (["https://169.254.169.254/latest/meta-data"], "name a paper by its arXiv id or its DOI"),
        (["url:https://example.org/secret"], "name a paper by its arXiv id or its DOI"),
        (["author: …"], "names nobody"),
    ],
)
def test_what_is_refused_is_said_in_a_sentence(written: list[str], said: str) -> None:
    with pytest.raises(ValueError, match=said) as refused:
        parse_wishes(written)

    assert str(refused.value).endswith(".")


def test_the_sentence_says_which_list_is_too_long() -> None:
    with pytest.raises(ValueError, match="51 things to avoid"):
        parse_wishes([str(n) for n in range(MOST_WISHES + 1)], of="things to avoid")


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
    with pytest.raises(ValueError, match="is no library of papers"):
        library_name(given)
