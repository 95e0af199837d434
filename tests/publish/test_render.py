"""Words, formulas, slugs and templates: what stands between an issue and its pages."""

from __future__ import annotations

import re
import string
from dataclasses import replace
from datetime import date
from pathlib import Path

import html5lib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.core.errors import ConfigError
from digest.core.issues.issue import source_name
from digest.core.models import Announcement, Link, PaperKind, PastList, Signals, SourceReport, SourceState, Usage
from digest.publish.entry_views import EntryView, entry_view
from digest.publish.formulas import to_mathml, to_unicode
from digest.publish.issue_json import issue_json
from digest.publish.links import Links
from digest.publish.phrasing import some_authors
from digest.publish.render import Templates, fill, flow, lang
from digest.publish.slugs import edition_slug, slug, topic_slug
from digest.publish.source_views import completeness
from digest.publish.text import issue_text, share
from digest.publish.text import left_out as counts
from digest.publish.views import issue_view, shortened
from tests.conftest import paper
from tests.support.issues import WEDNESDAY, entry, issue, left_out, templates, told

HERE = Links(root="../../")
THREE = [entry(n) for n in (1, 2, 3)]

# -- formulas


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        (r"solved in $\mathcal{O}(n^3)$ time", "solved in O(n³) time"),
        (r"$x_i \in \mathbb{R}^{d \times d}$", "xᵢ ∈ ℝ^(d×d)"),
        (r"$O(n\log n)$", "O(n log n)"),
        (r"$2.6<\eta<4$", "2.6<η<4"),
        (r"about $\sim$10$\times$ faster", "about ∼10× faster"),
        (r"$\tau^2$-bench", "τ²-bench"),
        (r"a rate of $10^{-3}$", "a rate of 10⁻³"),
        (r"$L_{\text{CE}}$", "L_CE"),
        (r"$95\%$ and $95%$", "95% and 95%"),
        (r"$\sqrt{a + b}$", "√(a + b)"),
        (r"$\sqrt[3]{x}$", "∛x"),
        (r"$2\sqrt[n + 1]{x}$", "2 ⁿ⁺¹√x"),
        (r"$(\sqrt[n]{x})$", "(ⁿ√x)"),
        (r"$\sqrt{s}=13$ TeV, $\sqrt{n}d$", "√s=13 TeV, √(n)d"),
        (r"$\frac{1}{2}$", "1/2"),
        (r"$3\frac{1}{2}$", "3 1/2"),
        (r"$\frac12\frac34$.", "1/2 3/4."),
        (r"$\frac{a+1}{b}$", "(a+1)/b"),
        (r"$\frac{1}{2n}$, $\tfrac{1}{n+1}$", "1/(2n), 1/(n+1)"),
        (r"$\frac{\frac{1}{2}}{3}$", "(1/2)/3"),
        (r"$\operatorname{rank}(A)$", "rank(A)"),
        (r"$\operatorname*{argmax}_x$", "argmaxₓ"),
        (r"$\unheardof x$, $\pref{a}{b}$", "unheardof x, pref(a, b)"),
        (r"$\|u\|_{H^1_0(\Omega)} \leq C$", "‖u‖_(H₀¹(Ω)) ≤ C"),
        (r"$\alpha_s$, $\ell_2$, $\lambda_{\max}$", "αₛ, ℓ₂, λₘₐₓ"),
        (r"$\left(\frac{1}{n}\right)^2$, $\big\{x\big\}$, ${\rm S}^2$", "(1/n)², {x}, S²"),
        (r"$\R^n$, $\cH$, $\bx^\top$, $\Ombar$, $\eps>0$", "ℝⁿ, H, xᵀ, Ω̄, ε>0"),
        (r"$\tau \ll n$, $x\in\ell^p$", "τ ≪ n, x∈ℓᵖ"),
        (
            r"$\bar\nu_\ell$, 20$^{\circ}$C, $\|f\|_{L^2}^2$, $1.2^{+0.3}_{-0.4}$",
            "ν̄_ℓ, 20°C, ‖f‖_(L²)², 1.2^(+0.3)_(-0.4)",
        ),
        (r"$f\colon X \to Y$, $a\equiv b\pmod{p}$, $\ce{SO4^2-}$", "f: X → Y, a≡b (mod p), SO₄²⁻"),
        (r"PM$_{2.5}$, $-$7.4%, $<$1B, ${kn \over m}$, $\boldsymbolρ$", "PM₂.₅, -7.4%, <1B, kn/m, ρ"),
        (r"$\norm{u}$, $\ket{\psi}$, $\SI{5}{\kilo\metre}$", "‖u‖, |ψ⟩, 5 km"),
        (r"a \$200 budget", "a $200 budget"),
    ],
)
def test_a_formula_reads_well_where_there_is_only_text(text: str, plain: str) -> None:
    assert to_unicode(text) == plain


