"""Text as a reader expects it, and nothing that a hostile one can break."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.core.words.dates import moment, not_after
from digest.core.words.text import (
    author_name,
    clean_html,
    clean_line,
    clean_text,
    html_to_text,
    one_line,
    paragraphs,
    says_withdrawn,
    split_authors,
    strip_arxiv_prefix,
    strip_invisible,
    unicode_text,
    web_url,
)
from tests.support.growth import LINEAR, growth, of

# Letters that TeX, HTML and author lines are made of, so that Hypothesis finds what they do together.
PIECES = [*"\\{}$~`'\"^=.-&%#_ \n()<>/;,aeiouvcsHZ0519[]|@!é", "\\textbf{", "\\'", "$x$", "--", "<sub>", "&lt;"]
NASTY = st.lists(st.sampled_from(PIECES) | st.characters(), max_size=60).map("".join)


@pytest.mark.parametrize(
    ("tex", "expected"),
    [
        (r"Borja Rodr\'iguez-G\'alvez", "Borja Rodríguez-Gálvez"),
        (r"\v{S}v\'abensk\'y", "Švábenský"),
        (r"A.\ H{\o}vik, S\o ren, Bart{\l}omiej, Gro{\ss}, P{\aa}l", "A. Høvik, Søren, Bartłomiej, Groß, Pål"),
        (r"Sercan \"O. Ar{\i}k, Fran\c{c}ois, Fran\c cois, G\'{e}r\^ome", "Sercan Ö. Arık, François, François, Gérôme"),
        (r"{\'E}va \'{\i}", "Éva í"),
        (
            "Across 9{,}600 videos, $9{,}600$ of them long, and a set {,}",
            "Across 9,600 videos, $9{,}600$ of them long, and a set {,}",
        ),
        (
            r"a Mat\'ern kernel, H\&E stains, 96.8\% of mlx\_lm for \$0.02",
            "a Matérn kernel, H&E stains, 96.8% of mlx_lm for $0.02",
        ),
        (
            r"\textbf{adaptability} and \textit{\textbf{Lite}, a \underline{Li}ght} {\em one}",
            "adaptability and Lite, a Light one",
        ),
        (r"\textbf{$x_{1}$ and 3$\times$}", r"$x_{1}$ and 3$\times$"),
        ("Fig.~1 of et~al., with ~30B and 1~5 frames", "Fig. 1 of et al., with ~30B and 1~5 frames"),
        ("pages 1--5 --- that is -- all, with --flag", "pages 1–5 — that is – all, with --flag"),
        ("``quotes'' and `one'", "“quotes” and ‘one’"),
        (r"verl~\cite{a,b} at \url{https://a.org/x\_y}", "verl at https://a.org/x_y"),
        (r"\href{https://a.org}{code}, \href{https://a.org}{https://a.org}", "code (https://a.org), https://a.org"),
        (r"C\textsuperscript{2}GA, 60\textdegree{} {\textrightarrow} 1\,cm (viz.\@ x)", "C²GA, 60° → 1 cm (viz. x)"),
        (r"where \(x\'\) and \[y\]", r"where $x\'$ and $$y$$"),
        (r"http://x.edu/\~me", "http://x.edu/~me"),
        (r"\method{} is \ie better \wrt \ourdata, \k{appa} \r{ho}", "method is i.e. better w.r.t. ourdata, κ ρ"),
        (r"360{\deg}, {\lambda}-convex, \alpha-helix, \lambda_1", r"360°, λ-convex, α-helix, $\lambda_1$"),
        (r"$ K_n $-means in \mathcal{O}(n), 10^{-3}, x^{n+1}", r"$K_n$-means in $\mathcal{O}$(n), 10⁻³, xⁿ⁺¹"),
        (r"Erd{\H o}s with {\ours}, B{=}32 and $36.14\,$dB", "Erdős with ours, B=32 and $36.14$ dB"),
        (r"$\mbox{\boldmath $\theta$}$", r"$\boldsymbol{\theta}$"),
        ("{PAC} {E}nglish-{c}entric of {Your, My}, a {}", "PAC English-centric of {Your, My}, a {}"),
        (r"\SI{5}{\kilo\metre} (Fig.~\ref{a}), \enquote{x}, \gls{RL}", "5 km (Fig.), x, RL"),
        (r"\newcommand{\H}{\mathbb{H}}On \H and $\H^2$", r"On $\mathbb{H}$ and $\mathbb{H}^2$"),
    ],
)
def test_tex_becomes_unicode(tex: str, expected: str) -> None:
    assert unicode_text(tex) == expected


@pytest.mark.parametrize(
    "text",
    [
        r"$2.6<\eta<4$ and $\sqrt{s_{NN}}=200$ GeV, $\'e$ and $a--b$",
        r"5$\times$ higher, $$x~\textbf{y}$$",
        "between $5 and $10, or $35,000 in total",
        r"C:\new\folder and \\server",
        "the set {a, b} of f''",
        r"it\'s, we\'re",
        r"he said \"Attention\" twice",
        "`code` isn't ```python",
        "\\",
        "100% of $",
        "",
    ],
)
def test_what_is_no_tex_or_a_formula_stays_as_it_is(text: str) -> None:
    assert unicode_text(text) == text


def test_a_price_before_a_formula_does_not_turn_the_formula_inside_out() -> None:
    assert unicode_text(r"for $5 and with \'e and $\'x$") == r"for $5 and with é and $\'x$"


@settings(deadline=None, max_examples=300)
@given(NASTY)
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    once = unicode_text(text)

    assert unicode_text(once) == once
    assert clean_line(clean_line(text)) == clean_line(text)


@settings(deadline=None, max_examples=200)
@given(NASTY)
def test_no_text_makes_the_cleaners_raise_and_no_line_has_a_line_end(text: str) -> None:
    line = clean_line(text)
    names = split_authors(text)
    url = web_url(text)

    clean_html(text)
    clean_text(text)
    assert len(line.splitlines()) <= 1
    assert all(name == one_line(name) != "" for name in names)
    assert url is None or url.lower().startswith(("http://", "https://"))


HOSTILE = [
    "<",
    "<!--",
    "<a ",
    "<sub>",
    "&#1",
    "<script>",
    "$",
    "$a ",
    "\\'{",
    "\\textbf{",
    "``a''",
    "(a",
    " ",
    "\n ",
    "$\\",
    "a. ",
]


@pytest.mark.parametrize("piece", HOSTILE)
def test_a_hostile_text_takes_time_in_proportion_only(piece: str) -> None:
    assert growth(lambda text: (clean_html(text), clean_text(text), split_authors(text)), of(piece)).factor < LINEAR


def test_invisible_characters_are_gone_and_letters_composed() -> None:
    text = "a\u200bb\u202ec\u00add\ufeff\U000e0041 e\u0301\ud800 f\x00g\x1b"

    assert strip_invisible(text) == "abcd é fg"
    assert strip_invisible("one\u2028two\r\nthree\x0bfour") == "one\ntwo\nthree\nfour"


def test_wraps_are_undone_and_an_indented_line_begins_a_paragraph() -> None:
    assert (
        paragraphs("  We present\n a thing.\n  It works\nwell.\n\n  So there. ")
        == "We present a thing.\nIt works well.\nSo there."
    )


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>One &amp; two</p><p>three<br/>four</p>", "One & two\nthree\nfour"),
        ("&lt;b&gt; is &amp;lt;", "<b> is &lt;"),
        (
            "S<sub>N</sub>2, CO<sub>2</sub>, 10<sup>5</sup>, 10<sup>&minus;1</sup>, 5<sup>th</sup>, 2<sup>k</sup>",
            "SN2, CO₂, 10⁵, 10⁻¹, 5th, 2^k",
        ),
        ("a<script>alert(1)</script>b<style>p{}</style>c<!-- d -->e", "abce"),
        (r"$2.6<\eta<4$, p<0.05, a<b and c>d, $x<y$ and $a>b$", r"$2.6<\eta<4$, p<0.05, a<b and c>d, $x<y$ and $a>b$"),
        ("the <think> token and <br> a tag", "the <think> token and\na tag"),
        ("one\nwrapped line\n\nanother", "one wrapped line\nanother"),
        ("<jats:p>text</jats:p><mml:math><mi>x</mi></mml:math>", "text\nx"),
        ("<![CDATA[1 < 2]]> &copy=2 &unknown;", "1 < 2 &copy=2 &unknown;"),
        ("<p", "<p"),
    ],
)
def test_html_becomes_text(html: str, expected: str) -> None:
    assert html_to_text(html) == expected


def test_characters_hidden_in_entities_are_taken_out() -> None:
    assert clean_html("a&#x202e;b&#8203;c &#x5c;") == "abc \\"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Abdelkrim Alahyane (LAAS-SARA, LAAS), Céline Comte (CNRS, LAAS)", ("Abdelkrim Alahyane", "Céline Comte")),
        ("Radhika Dua (Fred), Young Joon (Fred),  Sun Kwon", ("Radhika Dua", "Young Joon", "Sun Kwon")),
        ("Ada B (X (Y, Z), W), Cora D and Eve F", ("Ada B", "Cora D", "Eve F")),
        ("Ada B (LAAS, Cora D, Eve F", ("Ada B", "Cora D", "Eve F")),
        ("Ada B), Cora D", ("Ada B", "Cora D")),
        ("Kaur, M., Shukla, A., Pandey, A. K.", ("M. Kaur", "A. Shukla", "A. K. Pandey")),
        ("Gernandt, David S.; Willyard, Ann", ("David S. Gernandt", "Ann Willyard")),
        ("LHCb collaboration: R. Aaij, et al. (909 additional authors not shown)", ("LHCb collaboration", "R. Aaij")),
        ("John Smith, Jr., Li Xu, and Xin Yu", ("John Smith Jr.", "Li Xu", "Xin Yu")),
        ("Alexander Anderson, Sandy Band", ("Alexander Anderson", "Sandy Band")),
        ("", ()),
        (" ,, ; 1 ", ()),
    ],
)
def test_author_lines_are_split(line: str, expected: tuple[str, ...]) -> None:
    assert split_authors(line) == expected


def test_a_surname_first_is_turned_round() -> None:
    assert author_name("Gómez-Noguera, Samuel Enrique") == "Samuel Enrique Gómez-Noguera"
    assert author_name("Ada Lovelace (London)") == "Ada Lovelace"
    assert author_name("Smith, Jr.") == "Smith, Jr."


def test_the_prefix_of_arxiv_is_taken_off() -> None:
    assert strip_arxiv_prefix("arXiv:2403.15527v1 Announce Type: new \nAbstract: We do.") == "We do."
    assert strip_arxiv_prefix("arXiv:2403.15527v1 Announce Type: replace-cross \nAbstract: ") == ""
    assert strip_arxiv_prefix("arXiv is a place") == "arXiv is a place"


@pytest.mark.parametrize(
    "url", ["http://a.org", "https://a.org/x?y=1#z", "https://[::1]:80/", "https://ex.org/ä", " https://a.org\n"]
)
def test_an_ordinary_address_is_kept(url: str) -> None:
    assert web_url(url) == url.strip()


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "JaVaScRiPt://a.org/%0aalert(1)",
        "data:text/html,x",
        "//a.org/x",
        "/x",
        "https://user:word@a.org/",
        "https://a.org/a b",
        "https://a.org/\r\nBcc: x",
        "https://a.org\\@b.org",
        "https:///x",
        "http://[x",
        "http://a.org:99999/",
        "http://a\u202eb.org/",
        "http://a.org/<script>",
        "http://a.org/" + "x" * 3000,
        "",
    ],
)
def test_an_address_that_is_not_safe_to_link_is_none(url: str) -> None:
    assert web_url(url) is None


@pytest.mark.parametrize(
    ("text", "withdrawn"),
    [
        ("This paper has been withdrawn by the authors.", True),
        ("This submission has been temporarily withdrawn", True),
        ("Withdrawn due to an error in Lemma 2", True),
        ("The drug was withdrawn from the market in 2004.", False),
        ("We study how troops were withdrawn.", False),
        ("Cash withdrawn at banks", False),
    ],
)
def test_a_withdrawal_is_told_by_its_opening_words(text: str, withdrawn: bool) -> None:
    assert says_withdrawn(text) is withdrawn


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2026-04-17", datetime(2026, 4, 17, tzinfo=UTC)),
        ("2026-05-31T00:00:00.000Z", datetime(2026, 5, 31, tzinfo=UTC)),
        ("2021-12-14T02:38:52+0900", datetime(2021, 12, 13, 17, 38, 52, tzinfo=UTC)),
        ("Mon, 27 Apr 2026 00:00:00 -0400", datetime(2026, 4, 27, 4, tzinfo=UTC)),
        ("Thu, 19 Dec 2024 10:00:00 EST", datetime(2024, 12, 19, 15, tzinfo=UTC)),
        ("2021/11/9 6:41:56", datetime(2021, 11, 9, 6, 41, 56, tzinfo=UTC)),
        (1_700_000_000, datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)),
        (1_700_000_000_000, datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)),
        ("Mi, 30 Jun 2021 00:00:00 +0000", datetime(2021, 6, 30, tzinfo=UTC)),
        ("0001-01-01", None),
        ("2026-13-45", None),
        ("2026-02-03T99:99", None),
        ("soon", None),
        ("", None),
        (float("nan"), None),
        (True, None),
        (None, None),
    ],
)
def test_dates_are_read_as_utc(written: object, expected: datetime | None) -> None:
    assert moment(written) == expected


def test_a_date_in_the_future_is_none() -> None:
    now = datetime(2026, 6, 3, tzinfo=UTC)

    assert not_after(datetime(2026, 6, 3, 20, tzinfo=UTC), now) is not None
    assert not_after(datetime(2026, 6, 5, tzinfo=UTC), now) is None


@settings(deadline=None)
@given(st.text(max_size=40) | st.integers() | st.floats())
def test_no_value_makes_the_reader_of_dates_raise(value: object) -> None:
    found = moment(value)

    assert found is None or found.tzinfo is UTC
