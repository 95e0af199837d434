"""Formulas in MathML say the same as text: powers, fractions, roots, isotopes."""

from __future__ import annotations

import json

import pytest

from digest.core.numbers import read
from digest.core.text import clean_html, clean_title
from digest.publish.formulas import to_mathml, to_unicode
from digest.sources.feed import FeedSource
from digest.sources.jsonl import JsonlSource
from digest.sources.page import parse_page
from digest.sources.pubmed import PubMedSource


def mn(text: object) -> str:
    return f"<mn>{text}</mn>"


def mi(text: str) -> str:
    return f"<mi>{text}</mi>"


def mo(text: str) -> str:
    return f"<mo>{text}</mo>"


def row(*parts: str) -> str:
    return f"<mrow>{''.join(parts)}</mrow>"


TEN_TO_THE_5 = f"<msup>{mn(10)}{mn(5)}</msup>"
PREFIXED = TEN_TO_THE_5.replace("</", "</mml:").replace("<m", "<mml:m")
X_I = f"<msub>{mi('x')}{mi('i')}</msub>"


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        (TEN_TO_THE_5, "10⁵"),
        (f"<msup>{mn('3 × 10')}{mn(8)}</msup>", "3 × 10⁸"),
        (f"{mn(3)}{mo('×')}<msup>{mn(10)}{row(mo('−'), mn(8))}</msup>", "3×10⁻⁸"),
        (f"<msup>{mn(10)}{mn(5.5)}</msup>", "$10^{5.5}$"),
        (f"<msup>{mn(2)}{mi('k')}</msup>", "$2^{k}$"),
        (f"<msup>{mn(45)}{mo('∘')}</msup>", "45°"),
        (f"<msup>{mi('p')}{mo('′')}</msup>", "p′"),
        (f"<msup>{row(mo('('), mi('a'), mo('+'), mi('b'), mo(')'))}{mn(2)}</msup>", "(a+b)²"),
        (f"<mfrac>{mn(1)}{mn(2)}</mfrac>", "1/2"),
        (f"{mn(3)}<mfrac>{mn(1)}{mn(2)}</mfrac>{mi('x')}", "3 1/2 x"),
        (f"<mfrac>{row(mi('a'), mo('+'), mi('b'))}{mn(2)}</mfrac>", r"$\frac{a+b}{2}$"),
        (f"<mfrac linethickness='0'>{mi('n')}{mi('k')}</mfrac>", r"$\binom{n}{k}$"),
        (f"<msqrt>{mn(2)}</msqrt>", "√2"),
        (f"<msqrt>{mi('n')}{mo('+')}{mn(1)}</msqrt>", r"$\sqrt{n+1}$"),
        (f"<mroot>{mn(2)}{mn(3)}</mroot>", "∛2"),
        (f"<mroot>{mi('x')}{mi('n')}</mroot>", r"$\sqrt[n]{x}$"),
        (f"<msub>{mi('H')}{mn(2)}</msub>{mi('O')}", "H₂O"),
        (X_I, "$x_{i}$"),
        (f"<msub>{mi('R')}<mtext>eff</mtext></msub>", r"$R_{\mathrm{eff}}$"),
        (f"<msubsup>{mi('x')}{mn(1)}{mn(2)}</msubsup>", "x₁²"),
        (f"<mmultiscripts>{mi('C')}<mprescripts/><none/>{mn(14)}</mmultiscripts>", "¹⁴C"),
        (f"<mmultiscripts>{mi('U')}<mprescripts></mprescripts>{mn(92)}{mn(235)}</mmultiscripts>", "²³⁵₉₂U"),
        (f"<msup><mrow/>{mn(14)}</msup>{mi('C')}", "¹⁴C"),
        (f"<msup>{mi('')}{mn(14)}</msup>{mi('C')}", "¹⁴C"),
        (f"<mover>{mi('x')}{mo('¯')}</mover>", r"$\bar{x}$"),
        (f"<munderover>{mo('∑')}{row(mi('i'), mo('='), mn(1))}{mi('n')}</munderover>{mi('i')}", r"$\sum_{i=1}^{n}i$"),
        (f"<munder><mi>lim</mi>{row(mi('n'), mo('→'), mo('∞'))}</munder>{mi('a')}", r"$\lim_{n→\infty }a$"),
        (f"<mfenced>{mi('a')}{mi('b')}</mfenced>", "(a, b)"),
        (f"<mfenced open='|' close='|'>{mi('x')}</mfenced>", "|x|"),
        (f"{mi('log')}{mo('&#x2061;')}{mi('n')}", "log n"),
        (f"{mi('p')}{mo('&lt;')}{mn(0.05)}", "p<0.05"),
        (f"<mtable><mtr><mtd>{mn(1)}</mtd><mtd>{mn(0)}</mtd></mtr></mtable>", r"$\begin{matrix}1 & 0\end{matrix}$"),
        (f"<semantics>{X_I}<annotation encoding='application/x-tex'>x_i</annotation></semantics>", "$x_i$"),
        (f"<semantics>{TEN_TO_THE_5}<annotation encoding='LaTeX'>10^5</annotation></semantics>", "10⁵"),
        (f"<semantics>{X_I}<annotation encoding='StarMath'>x sub i</annotation></semantics>", "$x_{i}$"),
        (f"<msup>{mn(10)}{mn(5)}{mn(7)}</msup>", "1057"),  # broken: nothing is lost
        (f"<mstyle displaystyle='true'>{TEN_TO_THE_5}</mstyle>", "10⁵"),
    ],
)
def test_a_formula_keeps_its_meaning(formula: str, text: str) -> None:
    assert clean_html(f"<math>{formula}</math>") == text