@pytest.mark.parametrize(
    "text",
    [
        "$5 and $10",
        "from $5k to 10$ a day",
        "US$5 or A$6",
        "$3.5/$M",
        "$5-$10",
        "only $39.9 and 160 minutes",
        "a $ b $ c",
    ],
)
def test_prices_are_no_formulas(text: str) -> None:
    assert to_unicode(text) == text
    assert to_mathml(text) == text


def test_a_formula_is_set_as_mathml_and_the_rest_is_escaped() -> None:
    html = to_mathml(r"<b>R&D</b> in $n^2$")

    assert html.startswith("&lt;b&gt;R&amp;D&lt;/b&gt; in <math")
    assert "<msup><mi>n</mi><mn>2</mn></msup>" in html


def test_the_name_of_a_function_stands_off_from_its_neighbours() -> None:
    thin = '<mspace width="0.17em"/>'

    assert f"<mi>n</mi>{thin}<mi>log</mi>{thin}<mi>n</mi>" in to_mathml(r"$n\log n$")
    assert thin not in to_mathml(r"$\log(n)$")


@pytest.mark.parametrize("tex", [r"\frac{a", r"\right x", r"\text{<script>alert(1)</script>}", "x" * 500, "a & b"])
def test_a_formula_that_cannot_be_set_stands_there_as_it_was_written(tex: str) -> None:
    html = to_mathml(f"${tex}$")

    assert html == f"<code>{tex.replace('&', '&amp;').replace('<', '&lt;').replace('>', '&gt;')}</code>"


@pytest.mark.parametrize("tex", [r"\href{javascript:alert(1)}{x}", r"\style{color:red}{x}", r"\class{evil}{x}"])
def test_a_formula_brings_no_links_and_no_style(tex: str) -> None:
    html = to_mathml(f"${tex}$")

    assert not re.search(r"<[^>]*(href|style|class)", html)


_COMMANDS = r"""\frac \text{ \left( \right) \begin{matrix} \end{matrix} \sqrt[ \href \hline \\ \limits \genfrac \hspace{
    \over \substack{ <script> ]]> <!--"""
_TEX = st.lists(st.sampled_from([*string.printable, *_COMMANDS.split()]), max_size=16).map("".join)
_MATHML = set(
    "math mrow mi mn mo ms mtext mspace mfrac msqrt mroot msub msup msubsup munder mover munderover".split()
) | set("mmultiscripts mprescripts none mtable mtr mtd mpadded mphantom menclose mstyle code".split())


@settings(deadline=None)  # how long it takes is the machine's business
@given(_TEX)
def test_no_formula_however_broken_raises_or_becomes_a_foreign_tag(tex: str) -> None:
    html = to_mathml(f"before ${tex}$ after")
    to_unicode(f"before ${tex}$ after")

    tree = html5lib.parseFragment(str(html), namespaceHTMLElements=False)
    tags = {str(element.tag).rpartition("}")[2] for element in tree.iter()}
    assert tags - {"DOCUMENT_FRAGMENT"} <= _MATHML


# -- slugs


@given(st.text(), st.text())
def test_two_texts_share_no_slug(one: str, other: str) -> None:
    assert (slug(one) == slug(other)) == (one == other)


@given(st.text())
def test_a_slug_is_a_safe_name_of_a_file(text: str) -> None:
    for name in (slug(text), topic_slug(text), edition_slug(text)):
        assert re.fullmatch("[a-z0-9-]{1,80}", name)


