"""What is set in italics in titles and abstracts is kept beside the plain text."""

from __future__ import annotations

import pytest

from digest.core.words.italics import LONGEST_PHRASE, MOST_PHRASES, italic_phrases, pieces_of
from digest.core.words.text import clean_html, clean_text


@pytest.mark.parametrize(
    ("markup", "phrases"),
    [
        ("<p>Roots of <i>Arabidopsis thaliana</i>, and <em>E. coli</em>.</p>", ("Arabidopsis thaliana", "E. coli")),
        ("<jats:italic>TREM2</jats:italic> in <italic toggle='yes'>Mus</italic>", ("Mus", "TREM2")),
        ("&lt;i&gt;Rana&lt;/i&gt; in winter", ("Rana",)),
        ("<i>Rana <i>sensu lato</i></i> sings", ("Rana sensu lato",)),
        ("<i>H<sub>2</sub>O</i> (<i>Picea abies,</i> spruce)", ("H₂O", "Picea abies")),
        ("<i>p</i> of p53 is <i>p</i> &lt; 0.05", ("p",)),
        # stress, headings, whole texts
        ("<i>the</i> frog <i>Methods:</i> of a frog", ()),
        ("<i>All of it is in italics</i>", ()),
        ("<i>frog</i>, a frog, a frog and a frog", ()),
        (f"<i>{'long ' * LONGEST_PHRASE}</i> text", ()),
        ("Never <i>closed", ()),
    ],
)
def test_phrases_in_italics_are_those_that_stand_in_the_text(markup: str, phrases: tuple[str, ...]) -> None:
    assert italic_phrases([markup], [clean_html(markup)]) == phrases


def test_tex_has_italics_too() -> None:
    tex = r"\emph{Rana temporaria}, \textit{in vivo} and {\it C. elegans}"

    assert italic_phrases([tex], [clean_text(tex)]) == ("C. elegans", "Rana temporaria", "in vivo")


def test_a_paper_has_only_so_many_phrases_in_italics() -> None:
    markup = ", ".join(f"<i>Rana {letter}{other}</i>" for letter in "abcdefghij" for other in "klmnop")

    assert len(italic_phrases([markup], [clean_html(markup)])) == MOST_PHRASES


def test_of_two_phrases_that_overlap_the_longer_stands() -> None:
    pieces = list(pieces_of("Rana temporaria, Rana and Ranae", ("Rana", "Rana temporaria")))

    assert pieces == [("Rana temporaria", True), (", ", False), ("Rana", True), (" and Ranae", False)]
