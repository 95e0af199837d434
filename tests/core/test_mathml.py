"""Formulas in MathML say the same as text: powers, fractions, roots, isotopes."""

from __future__ import annotations

import json

import pytest

from digest.core.words.mathml import without_mathml
from digest.core.words.numbers import read
from digest.core.words.text import clean_html, clean_title
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


def tex(written: str, shown: str = "<mrow/>") -> str:
    return f"<semantics>{shown}<annotation encoding='TeX'>{written}</annotation></semantics>"


HALF = f"<mfrac>{mn(1)}{mn(2)}</mfrac>"


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        (f"{mi('sin')}{mi('x')}", "sin x"),
        (f"{mi('ln')}{mi('x')}", "ln x"),
        (f"{mi('a')}{mi('b')}", "ab"),
        (f"{mn(2)}{mi('x')}", "2x"),
        (f"{mn(2)}{mi('ln')}", "2 ln"),
        (f"{mi('x')}{mi('ln')}", "x ln"),
        (f"{mi('ln')}{mo('(')}{mi('x')}{mo(')')}{mi('ln')}", "ln(x)ln"),
        (f"{mn(2)}{mn(3)}", "23"),
        (f"{mi('log')}{mn(2)}", "log 2"),
        ("<mtext>if</mtext><mtext>so</mtext>", "ifso"),
        (f"{mi('x')}<mtext>ab</mtext>", "xab"),
        (f"{mi('x')}{mn(10)}", "x10"),
        (f"{mi('x1')}{mi('ln')}", "x1ln"),
        (f"{row(mi('x'), mo('+'))}{HALF}", "x+1/2"),
        (f"{HALF}{row(mn(2), mo('!'))}", "1/2 2!"),
        (f"{mi('a')}{mo('+')}{HALF}", "a+1/2"),
        (f"{HALF}{mi('')}", "1/2"),
        (f"{HALF}{HALF}", "1/2 1/2"),
        (f"{HALF}{mo('+')}{mn(1)}", "1/2+1"),
        (f"{mi('a')}<mspace/>{mi('b')}", "a b"),
        (f"{mi('a')}<mspace>{mi('b')}", "a b"),
        (f"{mi('x')}<mphantom>{mi('y')}</mphantom>", "x"),
        (f"{row(mi('x'), '<annotation-xml>' + mi('y') + '</annotation-xml>')}", "x"),
        (f"<maction>{mi('x')}{mi('y')}</maction>", "x"),
        ("<annotation encoding='application/x-tex'>x^2</annotation>", "$x^2$"),
        (f"{mi('x')}<annotation encoding='StarMath'>y</annotation>", "x"),
        (f"<mtext>is {mn(1)}</mtext>", "is 1"),
        (f"{mi('a')}<mtext> and </mtext>{mi('b')}", "a and b"),
        (f"<msup>{mi('ab')}{mi('k')}</msup>", r"${\mathrm{ab}}^{k}$"),
        (f"<msup>{mi('a')}{mi('k')}</msup>", "$a^{k}$"),
        (f"<msup>{mi('ln')}{mi('k')}</msup>{mi('x')}", r"$\ln^{k}x$"),
        (f"<msup>{X_I}{mn(2)}</msup>", "${x_{i}}^{2}$"),
        (f"<msup>{mn(2)}{X_I}</msup>", "$2^{x_{i}}$"),
        (f"<msub>{mn(2)}{X_I}</msub>", "$2_{x_{i}}$"),
        (f"<msub>{X_I}{mn(2)}</msub>", "${x_{i}}_{2}$"),
        (f"<msup>{row(mi('a'), mo('+'), mi('b'))}{mn(2)}</msup>", "${a+b}^{2}$"),
        (f"<msub>{row(mi('a'), mo('+'), mi('b'))}{mn(2)}</msub>", "${a+b}_{2}$"),
        (f"<msup>{mi('x')}{mi('')}</msup>", "x"),
        (f"<msub>{mi('x')}{mi('')}</msub>", "x"),
        (f"<msub>{mi('x')}{mo(',')}</msub>", "$x_{,}$"),
        (f"<msup>{row(mn(3), mo('×'), mn(10))}{mn(8)}</msup>", "3×10⁸"),
        (f"<msup>{mo('+')}{mn(2)}</msup>", "+²"),
        (f"<msup>{row(mo('|'), mi('x'), mo('|'))}{mn(2)}</msup>", "|x|²"),
        (f"<msup>{mn(10)}{mi('n')}</msup>", "10ⁿ"),
        (f"<msup>{mn('1.5')}{mi('k')}</msup>", "$1.5^{k}$"),
        (f"<msup>{mo('∞')}{mi('k')}</msup>", r"$\infty^{k}$"),
        (f"<msup>{mi('ab')}{mi('')}</msup>", "ab"),
        (f"<msubsup>{mi('x')}{mi('i')}{mn(2)}</msubsup>", "$x_{i}^{2}$"),
        (f"<msubsup>{mi('x')}{mn(1)}{mi('k')}</msubsup>", "$x_{1}^{k}$"),
        (f"<mfrac linethickness='0.0pt'>{mi('n')}{mi('k')}</mfrac>", r"$\binom{n}{k}$"),
        (f"<mfrac linethickness='0.5'>{mi('n')}{mi('k')}</mfrac>", "n/k"),
        (f"<mfrac>{X_I}{mn(2)}</mfrac>", r"$\frac{x_{i}}{2}$"),
        (f"<mfrac>{mn(2)}{X_I}</mfrac>", r"$\frac{2}{x_{i}}$"),
        (f"<mfrac>{mi('')}{mn(2)}</mfrac>", r"$\frac{}{2}$"),
        (f"<mroot>{mn(2)}{mn(2)}</mroot>", "√2"),
        (f"<mroot>{mn(2)}{mn(4)}</mroot>", "∜2"),
        (f"<mroot>{mn(2)}{mn(5)}</mroot>", r"$\sqrt[5]{2}$"),
        (f"<mroot>{row(mi('a'), mo('+'), mi('b'))}{mn(3)}</mroot>", r"$\sqrt[3]{a+b}$"),
        (f"<mroot>{X_I}{mn(3)}</mroot>", r"$\sqrt[3]{x_{i}}$"),
        (f"<mroot>{mn(2)}{X_I}</mroot>", r"$\sqrt[x_{i}]{2}$"),
        (f"<msqrt>{X_I}</msqrt>", r"$\sqrt{x_{i}}$"),
        (f"<mover>{mi('ab')}{mo('¯')}</mover>", r"$\overline{\mathrm{ab}}$"),
        (f"<mover>{mi('x')}{mo('^')}</mover>", r"$\hat{x}$"),
        (f"<mover>{row(mi('x'), mi('y'))}{mo('^')}</mover>", r"$\widehat{xy}$"),
        (f"<mover>{row(mi('x'), mi('y'))}{mo('→')}</mover>", r"$\vec{xy}$"),
        (f"<mover>{mi('x')}{mo('⏞')}</mover>", r"$\overbrace{x}$"),
        (f"<mover>{mo('∑')}{mi('n')}</mover>", r"$\sum^{n}$"),
        (f"<mover>{mo('=')}{mi('d')}</mover>", r"$\overset{d}{=}$"),
        (f"<mover>{mo('=')}{X_I}</mover>", r"$\overset{x_{i}}{=}$"),
        (f"<mover>{X_I}{mi('n')}</mover>", r"$\overset{n}{x_{i}}$"),
        (f"<munder>{X_I}{mi('n')}</munder>", r"$\underset{n}{x_{i}}$"),
        (f"<munder>{mi('x')}{mo('⏟')}</munder>", r"$\underbrace{x}$"),
        (f"<munder>{mi('x')}{mo('_')}</munder>", r"$\underline{x}$"),
        (f"<munder>{mi('x')}{mi('n')}</munder>", r"$\underset{n}{x}$"),
        (f"<munder>{mi('x')}{X_I}</munder>", r"$\underset{x_{i}}{x}$"),
        (f"<munder>{mi('max')}{mi('n')}</munder>", r"$\max_{n}$"),
        (f"<munderover>{mi('x')}{mi('a')}{mi('b')}</munderover>", "$x_{a}^{b}$"),
        ("<mmultiscripts></mmultiscripts>", ""),
        (f"<mmultiscripts>{mi('C')}</mmultiscripts>", "C"),
        (f"<mmultiscripts>{mi('C')}{mn(1)}{mn(2)}</mmultiscripts>", "C²₁"),
        (f"<mmultiscripts>{mi('C')}{mn(1)}</mmultiscripts>", "C₁"),
        (
            f"<mmultiscripts>{mi('C')}{mn(1)}{mn(2)}{mn(3)}{mn(4)}<mprescripts/>{mn(5)}{mn(6)}</mmultiscripts>",
            "⁶₅C²₁⁴₃",
        ),
        (f"<mmultiscripts>{mi('C')}{mi('i')}<none/></mmultiscripts>", "$C_{i}$"),
        (f"<mmultiscripts>{mi('C')}<none/>{mi('k')}<mprescripts/><none/>{mn(14)}</mmultiscripts>", "${}^{14}C^{k}$"),
        (f"<mmultiscripts>{mi('C')}<mprescripts/>{mi('i')}{mn(14)}</mmultiscripts>", "${}^{14}_{i}C$"),
        (f"<mmultiscripts>{X_I}{mn(1)}{mn(2)}</mmultiscripts>", "${x_{i}}^{2}_{1}$"),
        (f"<mfenced>{mi('a')}{mi('b')}{mi('c')}</mfenced>", "(a, b, c)"),
        (f"<mfenced separators=';,'>{mi('a')}{mi('b')}{mi('c')}{mi('d')}</mfenced>", "(a; b, c, d)"),
        (f"<mfenced separators=''>{mi('a')}{mi('b')}</mfenced>", "(ab)"),
        (f"<mfenced open='[' close=')'>{mi('a')}{X_I}</mfenced>", "$[a,x_{i})$"),
        (f"<mfenced open='{{' close='}}'>{X_I}</mfenced>", r"$\{x_{i}\}$"),
        (f"<mfenced separators='#'>{X_I}{X_I}</mfenced>", r"$(x_{i}\#x_{i})$"),
        ("<mfenced></mfenced>", "()"),
        (
            "<mtable><mtr><mtd>a</mtd><mtd><mi>b</mi></mtd></mtr><mtr><mtd/><mtd><mi>d</mi></mtd></mtr></mtable>",
            r"$\begin{matrix} & b \\ & d\end{matrix}$",
        ),
        (f"<mtable><mlabeledtr><mtd>{mn(1)}</mtd></mlabeledtr></mtable>", r"$\begin{matrix}1\end{matrix}$"),
        (f"<mtable><mtr></mtr><mtr><mtd>{mn(1)}</mtd></mtr></mtable>", r"$\begin{matrix}1\end{matrix}$"),
        (f"<semantics>{mi('x')}</semantics>", "x"),
        (f"<semantics>{X_I}</semantics>", "$x_{i}$"),
        ("<semantics></semantics>", ""),
        ("<semantics><annotation encoding='TeX'>y</annotation></semantics>", "$y$"),
        (f"<semantics>{mi('')}<annotation encoding='TeX'>y</annotation></semantics>", "$y$"),
        (f"<semantics><annotation-xml>{mi('z')}</annotation-xml>{mi('x')}</semantics>", "x"),
        (
            tex("y_2", f"{X_I}<annotation encoding='TeX'></annotation>"),
            "$y_2$",
        ),
        (f"<semantics>{mi('')}<annotation encoding='StarMath'>y</annotation></semantics>", ""),
        (tex(r"\(a_1\)"), "$a_1$"),
        (tex(r"\[a_1\]"), "$a_1$"),
        (tex(r"\(a_1"), r"$\(a_1$"),
        (tex(r"\displaystyle a_1"), "$a_1$"),
        (tex(r"$a_1$"), "$a_1$"),
        (tex(r"a $ b"), r"$a \$ b$"),
        (
            tex(r"\documentclass{x}\begin{document}$$a_1$$\end{document}"),
            "$a_1$",
        ),
        (tex(r"a &lt; b"), "$a < b$"),
        (f"{mo('∞')}{X_I}", r"$\infty x_{i}$"),
        (f"{mi('sin')}{X_I}", r"$\sin x_{i}$"),
        (f"{mo('%')}{X_I}", r"$\%x_{i}$"),
        (f"<ms>ab c</ms>{X_I}", r"$\text{ab c}x_{i}$"),
        (f"{mi('a_b')}{X_I}", r"$\text{a\_b}x_{i}$"),
        (f"{mn(3)}{mo('&#x2062;')}{mi('x')}", "3x"),
        ("<mi>x</mi><mn>1<span>0</span></mn>", "x10"),
        ("<mtext>a&#160;b</mtext>", "a b"),
        ("<mi>a  b</mi>", "a b"),
        (f"<mo> </mo>{mi('x')}", "x"),
        (f"<mtext>n</mtext>{X_I}", "$nx_{i}$"),
        (f"<mtext>no</mtext>{X_I}", r"$\mathrm{no}x_{i}$"),
        (f"<mstyle>{mi('x')}</mover></mstyle>{mi('y')}", "xy"),
        (f"<mrow><msup>{mi('x')}{mn(2)}</mrow>{mi('y')}", "x²y"),
    ],
)
def test_each_element_says_what_it_shows(formula: str, text: str) -> None:
    assert clean_html(f"<math>{formula}</math>") == text


def test_only_what_stands_in_a_formula_is_read_as_one() -> None:
    markup = (
        f"We <mi>x</mi> see </math>and <math>{mn(1)}</math> and <math alttext='x^2'/> of <msup>{mn(2)}{mn(3)}</msup>."
    )

    assert without_mathml(markup, "[{}]".format) == "We <mi>x</mi> see </math>and [1] and [$x^2$] of [2³]."


def test_what_was_written_for_readers_without_formulas_stands_for_an_empty_one_alone() -> None:
    assert clean_html("<math alttext='$x_i$'></math>") == "$x_i$"
    assert clean_html(f"<math alttext='one'>{mn(1)}</math>") == "1"
    assert clean_html("<math></math>") == ""


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