@pytest.mark.parametrize(
    "text", ["../../etc/passwd", "..", "CON", "a/b", "a\\b", "x" * 300, "\0", "%2e%2e", "arxiv-2603-01234"]
)
def test_a_hostile_id_gets_a_hash_and_loses_what_is_hostile(text: str) -> None:
    assert re.fullmatch("[a-z0-9-]*[0-9a-f]{10}", slug(text))


def test_ids_and_topics_stay_readable() -> None:
    assert slug("arxiv:2603.01234") == "arxiv-2603-01234"
    assert topic_slug("Test-time scaling") == "test-time-scaling"
    assert topic_slug("Plants, food and agriculture") == "plants-food-and-agriculture"
    assert edition_slug("daily") == "daily"


def test_an_edition_cannot_take_the_place_of_the_topics() -> None:
    assert edition_slug("topics") != "topics"


# -- words


def test_a_list_of_664_authors_is_cut_to_three() -> None:
    authors = [f"Author {n}" for n in range(1, 665)]

    assert some_authors(authors) == "Author 1, Author 2, Author 3 and 661 more"


def test_four_authors_are_all_named() -> None:
    assert some_authors(["A", "B", "C", "D"]) == "A, B, C, D"


def test_the_completeness_line_says_how_each_source_stands() -> None:
    reports = [
        SourceReport(name="arxiv-cs.CL", state=SourceState.FRESH, listed=93, expected=93),
        SourceReport(name="huggingface", state=SourceState.FRESH, listed=28, expected=28, is_open=True),
        SourceReport(name="biorxiv", state=SourceState.FAILED, error="HTTP 503", days_failing=2),
        SourceReport(name="journal", state=SourceState.FRESH, listed=1200, expected=1300, rejected=3),
        SourceReport(name="medrxiv", state=SourceState.STALLED, days_failing=1),
        SourceReport(name="nature", state=SourceState.QUIET, listed=8),
        SourceReport(name="cell", state=SourceState.WAITING, listed=8),
        SourceReport(name="science", state=SourceState.WAITING),
    ]

    assert completeness(reports) == (
        "arXiv cs.CL 93 of 93 · Hugging Face 28, list still open · bioRxiv failed, 2nd day"
        " · journal 1,200 of 1,300, 3 unreadable · medRxiv overdue · nature 8, nothing new"
        " · cell still shows an earlier list · science not out yet"
    )


def test_the_completeness_line_says_what_is_out_of_the_ordinary() -> None:
    march = [PastList(day=date(2026, 3, d), listed=40, new=n) for d, n in ((2, 2), (3, 40))]
    reports = [
        SourceReport(name="a", state=SourceState.FRESH, listed=93, expected=95, gap=2),
        SourceReport(name="b", state=SourceState.FRESH, listed=9, expected=9, note="cs.AI still shows an earlier list"),
        SourceReport(name="c", state=SourceState.FRESH, listed=9, expected=9, back_after=3),
        SourceReport(name="d", state=SourceState.FRESH, listed=9, expected=9, past=(march[0],)),
        SourceReport(name="e", state=SourceState.FRESH, listed=9, expected=9, past=tuple(march)),
        SourceReport(name="f", state=SourceState.QUIET, missing=(date(2026, 3, 2),)),
    ]

    assert completeness(reports).split(" · ") == [
        "a 93 of 95, 2 not found",
        "b 9 of 9, cs.AI still shows an earlier list",
        "c 9 of 9, back after failing on 3 days",
        "d 9 of 9, and 2 more from the list of 2 March",
        "e 9 of 9, and 42 more from 2 earlier lists",
        "f has no list today, 2 March still missing",
    ]


def test_of_many_sources_those_with_nothing_to_say_stand_together() -> None:
    quiet = [SourceReport(name=f"blog-{n}", state=SourceState.QUIET, listed=8) for n in range(20)]
    loud = [
        SourceReport(name="arxiv", state=SourceState.FRESH, listed=9, expected=9),
        SourceReport(name="x", state=SourceState.QUIET, listed=8, rejected=1),
    ]

    fresh = [SourceReport(name=f"feed-{n}", state=SourceState.FRESH, listed=100, expected=100) for n in range(20)]

    assert completeness([*quiet, *loud]) == "arXiv 9 of 9 · x 8, nothing new, 1 unreadable · 20 others with nothing new"
    assert completeness([*fresh, *loud[1:]]) == "x 8, nothing new, 1 unreadable · 20 others with 2,000 papers"
    assert completeness(quiet) == "20 sources with nothing new"


