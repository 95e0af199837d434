"""One identity per paper: over sources, versions, days and spellings."""

from __future__ import annotations

import itertools
import random
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.core.identity.ids import (
    arxiv_id,
    canonical_url,
    content_hash,
    doi,
    doi_url,
    doi_version,
    has_strong_id,
    identify,
    ids_of,
    known_by,
    merge,
    merge_announcements,
    merge_signals,
    names_of,
    title_id,
    title_key,
)
from digest.core.identity.resolve import Known, lookup_keys, resolve
from digest.core.models import Announcement, Link, Paper, PaperId, PaperKind, Record, Signals
from tests.conftest import paper


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2403.15527", ("2403.15527", None)),
        ("2403.15527v2", ("2403.15527", 2)),
        ("arXiv:2403.15527v12", ("2403.15527", 12)),
        ("oai:arXiv.org:2403.15527v1", ("2403.15527", 1)),
        ("oai:arXiv.org:oai:arXiv.org:2506.01959v1", ("2506.01959", 1)),
        ("http://arxiv.org/abs/2512.16041v1", ("2512.16041", 1)),
        ("https://arxiv.org/pdf/2512.16041", ("2512.16041", None)),
        ("https://huggingface.co/papers/2606.11176", ("2606.11176", None)),
        ("https://doi.org/10.48550/arXiv.2403.15527", ("2403.15527", None)),
        ("http://arxiv.org/abs/cond-mat/0603029v1", ("cond-mat/0603029", 1)),
        ("math.GT/0309136", ("math/0309136", None)),
        ("10.1101/2025.02.25.640196v1", None),
        ("https://example.org/2403.15527", None),
        ("2413.15527", None),
        ("Version 2403.15527 of the list", None),
        ("", None),
    ],
)
def test_an_arxiv_id_is_found_in_all_its_spellings(text: str, expected: tuple[str, int | None] | None) -> None:
    assert arxiv_id(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("doi:10.1101/743294", "10.1101/743294"),
        ("https://doi.org/10.1038/S41586-024-07421-0", "10.1038/s41586-024-07421-0"),
        ("https://www.biorxiv.org/content/10.1101/2025.02.25.640196v1", "10.1101/2025.02.25.640196"),
        ("https://www.biorxiv.org/content/10.64898/2026.04.03.716344v1?rss=1", "10.64898/2026.04.03.716344"),
        ("http://biorxiv.org/cgi/content/short/743294v1?rss=1", "10.1101/743294"),
        ("10.48550/arXiv.2403.15527", None),
        ("https://example.org/", None),
    ],
)
def test_a_doi_is_found_without_its_version(text: str, expected: str | None) -> None:
    assert doi(text) == expected


def test_the_version_behind_a_preprint_doi_is_read() -> None:
    assert doi_version("https://www.biorxiv.org/content/10.1101/2025.02.25.640196v3.full") == 3
    assert doi_version("10.1038/s41586-024-07421-0") is None


def test_addresses_of_one_page_have_one_spelling() -> None:
    spellings = [
        "http://www.Example.org/post/1/",
        "https://example.org/post/1?utm_source=rss#top",
        "https://example.org:443/post/1?rss=1",
    ]

    assert {canonical_url(s) for s in spellings} == {"https://example.org/post/1"}
    assert canonical_url("https://pubmed.ncbi.nlm.nih.gov/1/?fc=2&ff=3&v=2.1") == "https://pubmed.ncbi.nlm.nih.gov/1"
    assert canonical_url("https://kns.example.org/detail?v=abc") == "https://kns.example.org/detail?v=abc"
    assert canonical_url("javascript:alert(1)") is None
    assert canonical_url("http://[broken") is None


def test_the_best_id_is_canonical_and_the_others_are_aliases() -> None:
    assert identify(title="T", arxiv="2403.15527v2", doi="10.1038/x1", urls=["https://arxiv.org/abs/2403.15527"]) == (
        "arxiv:2403.15527",
        ("doi:10.1038/x1",),
    )
    assert identify(title="T", urls=["https://example.org/a"]) == ("url:https://example.org/a", ())
    assert identify(title="Attention is all you need") == ("title:attentionisallyouneed", ())


def test_a_short_title_alone_is_no_identity() -> None:
    assert identify(title="Editorial", abstract="One.") != identify(title="Editorial", abstract="Two.")