@pytest.mark.parametrize("prefix", ["mml:", "m:", ""])
def test_the_prefix_does_not_matter(prefix: str) -> None:
    markup = f"<math>{TEN_TO_THE_5}</math>".replace("</", f"</{prefix}").replace("<m", f"<{prefix}m")

    assert clean_html(f"We count {markup} frogs.") == "We count 10⁵ frogs."


def test_tex_beside_the_mathml_is_not_read_twice() -> None:
    markup = (
        "over <jats:inline-formula><jats:alternatives><jats:tex-math>$$\\overline{M}_{g,n}$$</jats:tex-math>"
        f"<mml:math>{X_I.replace('</', '</mml:').replace('<m', '<mml:m')}</mml:math>"
        "</jats:alternatives></jats:inline-formula> ponds"
    )

    assert clean_html(markup) == r"over $\overline{M}_{g,n}$ ponds"


def test_a_formula_that_is_never_closed_keeps_its_words() -> None:
    assert clean_html(f"We see <math>{mi('x')} and more frogs") == "We see x and more frogs"


@pytest.mark.parametrize(
    "formula",
    [f"<mfrac>{row(mi('a'), mo('+'), mi('b'))}{mn(2)}</mfrac>", X_I, f"<msqrt>{mi('n')}{mo('+')}{mn(1)}</msqrt>"],
)
def test_what_comes_out_as_tex_can_be_set_again(formula: str) -> None:
    text = clean_html(f"<math>{formula}</math>")

    assert "<math" in to_mathml(text)
    assert "$" not in to_unicode(text)


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("10<sup>5</sup>", "10⁵"),
        ("10<jats:sup>5</jats:sup>", "10⁵"),
        ("10<sup><i>5</i></sup>", "10⁵"),
        ("10<SUP>-5</SUP> m", "10⁻⁵ m"),
        ("10<sup>5.5</sup>", "10^5.5"),
        ("2<sup>1/2</sup>", "2^(1/2)"),
        ("H<sub>2</sub>O and CO<jats:sub>2</jats:sub>", "H₂O and CO₂"),
        ("CO<inf>2</inf>", "CO₂"),
        ("2<sup>k</sup>, 5<sup>th</sup>", "2^k, 5th"),
        ("<sup>14</sup>C", "¹⁴C"),
    ],
)
def test_raised_and_lowered_letters_stay_so(markup: str, text: str) -> None:
    assert clean_html(f"{markup} <i>x</i>") == f"{text} x"
    assert clean_title(markup) == text


def pubmed(title: str, abstract: str) -> bytes:
    return (
        '<PubmedArticleSet><PubmedArticle><MedlineCitation><PMID Version="1">40000011</PMID><Article>'
        f'<ArticleTitle xmlns:mml="http://www.w3.org/1998/Math/MathML">{title}</ArticleTitle>'
        f'<Abstract xmlns:mml="http://www.w3.org/1998/Math/MathML"><AbstractText>{abstract}</AbstractText></Abstract>'
        "</Article><KeywordList><Keyword>CO<sub>2</sub></Keyword></KeywordList></MedlineCitation></PubmedArticle>"
        "</PubmedArticleSet>"
    ).encode()


def test_pubmed_keeps_powers_in_titles_abstracts_and_keywords() -> None:
    content = pubmed(f"At <mml:math>{PREFIXED}</mml:math> pascal", f"Of <mml:math>{PREFIXED}</mml:math> frogs.")
    (record,) = PubMedSource("p", query="frogs", url="x").parse(content, url="x").records

    assert (record.paper.title, record.paper.abstract) == ("At 10⁵ pascal", "Of 10⁵ frogs.")
    assert record.paper.keywords == ("CO₂",)


def test_a_feed_keeps_powers() -> None:
    markup = f"<math>{TEN_TO_THE_5}</math>"
    atom = (
        f'<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>urn:1</id><title type="html">At {markup} pascal</title>'
        f'<summary type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">Of {markup} frogs.</div></summary></entry>'
        "</feed>"
    ).replace(
        f'<title type="html">At {markup}', f'<title type="html">At {markup.replace("<", "&lt;").replace(">", "&gt;")}'
    )
    (record,) = FeedSource("f", url="").parse(atom.encode(), url="").records

    assert (record.paper.title, record.paper.abstract) == ("At 10⁵ pascal", "Of 10⁵ frogs.")


def test_json_lines_keep_powers() -> None:
    item = {"title": f"At <math>{TEN_TO_THE_5}</math> pascal", "abstract": f"<p>Of <math>{TEN_TO_THE_5}</math>.</p>"}
    (record,) = JsonlSource("j", url="x").parse(json.dumps(item).encode(), url="x").records

    assert (record.paper.title, record.paper.abstract) == ("At 10⁵ pascal", "Of 10⁵.")


def test_a_web_page_keeps_powers() -> None:
    page = (
        f"<html><body><h1>At 10<sup>5</sup> pascal</h1><h2>Abstract</h2><p>Of 10<sup>6</sup> frogs, or "
        f"<math>{TEN_TO_THE_5}</math>, we heard CO<sub>2</sub>.{' They sang.' * 20}</p></body></html>"
    )
    paper = parse_page(page.encode(), url="https://example.org/x").paper

    assert paper.title == "At 10⁵ pascal"
    assert paper.abstract.startswith("Of 10⁶ frogs, or 10⁵, we heard CO₂.")


def test_the_number_that_is_read_is_the_power() -> None:
    (number,) = read(clean_html(f"We count <math>{TEN_TO_THE_5}</math> frogs."))

    assert number.values == {100_000}