@pytest.mark.parametrize(
    ("days", "said"), [(1, "failed"), (3, "failed, 3rd day"), (11, "failed, 11th day"), (21, "failed, 21st day")]
)
def test_a_failure_says_which_day_it_is(days: int, said: str) -> None:
    assert completeness([SourceReport(name="x", state=SourceState.FAILED, days_failing=days)]) == f"x {said}"


def test_a_source_is_named_as_people_know_it() -> None:
    assert source_name("arxiv-ml") == "arXiv ml"
    assert source_name("huggingface") == "Hugging Face"


def view(**changes: object) -> EntryView:
    return entry_view(entry(1, **changes), links=HERE, say=to_unicode)


def test_the_line_of_facts_has_first_author_sources_votes_code_and_place() -> None:
    code = Link(rel="code", url="https://code.example/x")
    seen = view(sources=("huggingface", "arxiv-cs.CL"), signals=Signals(upvotes=42), paper={"links": (code,)})

    assert [(fact.text, bool(fact.url)) for fact in seen.facts] == [
        ("Lovelace +1", False),
        ("Hugging Face, arXiv cs.CL", False),
        ("42 votes", False),
        ("code", True),
        ("arXiv", True),
    ]


def test_a_source_that_is_where_the_paper_lies_links_to_it() -> None:
    seen = view(sources=("arxiv-cs.CL",), signals=Signals())

    assert [(fact.text, fact.url) for fact in seen.facts] == [("Lovelace +1", ""), ("arXiv cs.CL", seen.url)]


@pytest.mark.parametrize(
    ("authors", "said"),
    [
        (("Laurens van der Maaten", "A. B."), "van der Maaten +1"),
        (("Qwen Team",), "Qwen Team"),
        (("Plato",), "Plato"),
        (("Juan Perez Jr.", "A", "B"), "Juan Perez Jr. +2"),
    ],
)
def test_a_first_author_is_named_by_surname_and_a_group_by_its_name(authors: tuple[str, ...], said: str) -> None:
    assert view(paper={"authors": authors}).facts[0].text == said


def test_a_reason_of_an_old_issue_has_no_colon_of_its_own() -> None:
    one = entry(1, reason="for a change: off your interests; 80 upvotes")

    assert issue_view(issue([one]), links=HERE).sections[0].entries[0].reason == "off your interests; 80 upvotes"


def test_a_summary_that_stands_in_for_a_models_is_marked_and_says_why() -> None:
    seen = view(summary={"client": "extractive", "model": None, "fell_back": "the answer had a number of its own"})

    assert seen.mark == "extract"
    assert "the answer had a number of its own" in seen.mark_why


def test_an_extractive_summary_by_choice_is_said_once_and_not_on_each_entry() -> None:
    entries = [entry(n, summary={"client": "extractive", "model": None}) for n in (1, 2)]

    seen = issue_view(issue(entries), links=HERE)

    assert [e.mark for section in seen.sections for e in section.entries] == ["", ""]
    assert seen.writers == (
        "The summaries are sentences of the papers’ own abstracts, chosen without a language model.",
    )


def test_the_colophon_counts_who_wrote_what_and_what_it_cost() -> None:
    entries = [entry(1), entry(2), entry(3, summary={"client": "extractive", "model": None, "fell_back": "refused"})]
    usage = Usage(
        client="openai", model="some-model", requests=2, input_tokens=9120, output_tokens=2210, cost_usd=0.067
    )

    said = " ".join(issue_view(issue(entries, usage=usage), links=HERE).writers)

    assert "2 summaries by some-model." in said
    assert "1 paper has an extract of the abstract instead of a model’s summary: refused." in said
    assert "2 requests to the model, 9,120 tokens in, 2,210 out, $0.07." in said