def test_spellings_of_a_title_have_one_key() -> None:
    assert title_key("Observation of $\\Omega_c^0$ baryons") == title_key("Observation of Ω_c^0  Baryons")
    assert title_key("A Poincaré-inequality") == title_key("A Poincare inequality")


def test_blanks_do_not_change_a_content_hash() -> None:
    assert content_hash("A  title", "An\nabstract.") == content_hash("A title", "An abstract. ")


def record(p: Paper, announcement: Announcement | None = None, upvotes: int | None = None) -> Record:
    return Record(paper=p, announcement=announcement, signals=Signals(upvotes=upvotes))


def test_a_paper_listed_twice_in_one_reading_is_one() -> None:
    [one] = resolve([record(paper(1), upvotes=3), record(paper(1, version=2), upvotes=9)], []).papers

    assert (one.pk, one.paper.version, one.record.signals.upvotes, one.position) == (None, 2, 9, 0)


def test_new_in_one_category_and_cross_in_another_is_new() -> None:
    [one] = resolve([record(paper(1), Announcement.CROSS), record(paper(1), Announcement.NEW)], []).papers

    assert one.record.announcement is Announcement.NEW


def test_a_record_without_an_id_waits_for_a_better_one() -> None:
    title = "Fast feed forward networks with load balancing"
    saved = paper(1, id=PaperId(f"title:{title_key(title)}"), title=title, url="", version=None, authors=())
    better = paper(7, title=title.title())

    [one] = resolve([record(better)], [Known(pk=5, paper=saved)]).papers

    assert one.pk == 5
    assert one.paper.id == "arxiv:2603.00007"
    assert one.paper.aliases == (saved.id,)
    assert dict(one.reasons) == {"arxiv:2603.00007": "same title, and the record had no other id"}


def test_a_record_without_an_id_is_a_known_paper_with_that_title() -> None:
    saved = paper(1, id=PaperId(f"title:{title_key(paper(1).title)}"), url="", version=None, authors=())

    [one] = resolve([record(saved)], [Known(pk=5, paper=paper(1))]).papers

    assert (one.pk, one.paper.id) == (5, "arxiv:2603.00001")


def test_a_published_version_is_its_preprint() -> None:
    preprint = paper(1)
    article = paper(1, id=PaperId("doi:10.5555/1"), url="https://doi.org/10.5555/1", version=None, abstract="")

    [one] = resolve([record(article)], [Known(pk=3, paper=preprint)]).papers

    assert (one.pk, one.paper.id, one.paper.aliases) == (3, "arxiv:2603.00001", ("doi:10.5555/1",))
    assert dict(one.reasons)[PaperId("doi:10.5555/1")] == "same title, 2 authors in common"


def test_a_third_record_shows_that_two_papers_are_one() -> None:
    a = paper(1)
    b = paper(2, id=PaperId("doi:10.5555/2"), title="Under another name", authors=("Somebody Else",))
    both = paper(1, aliases=(PaperId("doi:10.5555/2"),))

    [one] = resolve([record(both)], [Known(pk=8, paper=b), Known(pk=9, paper=a)]).papers

    assert (one.pk, one.joined) == (8, (9,))
    assert one.paper.id == "arxiv:2603.00001"


def test_two_arxiv_ids_are_never_one_paper() -> None:
    one_doi = PaperId("doi:10.5555/proceedings")
    first, second = paper(1, aliases=(one_doi,), title="Part"), paper(2, aliases=(one_doi,), title="Part")

    resolved = resolve([record(first), record(second)], []).papers

    assert [r.paper.id for r in resolved] == ["arxiv:2603.00001", "arxiv:2603.00002"]
    assert [one_doi in r.paper.aliases for r in resolved] == [True, False]


def test_a_feed_that_links_all_items_to_one_page_loses_none() -> None:
    page = PaperId("url:https://example.org/current-issue")
    items = [
        record(paper(n, id=page, title=title, authors=()))
        for n, title in enumerate(["On apples and pears", "Bridges of the north", "A history of salt"])
    ]

    assert len({r.paper.id for r in resolve(items, []).papers}) == 3


def test_equal_titles_of_different_people_are_different_works() -> None:
    a = paper(1, id=PaperId("doi:10.5555/1"), title="Introduction to the special issue", abstract="About fish.")
    b = paper(2, id=PaperId("url:https://x.org/2"), title=a.title, authors=("Jo Doe",), abstract="On law, at length.")

    assert len(resolve([record(a), record(b)], []).papers) == 2


