"""Decide what an item of a list is: research, or a review, a data set, news, a correction, a table of contents …

    title          "Author Correction: …", "Editorial Board", "总目次": goes first: sources call corrections articles
    source's types Crossref, PubMed, OpenAlex, Semantic Scholar, sections of journals' feeds
    DOI            10.1038/d41586-… is news, 10.5281/zenodo… a data set
    nothing        research

In doubt it is research: editions print nothing else but reviews unless they are told to, and nothing may be lost for a
doubtful title. Data sets, software and protocols are never told from a title.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from digest.core.identity.ids import SHORT_TITLE, doi, identify, ids_of, scheme, title_key, values
from digest.core.items import front_matter as said
from digest.core.models import Paper, PaperId, PaperKind

_ABSTRACT: Final = 300
"""Characters from which a text is an abstract: Nature's items of news have a sentence, most journals' others none."""
_WORDS: Final = 20
"""Characters below which a text says nothing: "Editorial", "~"."""
_TITLE: Final = 400
"""Characters of a title that are looked at."""
_LONGEST_LIFE: Final = 115
_YOUNGEST: Final = 20

ABOUT_OTHERS: Final = frozenset({PaperKind.CORRECTION, PaperKind.RETRACTION, PaperKind.COMMENT})
"""The kinds of items that are about another paper."""

_TYPES: Final = {
    name: kind
    for kind, names in {
        PaperKind.RETRACTION: (
            "retraction of publication|retraction notice|retraction note|retraction|withdrawal|removal"
            "|partial retraction"
        ),
        PaperKind.CORRECTION: (
            "published erratum|erratum|errata|corrigendum|corrigenda|correction|corrections|author correction"
            "|publisher correction|corrections and clarifications|addendum|expression of concern"
        ),
        PaperKind.BOOK_REVIEW: "book review|book reviews|bookreview|books and arts|books & arts|books in brief",
        PaperKind.OBITUARY: "obituary|obituaries|in memoriam",
        PaperKind.EDITORIAL: (
            "editorial|editorials|guest editorial|introductory journal article|editorial material|editor's note"
            "|foreword|preface|from the editor|from the editors"
        ),
        PaperKind.NEWS: (
            "news|newspaper article|press release|news & views|news and views|news & comment|news feature|news in brief"
            "|research highlight|research highlights|research briefing|world view|nature podcast|newsletter|interview"
            "|patient education handout"
        ),
        PaperKind.CONTENTS: (
            "paratext|journal issue|journal volume|issue information|table of contents|front matter|back matter"
            "|masthead|editorial board|cover picture|cover image|front cover|back cover|cover feature"
            "|cover profile|index"
        ),
        PaperKind.COMMENT: (
            "peer review|letter to the editor|letters to the editor|matters arising|authors' reply|reply to comment"
        ),
        PaperKind.REVIEW: (
            "review|reviews|review article|review articles|systematic review|scoping review|mini review|minireview"
            "|mini reviews|invited review|literature review|narrative review|critical review|topical review"
            "|review paper"
        ),
        PaperKind.SURVEY: "survey paper|survey article",
        PaperKind.DATASET: "dataset|data set|datasets",
        PaperKind.SOFTWARE: "software",
        PaperKind.PROTOCOL: "clinical trial protocol|protocol|protocols|study protocol|registered report protocol",
    }.items()
    for name in names.split("|")
}
"""A source's word for a kind, with blanks for hyphens → the kind."""
_ORDER: Final = tuple(dict.fromkeys(_TYPES.values()))
"""Of several types of a record, the kind that counts; PubMed calls most of them articles as well."""
_OF_TALK: Final = frozenset(
    "letter|letters|comment|comments|lettersandcomments|commentary|correspondence|perspective|perspectives|viewpoint|opinion"
    "|point of view|essay|discussion|reply|response|forum|personal narrative|brief communications arising".split("|")
)
"""Types of what is an opinion if it has no abstract: letters of Nature and of physics are research."""
_OF_STUDIES: Final = re.compile(
    r"case reports?|(?:randomized )?(?:controlled )?(?:clinical )?(?:trial|study)\b.*|.* (?:trial|study)|meta.?analysis"
    r"|casereport|clinicaltrial|metaanalysis"
)
_OF_PAPERS: Final = frozenset(
    "article|journal article|journalarticle|research article|original article|original research|preprint|posted content"
    "|proceedings article|conference|conference paper|conference poster|book chapter|book|thesis|dissertation|report"
    "|text"
    "|working paper|lecture|presentation|poster".split("|")
)
"""Types that say of a record in an archive of data that it is a paper after all."""

# The prefixes of registrants, from Crossref's and DataCite's own lists (api.crossref.org/prefixes, api.datacite.org).
_DOIS: Final = (
    # Nature's journals write d and the journal's number for what is not peer reviewed: news, comment, careers.
    (PaperKind.NEWS, re.compile(r"10\.1038/(?:d\d{5}-|(?:nature|news)\.\d{4}\.)|10\.1126/science\.z")),
    (PaperKind.PROTOCOL, re.compile(r"10\.17504/protocols\.io|10\.21769/bioprotoc")),
    (PaperKind.SOFTWARE, re.compile(r"10\.24433/co\.")),
    (
        PaperKind.DATASET,
        re.compile(
            r"10\.(?:5281/zenodo|5061/dryad|6084/m9\.figshare|7910/dvn|15468/|1594/pangaea|17632/|13026/|6073/pasta"
            r"|5880/)"
        ),
    ),
    (PaperKind.CORRECTION, re.compile(r"10\.1371/annotation")),
    # Reviews of Copernicus, eLife, F1000Research and PeerJ, which have DOIs of their own; recommendations of F1000.
    (
        PaperKind.COMMENT,
        re.compile(
            r"10\.5194/.*-(?:rc|ac|cc|ec|sc)\d+\Z|10\.7554/elife\.\d+(?:\.\d+)?\.sa\d\Z|10\.5256/.*\.r\d+\Z|10\.3410/f\."
            r"|10\.7287/.*/reviews?/"
        ),
    ),
)