def test_the_colophon_says_what_was_checked_of_every_summary_and_no_more() -> None:
    def said(*checked: tuple[str, ...]) -> str:
        entries = [entry(n, summary={"checked": names}) for n, names in enumerate(checked)]
        return " ".join(issue_view(issue(entries), links=HERE).writers)

    both = (
        "Each was checked against its paper’s own abstract: the numbers in it stand there, and its words belong to it."
    )
    assert both in said(("length", "numbers", "belongs"), ("numbers", "plain", "belongs"))
    assert "own abstract: its words belong to it." in said(("numbers", "belongs"), ("belongs",))
    assert "checked" not in said(("numbers",), ())


def test_the_colophon_says_how_many_papers_have_an_extract_and_why() -> None:
    reasons = ["no answer", *["the budget is used up"] * 3, "a", "b", "c", "d"]
    extracts = [entry(n, summary={"client": "extractive", "fell_back": reason}) for n, reason in enumerate(reasons)]

    said = issue_view(issue([entry(9), *extracts]), links=HERE).writers

    assert said[2:] == (
        "3 papers have an extract of the abstract instead of a model’s summary: the budget is used up.",
        "1 paper has an extract: no answer.",
        "1 paper has an extract: a.",
        "1 paper has an extract: b.",
        "2 more have one for reasons that stand beside them.",
    )


def test_an_overview_refers_to_entries_by_their_place() -> None:
    seen = issue_view(told(issue(THREE), ("Things work.", 3, 1), ("Nothing does", 2), ("What now?", 77)), links=HERE)

    assert [[(r.number, r.url) for r in sentence.references] for sentence in seen.sentences] == [
        [],
        [(3, "#arxiv-2603-00003"), (1, "#arxiv-2603-00001")],
        [(2, "#arxiv-2603-00002")],
        [],
    ]
    assert seen.numbered == "3 papers today. Things work [3, 1]. Nothing does [2] What now?"
    assert [e.number for section in seen.sections for e in section.entries] == [1, 2, 3]
    assert "The overview is by some-model, checked against what it refers to." in seen.writers


def test_the_text_numbers_its_entries_only_where_the_overview_needs_it() -> None:
    text = issue_text(told(issue(THREE), ("Things work.", 3, 1)), templates=templates())

    assert "Things work [3, 1]." in text
    assert "\n3.  Paper number 3 on" in text
    assert "\n* Paper number 3 on" in issue_text(issue(THREE), templates=templates())


def test_an_overview_in_another_language_says_so_and_english_does_not() -> None:
    german = told(issue(THREE, language="de-AT"), ("Es geht.", 1))

    assert issue_view(german, links=HERE).overview_language == "de-AT"
    assert issue_view(told(issue(THREE), ("It works.", 1)), links=HERE).overview_language == ""
    assert issue_view(issue([entry()], language="de"), links=HERE).overview_language == ""


def test_issue_json_has_the_overview_with_its_references() -> None:
    document = issue_json(told(issue(THREE), ("Things work.", 3, 1), ("Nothing does.", 2)))

    assert document["overview"] == "3 papers today. Things work. Nothing does."
    assert document["overview_by"]["model"] == "some-model"
    assert document["overview_by"]["sentences"][1] == {"text": "Things work.", "papers": [paper(3).id, paper(1).id]}
    assert issue_json(issue([entry()]))["overview_by"] is None


def test_readers_are_not_told_addresses_and_settings() -> None:
    reasons = ["http://10.0.0.7:8080/v1 cannot be reached; is the server running?", "check [llm] api_key_env"]
    extracts = [entry(n, summary={"client": "extractive", "fell_back": reason}) for n, reason in enumerate(reasons)]

    seen = issue_view(issue(extracts), links=Links(root=None))

    assert "2 papers have an extract of the abstract instead of a model’s summary: the model could not be asked." in (
        seen.writers
    )
    marks = {e.mark_why for section in seen.sections for e in section.entries}
    assert marks == {"Sentences of the abstract stand here instead of a model’s summary: the model could not be asked."}


def test_a_withdrawn_and_a_cross_listed_paper_are_marked() -> None:
    assert view(paper={"withdrawn": True}).mark == "withdrawn"
    assert view(announcement=Announcement.CROSS).mark == "cross-listed"


def test_an_entry_without_a_summary_says_that_the_source_had_no_abstract() -> None:
    assert view(summary={"tldr": "", "points": ()}).tldr == "No abstract in the source."