def test_a_title_that_stands_for_two_papers_stands_for_the_one_with_that_abstract() -> None:
    title = "Sediment of rivers and of coasts"
    known = [
        Known(pk=n, paper=paper(n, title=title, abstract=f"{text} of the river, as we measured it."))
        for n, text in enumerate(["Silt", "Sand and gravel on the bed", "Mud"], start=1)
    ]
    saved = paper(4, id=title_id(title), title=title, abstract=known[1].paper.abstract, authors=(), url="")

    [one] = resolve([record(saved)], known).papers

    assert (one.pk, one.joined) == (2, ())


def test_an_id_of_two_papers_stays_with_the_first_and_the_others_stay_apart() -> None:
    shared, own = PaperId("doi:10.5555/proceedings"), PaperId("doi:10.5555/own")
    known = [Known(pk=1, paper=paper(1, aliases=(shared,))), Known(pk=2, paper=paper(2, aliases=(own,)))]

    [one] = resolve([record(paper(2, aliases=(own, shared)))], known).papers

    assert (one.pk, one.paper.aliases) == (2, (own,))


def test_lookup_keys_find_what_resolve_needs() -> None:
    ids, titles, papers = lookup_keys([record(paper(1, aliases=(PaperId("doi:10.5555/1"),)))])

    assert {"arxiv:2603.00001", "doi:10.5555/1"} <= ids
    assert titles == {title_key(paper(1).title)}
    assert papers == (paper(1, aliases=(PaperId("doi:10.5555/1"),)),)


_texts = st.sampled_from(["", "One.", "Two longer.", "Three, the longest of all."])
_papers = st.builds(
    lambda ids, title, abstract, version, authors, code, url, kind, language, words: Paper(
        id=PaperId(ids[0]),
        aliases=tuple(sorted(PaperId(i) for i in ids[1:])),
        title=title,
        abstract=abstract,
        version=version,
        authors=authors,
        links=(Link(rel="code", url=code),),
        url=url,
        kind=kind,
        language=language,
        venue="".join(words),
        issn=tuple(words),
        italics=tuple(words),
        corrects=tuple(map(PaperId, words)),
    ),
    st.lists(
        st.sampled_from(["arxiv:2603.00001", "doi:10.5555/1", "url:https://a.org/1"]), min_size=1, unique=True
    ).map(sorted),
    st.sampled_from(["A title", "The title"]),
    _texts,
    st.sampled_from([None, 1, 2]),
    st.sampled_from([(), ("A B",), ("A B", "C D")]),
    st.sampled_from(["https://c.org/1", "https://c.org/2"]),
    st.sampled_from(["", "https://arxiv.org/abs/2603.00001", "https://doi.org/10.5555/1"]),
    st.sampled_from([PaperKind.RESEARCH, PaperKind.REVIEW, PaperKind.CORRECTION]),
    st.sampled_from(["", "en", "zh"]),
    st.lists(st.sampled_from(["a", "b"]), unique=True).map(sorted),
)


def test_the_categories_of_a_preprint_go_before_the_headings_of_an_index() -> None:
    preprint, indexed = paper(categories=("cs.LG",)), paper(categories=("Humans", "Neoplasms"))

    assert merge(preprint, indexed).categories == ("cs.LG",)


@given(_papers, _papers, _papers)
def test_merging_does_not_depend_on_order_and_is_idempotent(a: Paper, b: Paper, c: Paper) -> None:
    assert merge(a, b) == merge(b, a)
    assert merge(merge(a, b), c) == merge(a, merge(b, c))
    assert merge(merge(a, b), b) == merge(a, b)


@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=8), st.randoms(use_true_random=False)
)
def test_what_is_one_paper_does_not_depend_on_order(pairs: list[tuple[int, int]], rng: random.Random) -> None:
    """Records that name an arXiv id and the DOI of the same number, or a DOI alone, in any order."""
    records = [
        record(paper(n, id=PaperId(f"arxiv:2603.{n:05d}"), aliases=(PaperId(f"doi:10.5555/{n}"),), title=f"Work {n}"))
        if kind % 2
        else record(paper(n, id=PaperId(f"doi:10.5555/{n}"), title=f"Work {n}"))
        for n, kind in pairs
    ]
    shuffled = list(records)
    rng.shuffle(shuffled)

    a, b = ({r.paper for r in resolve(rs, []).papers} for rs in (records, shuffled))

    assert a == b
    assert len(a) == len({n for n, _ in pairs})


