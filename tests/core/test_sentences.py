"""Where sentences end."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.core.words.sentences import formulas, split

PIECES = st.sampled_from(
    "We show|it works|. |! |? |… |.|\n|\n\n| |et al. |(2020)|e.g. |Fig. 3|3.5|$|$x. Y$|$$a. B$$|\\(c. D\\)|J. |U.S. "
    "|1) |“Yes.” |日本。|vs. |(a. B|) |[|mRNA |\\".split("|")
)


@pytest.mark.parametrize(
    "text",
    [
        "Smith et al. (2020) say so",
        "As in Liao et al. Nature has it",
        "It holds, i.e. Theorem 3 holds",
        "See Fig. 3 and Eqs. 4 and 5 in Sec. B",
        "It rose from 3.5 to 4.1 vs. 2.0 resp. 1.9 before",
        "By J. Smith and A. B. Jones",
        "The U.S. Senate voted",
        "A set of i.i.d. Gaussians",
        "Let $x. Y$ hold, and $$a. B$$ too",
        r"Let \(x. Y\) and \[a. B\] hold",
        r"Then \begin{align} a. B \end{align} holds",
        "A bracket (Like this. And this.) goes on",
        "See no. 5 and vol. 2",
        "It is made with Node.js today",
        "Do they? the answer is yes",
        "1. First things",
        "Salvia subgen. Glutinaria (Raf.) Drew sect. Eurysphace is new",
        "From Begonia (Klotzsch) A.DC. (Begoniaceae) and Aus Vand. & Smith",
        "Clades diverged c. 11 Mya, says Phil. Trans. R. Soc. too",
        "We found Aus sp. A and A. thaliana, E. coli and Bus aff. cus",
        "a line that was wrapped by a program at eighty characters or so, and goes\non here",
    ],
)
def test_a_full_stop_inside_a_sentence_does_not_end_it(text: str) -> None:
    assert split(f"{text}. We end.") == (f"{' '.join(text.split())}.", "We end.")


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("One. Two! Three? Four", ("One.", "Two!", "Three?", "Four")),
        ("As Smith et al. We differ.", ("As Smith et al.", "We differ.")),
        ("Dogs, cats etc. The end.", ("Dogs, cats etc.", "The end.")),
        ("The answer is no. We say so.", ("The answer is no.", "We say so.")),
        ("We studied class A. However, it failed.", ("We studied class A.", "However, it failed.")),
        ("Aus bus sp. nov. The female is new.", ("Aus bus sp. nov.", "The female is new.")),
        ("We name gen. n. sp. n. Four are new.", ("We name gen. n. sp. n.", "Four are new.")),
        ("We found Aus spp. In rats, none.", ("We found Aus spp.", "In rats, none.")),
        ("It is S. major Maxim. A key is given.", ("It is S. major Maxim.", "A key is given.")),
        ("It holds. $x$ is small. \\(y\\) is not.", ("It holds.", "$x$ is small.", "\\(y\\) is not.")),
        ("We let $a$ be $b$. Then $c$.", ("We let $a$ be $b$.", "Then $c$.")),
        ("It costs $5. It saves $6. Good.", ("It costs $5.", "It saves $6.", "Good.")),
        ("It decays. mRNA stays. p53 too.", ("It decays.", "mRNA stays.", "p53 too.")),
        ("He said “No.” She left.", ("He said “No.”", "She left.")),
        ("Two things: 1) It works. 2) It is fast.", ("Two things: 1) It works.", "2) It is fast.")),
        ("1. First. 2. Second.", ("1. First.", "2. Second.")),
        ("It works.We show that.", ("It works.", "We show that.")),
        ("これは文です。次の文です。", ("これは文です。", "次の文です。")),
        ("A heading\nWe begin here.\n\n- one\n- two", ("A heading", "We begin here.", "- one", "- two")),
        ("", ()),
        (" \n ", ()),
    ],
)
def test_sentences_end_where_a_reader_ends_them(text: str, sentences: tuple[str, ...]) -> None:
    assert split(text) == sentences


@settings(deadline=None)
@given(st.lists(PIECES, max_size=30).map("".join) | st.text(max_size=200))
def test_nothing_is_lost_but_blanks(text: str) -> None:
    sentences = split(text)

    assert "".join("".join(sentences).split()) == "".join(text.split())
    assert all(sentence == " ".join(sentence.split()) != "" for sentence in sentences)


@settings(deadline=None)
@given(st.lists(PIECES, max_size=30).map("".join))
def test_no_formula_is_divided(text: str) -> None:
    whole = [" ".join(text[start:end].split()) for start, end in formulas(text)]

    sentences = split(text)

    for formula in whole:
        assert any(formula in sentence for sentence in sentences)


def test_prices_are_no_formulas_and_escaped_dollars_neither() -> None:
    assert formulas("from $5 to $6 and \\$7 or \\$8") == ()


@pytest.mark.parametrize(
    "unit", [".", ". ", "A. ", "a\n", "\n", "$", "$x ", "\\(", "(", "(A. ", '"', "。", "\\begin{math}"]
)
def test_twenty_thousand_characters_of_anything_are_divided_at_once(unit: str) -> None:
    text = unit * (20_000 // len(unit))

    started = time.perf_counter()
    split(text)

    assert time.perf_counter() - started < 1


def test_most_abstracts_divide_as_the_labelled_set_has_them(real_data: Path) -> None:
    # The set was divided by a parser that cuts within sentences now and then: nine of ten is all there is to have.
    with (real_data / "eval/scitldr/A-dev.jsonl").open(encoding="utf-8") as lines:
        abstracts = [json.loads(line)["source"] for line in lines]

    alike = sum(len(split(" ".join(sentences))) == len(sentences) for sentences in abstracts)

    assert alike / len(abstracts) > 0.88


@pytest.mark.parametrize(
    "sentence",
    [
        "Wir zeigen dies z. B. an Mäusen, d. h. Tieren, und u. a. Daten aus Abb. 3 bzw. Nr. 5.",
        "Im 19. Jahrhundert und am 3. Mai 500 v. Chr. stieg der Wert auf 3 Mio. Taler.",
        "Se estudian especies, p. ej. Quercus ilex, en EE. UU. según la Dra. López (pág. 3).",
        "Nous étudions des espèces, p. ex. Paris quadrifolia, sur env. 30 sites.",
        "Мы изучаем случаи, т. е. Примеры на рис. 3 и в г. Москва.",
    ],
)
def test_abbreviations_of_other_languages_end_no_sentence(sentence: str) -> None:
    assert split(f"{sentence} {sentence}") == (sentence, sentence)


def test_a_german_year_and_a_russian_one_end_a_sentence() -> None:
    assert split("Das war um 500 v. Chr. Die Funde fehlen usw. Neue Daten kommen.") == (
        "Das war um 500 v. Chr.",
        "Die Funde fehlen usw.",
        "Neue Daten kommen.",
    )
    assert split("Это было в 2020 г. Мы нашли рост.") == ("Это было в 2020 г.", "Мы нашли рост.")