def test_title_and_summary_say_their_languages_and_the_direction() -> None:
    seen = view(
        paper={"title": "تأثير المناخ على القمح", "language": "ar"},
        summary={"tldr": "Weizen leidet.", "language": "de"},
    )
    page = templates().html("feed_item.html", issue=issue_view(issue([entry()]), links=HERE))

    assert (seen.title_language, seen.language) == ("ar", "de")
    assert view().title_language == ""
    assert "lang=" not in page
    assert [str(lang(code)) for code in ("", "de", "ar-EG", 'x"')] == [
        "",
        ' lang="de"',
        ' lang="ar-EG" dir="rtl"',
        ' lang="x&#34;"',
    ]


def test_a_link_that_is_no_web_address_is_no_link() -> None:
    seen = view(paper={"url": "javascript:alert(1)", "links": (Link(rel="code", url="data:text/html,x"),)})

    assert seen.url == ""
    assert not any(fact.url for fact in seen.facts)


def test_what_was_set_aside_is_counted_apart_and_a_correction_of_a_printed_paper_is_told() -> None:
    note = "corrects “Gravel”, which stood here on 3 April"
    news = (replace(left_out(n, "news"), is_aside=True) for n in range(2))
    notice = replace(left_out(3, "correction"), title="Author Correction: Gravel", is_aside=True, note=note)
    of_day = issue([entry()], left_out=(left_out(9), *news, notice))

    seen = issue_view(of_day, links=HERE)

    assert share(seen) == "1 of 2"
    assert counts(seen) == (
        "1 left out: not among the best 30 of 40. 3 others: 2 news, 1 correction."
        " “Author Correction: Gravel” corrects “Gravel”, which stood here on 3 April."
    )


def test_an_entry_that_is_no_research_is_marked() -> None:
    one = entry(paper={"kind": PaperKind.DATASET})

    assert entry_view(one, links=HERE, say=to_unicode).mark == "data set"


def test_left_out_papers_are_grouped_by_reason_the_most_frequent_first() -> None:
    papers = (left_out(1, "printed before"), left_out(2), left_out(3))

    seen = issue_view(issue([entry()], left_out=papers), links=HERE)

    assert [(group.reason, len(group.papers)) for group in seen.left_out] == [
        ("not among the best 30 of 40", 2),
        ("printed before", 1),
    ]


def test_an_issue_of_several_days_says_so() -> None:
    seen = issue_view(issue([entry()], covers=(date(2026, 6, 1), date(2026, 6, 2), WEDNESDAY)), links=HERE)

    assert seen.covers == "This issue has the lists of 3 days, Monday 1 June 2026 to Wednesday 3 June 2026."


@given(st.integers(0, 6), st.integers(0, 6), st.integers(0, 6))
def test_shortening_keeps_the_first_entries_and_counts_the_others(total: int, entries: int, points: int) -> None:
    topics = ("Reasoning", "Agents", "Vision")
    whole = issue_view(issue([entry(n, summary={"topics": (topics[n % 3],)}) for n in range(total)]), links=HERE)

    short = shortened(whole, entries=entries, points=points)

    kept = [e for section in short.sections for e in section.entries]
    everything = [e for section in whole.sections for e in section.entries]
    assert [e.anchor for e in kept] == [e.anchor for e in everything[:entries]]
    assert short.more == total - len(kept)
    assert [bool(e.points) for e in kept] == [n < points for n in range(len(kept))]


# -- text


def test_the_text_has_every_title_link_and_summary_and_no_line_over_78() -> None:
    entries = [entry(n, paper={"title": f"A rather long title about {'many ' * 12}things {n}"}) for n in range(1, 20)]

    text = issue_text(replace(issue(entries), leads=tuple(e.paper.id for e in entries[:5])), templates=templates())

    flat = " ".join(text.split())
    for one in entries:
        for said in (one.paper.title, one.paper.url, one.summary.tldr):
            assert " ".join(said.split()) in flat
    for one in entries[:5]:
        for said in one.summary.points:
            assert " ".join(said.split()) in flat
    assert max(map(len, text.splitlines())) <= 78
    assert "&" not in text