def test_resolving_again_against_its_own_result_changes_nothing() -> None:
    records = [record(paper(n)) for n in (1, 2, 2, 3)]
    first = resolve(records, []).papers
    known = [Known(pk=n, paper=r.paper) for n, r in enumerate(first, start=1)]

    second = resolve(records, known).papers

    assert [r.paper for r in second] == [r.paper for r in first]
    assert all(r.pk and not r.joined and not r.reasons for r in second)


def test_every_record_belongs_to_exactly_one_paper_of_a_real_shape() -> None:
    records = [record(replace(paper(n % 7), version=v)) for n, v in itertools.product(range(14), (1, 2))]

    assert len(resolve(records, []).papers) == 7


def test_a_paper_that_was_folded_into_another_is_not_found_under_its_old_title() -> None:
    article, preprint = PaperId("doi:10.1234/a.1"), PaperId("arxiv:2603.00001")
    old, new = "The first title of the article", "The title that the journal gave it"
    known = [
        Known(pk=1, paper=paper(1)),
        Known(pk=2, paper=paper(2, id=article, title=old, abstract="Short.", authors=())),
    ]
    records = [
        Record(paper=paper(2, id=article, title=new, authors=())),
        Record(paper=paper(1, aliases=(article,))),
        Record(paper=paper(3, id=title_id(old), title=old, authors=(), url="")),
    ]

    papers = resolve(records, known).papers

    assert preprint in {p.paper.id for p in papers}
    assert [(p.pk, p.joined) for p in papers if p.pk is not None] == [(1, (2,))]


def test_an_openreview_note_is_known_by_its_forum() -> None:
    by_address = identify(title="T", urls=["https://openreview.net/forum?id=AbC123_xyz&noteId=1"])
    by_name = identify(title="T", openreview="AbC123_xyz")

    assert by_address == by_name == ("openreview:AbC123_xyz", ())


def test_equal_titles_with_nearly_equal_abstracts_are_one_work_without_a_common_author() -> None:
    abstract = "We measure how much sediment forty rivers lost after dams were built, over thirty years of records."
    a = paper(1, id=PaperId("doi:10.5555/1"), title="Sediment of rivers", abstract=abstract, authors=())
    b = paper(
        1, id=PaperId("url:https://x.org/1"), title="Sediment of rivers", abstract=f"{abstract} More.", authors=()
    )

    assert len(resolve([record(a), record(b)], []).papers) == 1


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_a_record_that_joins_two_of_its_own_list_joins_them_in_any_order(order: tuple[int, ...]) -> None:
    arxiv = record(paper(1, title="One name"), Announcement.CROSS, upvotes=3)
    article = record(paper(1, id=PaperId("doi:10.5555/1"), title="Another name", authors=("Jo Doe",)), upvotes=9)
    both = record(paper(1, title="One name", aliases=(PaperId("doi:10.5555/1"),)), Announcement.NEW)

    [one] = resolve([(arxiv, article, both)[n] for n in order], []).papers

    assert (one.paper.id, one.paper.aliases) == ("arxiv:2603.00001", ("doi:10.5555/1",))
    assert (one.position, one.record.announcement, one.record.signals.upvotes) == (0, Announcement.NEW, 9)


def test_a_doi_with_odd_signs_leads_somewhere() -> None:
    assert doi_url("10.1002/(sici)1097<1::aid-x>3.0.co;2-a") == (
        "https://doi.org/10.1002/(sici)1097%3C1::aid-x%3E3.0.co;2-a"
    )
    assert doi_url("10.1101/2025.02.28.640") == "https://doi.org/10.1101/2025.02.28.640"


# -- addresses and titles


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("http://example.org:80/a", "https://example.org/a"),
        ("https://example.org:8443/a", "https://example.org:8443/a"),
        ("https://example.org/", "https://example.org"),
        ("https://example.org/a?b=2&a=1", "https://example.org/a?a=1&b=2"),
        ("https://example.org/a?a=&utm_campaign=x", "https://example.org/a?a="),
        ("https://example.org/a?ref=x&source=y&mc_id=z&fbclid=1&gclid=2&RSS=1", "https://example.org/a"),
        ("https://example.org/a?references=x", "https://example.org/a?references=x"),
        ("https://example.org/a?utm_source=a&q=b%20c", "https://example.org/a?q=b+c"),
        (
            "https://example.org/url?url=https://news.example.org/1",
            "https://example.org/url?url=https%3A%2F%2Fnews.example.org%2F1",
        ),
        ("https://www.google.com/url?rct=j&url=https://news.example.org/1&usg=A", "https://news.example.org/1"),
        ("https://www.google.co.uk/url?q=http://www.news.example.org/1/", "https://news.example.org/1"),
        ("https://google.com/url?usg=A", "https://google.com/url?usg=A"),
        (
            "https://google.com/search?q=https://news.example.org/1",
            "https://google.com/search?q=https%3A%2F%2Fnews.example.org%2F1",
        ),
    ],
)
def test_an_address_is_compared_by_what_names_its_page(url: str, key: str) -> None:
    assert canonical_url(url) == key