def classified(paper: Paper, *, types: Iterable[str] = (), about: Iterable[str] = ()) -> Paper:
    """Return *paper* with its kind, and where it is about other papers with their ids.

    Args:
        types: What its source calls it: types of Crossref or PubMed, the section of a journal.
        about: What its source names as the papers that it is about: their DOIs or addresses.
    """
    kind = kind_of(paper, types)
    ids = map(_id_of, about) if kind in ABOUT_OTHERS else ()
    corrects = {found for found in ids if found}.difference(ids_of(paper))
    return replace(paper, kind=kind, corrects=tuple(sorted(corrects)))


def kind_of(paper: Paper, types: Iterable[str] = ()) -> PaperKind:
    """Return what *paper* is, by its title, its source's *types* and its DOIs; research where nothing tells."""
    title = " ".join(paper.title[:_TITLE].split())
    named = [" ".join(re.sub(r"[-_]", " ", one).casefold().split()) for one in types]
    bare = len(paper.abstract) < _ABSTRACT
    return (
        _by_title(
            title, bare=bare, nameless=not paper.authors and (len(paper.abstract) < 20 or paper.abstract == title)
        )
        or _by_types(named, bare=bare)
        or _by_doi(paper, named)
        or _of_overview(title, paper.categories)
        or PaperKind.RESEARCH
    )


def subject_of(title: str) -> str:
    """Return the title of the paper that a correction or comment of this *title* is about; empty if it does not say.

    "Author Correction: T", "Corrigendum to “T” [Journal 12 (2026) 3–9]" → T.
    """
    line = " ".join(title[:_TITLE].split())
    found = _SUBJECT.match(line)
    if found is None:
        return ""
    quoted = found["quoted"]
    subject = quoted if quoted else found["plain"] or ""
    return subject if len(title_key(subject)) >= SHORT_TITLE else ""


_SUBJECT: Final = re.compile(
    r"""
    (?:(?:author|publisher|editor)(?:['’]?s|ial|s['’])?\s+|notice\s+of\s+|partial\s+)?
    (?:corrections?|corrigend(?:um|a)|errat(?:um|a)|addend(?:um|a)|retraction(?:\s+(?:note|notice))?|expression\s+of\s+concern
       |retracted|comments?|reply|response|matters\s+arising|berichtigung|rectificatif|исправление|勘误|更正|訂正|正誤)
    (?:\s*[:：.–—-]\s*|\s*(?=[“"《「])
       |\s+(?:to|for|on|of|in|zu[mr]?|à)\s*:?\s*(?:(?:the\s+)?(?:article|paper|report|letter)\s*:?\s*)?)
    (?:[“"‘'«„《「](?P<quoted>[^”"»“》」]{8,})[’']?[”"»“》」]|(?P<plain>[^“"‘«„《「].{8,})\Z)
    """,
    re.IGNORECASE | re.VERBOSE,
)


def _by_title(title: str, *, bare: bool, nameless: bool) -> PaperKind | None:
    if said.RETRACTION.match(title):
        return PaperKind.RETRACTION
    if said.CORRECTION.match(title) or said.CORRECTION_BEHIND.search(title):
        return PaperKind.CORRECTION
    beginnings = said.ALWAYS + said.BARE if bare else said.ALWAYS
    found = next((kind for kind, pattern in beginnings if pattern.match(title)), None)
    if found is None and nameless:
        found = next((kind for kind, pattern in said.NAMELESS if pattern.search(title)), None)
    if found is None and bare and _is_life(title):
        return PaperKind.OBITUARY
    return found


def _is_life(title: str) -> bool:
    """Whether a title begins with a name and the years of a life."""
    found = said.LIFE.match(title)
    return found is not None and _YOUNGEST <= int(found[2]) - int(found[1]) <= _LONGEST_LIFE


def _by_types(named: list[str], *, bare: bool) -> PaperKind | None:
    told = {_TYPES[one] for one in named if one in _TYPES}
    if told:
        return min(told, key=_ORDER.index)
    if bare and not _OF_TALK.isdisjoint(named) and not any(map(_OF_STUDIES.fullmatch, named)):
        return PaperKind.COMMENT
    return None


def _by_doi(paper: Paper, named: list[str]) -> PaperKind | None:
    for number in sorted(values(ids_of(paper), "doi")):
        kind = next((kind for kind, pattern in _DOIS if pattern.match(number)), None)
        # Articles of journals without DOIs are put into Zenodo to get one.
        if kind is PaperKind.DATASET and (paper.venue or not _OF_PAPERS.isdisjoint(named)):
            return None
        if kind is not None:
            return kind
    return None


def _of_overview(title: str, categories: tuple[str, ...]) -> PaperKind | None:
    if said.REVIEW.search(title):
        return PaperKind.REVIEW
    if any(map(_IS_COMPUTING.match, categories)) and said.SURVEY.search(title):
        return PaperKind.SURVEY
    return None


_IS_COMPUTING: Final = re.compile(r"(?:cs|eess|stat|math)\.")


def _id_of(text: str) -> PaperId | None:
    number = doi(text)
    if number:
        return PaperId(f"doi:{number}")
    found = identify(title="", urls=[text])[0] if text.startswith("http") else None
    return found if found and scheme(found) != "title" else None