def test_a_link_is_not_broken_however_long() -> None:
    url = "https://example.org/" + "x" * 100

    text = issue_text(issue([entry(paper={"url": url})]), templates=templates())

    assert f"  {url}\n" in text


def test_text_without_blanks_is_still_broken_into_lines() -> None:
    assert max(map(len, fill("漢" * 200, first="  ").splitlines())) <= 78


def test_an_empty_day_says_why_in_the_text() -> None:
    text = issue_text(issue(), templates=templates())

    assert "Nothing new today. arXiv lists no papers on this day." in text


# -- JSON


def test_issue_json_has_what_scripts_rely_on() -> None:
    data = issue_json(issue([entry(1, reason="matches agents")], left_out=(left_out(7),)))

    assert (data["edition"], data["date"], data["title"]) == ("daily", "2026-06-03", "Research digest")
    only = data["sections"][0]["entries"][0]
    assert data["sections"][0]["topic"] == "Reasoning"
    assert set(only) >= set(
        "id aliases title authors url published categories topics summary reason score signals".split()
    )
    assert set(only["summary"]) >= {"tldr", "points", "client", "model", "checked"}
    assert data["sources"][0]["state"] == "fresh"
    assert data["left_out"][0]["reason"] == "not among the best 30 of 40"


# -- templates


def test_the_users_own_template_comes_before_the_shipped_one(tmp_path: Path) -> None:
    (tmp_path / "feed_item.html").write_text("mine: {{ issue.title }}")

    html = templates(tmp_path).html("feed_item.html", issue=issue_view(issue([entry()]), links=HERE))

    assert html == "mine: Research digest"


@pytest.mark.parametrize("name", ["a.html", "a.xml", "a.html.j2", "a"])
def test_everything_but_text_is_escaped(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("{{ value }}")

    assert Templates([tmp_path]).html(name, value="<b>") == "&lt;b&gt;"


def test_an_unknown_name_in_a_template_is_an_error_that_names_the_template(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text("{{ issue.titel }}")

    with pytest.raises(ConfigError, match=r"a\.html.*titel"):
        Templates([tmp_path]).html("a.html", issue=issue_view(issue(), links=HERE))


def test_a_broken_template_names_its_line(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text("fine\n{% for %}\n")

    with pytest.raises(ConfigError, match="line 2"):
        Templates([tmp_path]).html("a.html")


def test_a_template_in_another_encoding_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "mail.html").write_bytes("Grüße".encode("latin-1"))

    with pytest.raises(ConfigError, match=r"template mail\.html in .*: is not UTF-8"):
        Templates([tmp_path]).html("mail.html")


def test_a_template_cannot_reach_into_the_program(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text("{{ ''.__class__.__mro__[1].__subclasses__() }}")

    with pytest.raises(ConfigError, match="unsafe"):
        Templates([tmp_path]).html("a.html")


def test_text_that_looks_like_a_template_stays_text() -> None:
    text = issue_text(issue([entry(paper={"title": "{{ 7 * 7 }} {% raw %}"})]), templates=templates())

    assert "{{ 7 * 7 }} {% raw %}" in text


def test_another_template_is_another_fingerprint(tmp_path: Path) -> None:
    before = templates(tmp_path).fingerprint()
    (tmp_path / "issue.html").write_text("mine")

    assert templates(tmp_path).fingerprint() != before


def test_facts_share_lines_and_no_line_begins_or_ends_with_a_dot() -> None:
    parts = ["A. Author and 12 more", "Hugging Face, 15 June", "World models", "61 upvotes"]

    assert flow(parts, width=50) == "A. Author and 12 more · Hugging Face, 15 June\nWorld models · 61 upvotes"
    assert flow(["one two three", "four"], width=9, first="  ") == "  one two\n  three\n  four"
    assert flow([]) == ""


def test_phrases_in_italics_are_marked_outside_formulas_and_nothing_of_the_source_becomes_a_tag() -> None:
    html = to_mathml("Rana <i> & p of $p$, Ranae", ("Rana", "p", "<i> &"))

    assert html.startswith("<i>Rana</i> <i>&lt;i&gt; &amp;</i> <i>p</i> of <math")
    assert html.endswith("</math>, Ranae")