@pytest.mark.parametrize(
    ("title", "key"),
    [
        ("The author's `own' words", "theauthorsownwords"),
        ("The author’s own words", "theauthorsownwords"),
        (r"\mathcal{L}-functions and \textbf{bold} \emph{claims}", "lfunctionsandboldclaims"),
        ("ΑΒΓ and α-decay", "alphabetagammaandalphadecay"),
        ("Ω and ω", "omegaandomega"),
        ("Ångström & naïve_words", "angstromnaivewords"),
        ("ﬁne ½", "fine12"),
        ("", ""),
    ],
)
def test_a_title_is_compared_by_its_letters_and_digits(title: str, key: str) -> None:
    assert title_key(title) == key


def test_a_long_title_is_cut_in_its_id_and_told_apart_all_the_same() -> None:
    start = "a" * 120
    at_most, one, other = (title_id(f"{start}{end}") for end in ("", "b", "c"))

    assert at_most == f"title:{start}"
    assert one != other
    assert all(i.startswith(f"title:{'a' * 100}-") and len(i) == len("title:") + 100 + 1 + 16 for i in (one, other))


def test_a_title_is_an_id_from_sixteen_letters_on() -> None:
    assert title_id("a" * 16) == f"title:{'a' * 16}"
    assert title_id("a" * 15, "One.") != title_id("a" * 15, "Two.")
    assert title_id("a" * 15, "One.").startswith(f"title:{'a' * 15}-")
    assert len(title_id("a" * 15)) == len("title:") + 15 + 1 + 12


def test_other_words_or_paragraphs_make_another_content() -> None:
    assert content_hash("A title", "An abstract.") != content_hash("A title An", "abstract.")
    assert content_hash("A title", "An abstract.") != content_hash("A title", "An abstract!")
    assert len(content_hash("A title", "")) == 32
    assert content_hash("\ud800", "") != content_hash("\ud801", "")


# -- ids of a record


def test_an_address_is_an_id_only_where_there_is_no_better_one() -> None:
    page = "https://example.org/frogs"

    assert identify(title="T", urls=[page, "https://doi.org/10.5555/1"]) == ("doi:10.5555/1", ())
    assert identify(title="T", urls=[page, "https://example.org/other"]) == (f"url:{page}", ())


def test_of_two_ids_of_a_kind_the_first_is_taken() -> None:
    assert identify(title="T", doi="10.5555/1", urls=["https://doi.org/10.5555/2"]) == ("doi:10.5555/1", ())
    assert identify(title="T", arxiv="2403.15527", urls=["https://arxiv.org/abs/2403.15528"]) == (
        "arxiv:2403.15527",
        (),
    )
    assert identify(title="T", openreview="AbC123xyz", urls=["https://openreview.net/forum?id=Other1234"]) == (
        ("openreview:Other1234", ())
    )


def test_the_version_of_a_doi_is_no_part_of_the_id() -> None:
    assert identify(title="T", doi="10.21203/rs.3.rs-1/v2") == ("doi:10.21203/rs.3.rs-1", ())


def test_the_best_kind_of_id_goes_first() -> None:
    assert identify(title="T", openreview="AbC123xyz", doi="10.5555/1", arxiv="2403.15527") == (
        "arxiv:2403.15527",
        ("doi:10.5555/1", "openreview:AbC123xyz"),
    )
    assert identify(title="T", openreview="AbC123xyz", doi="10.5555/1")[0] == "doi:10.5555/1"


def test_what_a_source_calls_a_paper_never_becomes_its_name() -> None:
    own, page, other = PaperId("guid:f:1"), PaperId("url:https://a.org/1"), PaperId("doi:10.5555/1")
    one = paper(1, id=page, aliases=(own,), title="On frogs and their calls")

    assert names_of(known_by(one, [own])) == ("title:onfrogsandtheircalls",)
    assert ids_of(known_by(one, [own])) == ("title:onfrogsandtheircalls", own)
    assert ids_of(known_by(one, [own, other, page])) == (other, own, page)
    assert merge(one, replace(one, id=other, aliases=())).id == other
    assert merge(replace(one, id=page), replace(one, id=page)).id == page
    assert not has_strong_id(one)
    assert has_strong_id(known_by(one, [page, other]))


# -- merging


def _merged(field: str, a: object, b: object) -> object:
    one, other = (paper(1, **{field: value}) for value in (a, b))
    both = merge(one, other)
    assert both == merge(other, one)
    return getattr(both, field)


JUNE, JULY = datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("field", "a", "b", "both"),
    [
        ("published", JUNE, JULY, JUNE),
        ("published", None, JULY, JULY),
        ("published", None, None, None),
        ("updated", JUNE, JULY, JULY),
        ("updated", JUNE, None, JUNE),
        ("updated", None, None, None),
        ("categories", ("cs.CL",), ("cs.AI", "cs.LG"), ("cs.AI", "cs.LG")),
        ("categories", ("cs.CL",), ("cs.AI",), ("cs.CL",)),
        ("keywords", ("b", "a"), ("c", "a"), ("a", "b", "c")),
        ("withdrawn", False, True, True),
        ("withdrawn", False, False, False),
        ("authors", ("A B", "C D"), ("Ada B",), ("A B", "C D")),
        ("authors", ("A B",), ("Ada B",), ("Ada B",)),
        ("authors", ("A B",), ("A C",), ("A C",)),
        ("url", "https://a.org/1", "https://arxiv.org/abs/2603.00001", "https://arxiv.org/abs/2603.00001"),
        ("url", "https://a.org/1", "https://doi.org/10.5555/1", "https://doi.org/10.5555/1"),
        ("url", "https://doi.org/10.5555/1", "https://arxiv.org/abs/2603.00001", "https://arxiv.org/abs/2603.00001"),
        ("url", "https://doi.org/10.1016/S0140-6736(05", "https://a.org/1", "https://a.org/1"),
        ("url", "https://a.org/10", "https://b.org/1", "https://b.org/1"),
        ("url", "https://b.org/1", "https://a.org/1", "https://a.org/1"),
        ("url", "", "https://a.org/1", "https://a.org/1"),
        ("url", "", "", ""),
        ("abstract", "", "Some.", "Some."),
        ("abstract", "Some.", "Some more.", "Some more."),
        ("title", "Aaa", "Bbb", "Bbb"),
    ],
)
def test_what_two_records_say_is_joined_to_the_fullest(field: str, a: object, b: object, both: object) -> None:
    assert _merged(field, a, b) == both


def test_words_come_from_the_later_version_but_for_one_without_an_abstract() -> None:
    first, second = paper(1, version=1, abstract="A long first abstract."), paper(1, version=2, abstract="Short.")

    assert merge(first, second).abstract == "Short."
    assert merge(first, replace(second, abstract="")).abstract == "A long first abstract."
    assert merge(replace(first, version=None), second).version == 2


def test_links_of_both_are_kept_each_once_and_in_order() -> None:
    code, pdf = Link(rel="code", url="https://c.org/1"), Link(rel="pdf", url="https://a.org/1")

    assert merge(paper(1, links=(pdf, code)), paper(1, links=(code,))).links == (code, pdf)


def test_of_each_count_the_higher_stays() -> None:
    a, b = Signals(upvotes=3, comments=None, stars=7), Signals(upvotes=2, comments=5, stars=None)

    assert merge_signals(a, b) == merge_signals(b, a) == Signals(upvotes=3, comments=5, stars=7)
    assert merge_signals(Signals(), Signals()) == Signals()


def test_of_two_announcements_the_newer_news_counts() -> None:
    order = [Announcement.NEW, Announcement.CROSS, None, Announcement.REPLACE, Announcement.REPLACE_CROSS]

    for n, better in enumerate(order):
        for worse in order[n:]:
            assert merge_announcements(better, worse) is merge_announcements(worse, better) is better


def test_a_record_shows_that_two_known_papers_of_its_title_are_one() -> None:
    title = "Sediment of rivers and of coasts"
    ids = ["doi:10.1101/743294", "url:https://x.org/1", "doi:10.5555/9"]
    preprint, page, article = (paper(1, id=PaperId(i), title=title, abstract="") for i in ids)

    [one] = resolve([record(article)], [Known(pk=1, paper=preprint), Known(pk=2, paper=page)]).papers

    assert (one.pk, one.joined) == (1, (2,))
