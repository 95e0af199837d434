"""Text functions that need more than a text: how each is called; and what is none, though it looks like one."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import date
from functools import cache
from itertools import islice
from typing import Any, Final
from xml.sax.saxutils import escape

from digest import assets
from digest.core.lists.bounds import MAX_TITLE
from digest.core.models import Batch, Candidate, Completion, Paper, PaperId, Prompt, Record
from tests.conftest import ROOT, paper
from tests.fuzz.targets import TARGETS, Target, few
from tests.support import issues

Call = Callable[[str], object]

# --- core -------------------------------------------------------------------------------------------------------------


def _paper(text: str, n: int = 1) -> Paper:
    return paper(n, title=text[:MAX_TITLE], abstract=text, authors=(text[:500],), keywords=(text[:500],))


@cache
def _taxonomy() -> Any:
    from digest.core.topics.fold import Taxonomy

    return Taxonomy.parse(assets.shipped("taxonomy.toml").read_text(encoding="utf-8"))


@cache
def _classifier() -> Any:
    from digest.core.topics.guessing import Guesser

    return Guesser.parse(assets.trained("sciences.bin"), assets.trained("topics.bin"))


def _subjects(text: str) -> object:
    from digest.core.topics.subjects import Subjects

    subjects = Subjects.parse('[journals]\n"Birds" = ["auk"]\n[mesh]\n"Birds" = ["birds"]')
    return subjects.of(paper(1, categories=(text,), venue=text, issn=(text,)))


@cache
def _extractor() -> Any:
    from digest.core.extracts.extractive import Extractor

    return Extractor.parse(assets.trained_text("summaries.toml"))


@cache
def _foreign_words() -> Any:
    from digest.core.topics.foreign_words import ForeignWords

    return ForeignWords.parse(assets.shipped("words_of_fields.toml").read_text(encoding="utf-8"))


@cache
def _background() -> Any:
    from digest.core.ranking.lexicon import Lexicon
    from digest.core.ranking.relevance import Background

    lexicon = Lexicon.parse(assets.shipped("synonyms.txt").read_text("utf-8"), assets.trained_text("related.txt"))
    return Background.parse(assets.trained_text("words.txt"), lexicon)


def _known_by(text: str) -> object:
    from digest.core.identity.ids import known_by

    return known_by(_paper(text), [PaperId(word) for word in (text, *text.split())])


def _named(text: str) -> object:
    from digest.core.identity.items import named

    items = [(Record(paper=_paper(text, n)), text + end) for n, end in enumerate(("", "", " more"))]
    return named(items, source="a feed")


def _withdrawn(text: str) -> object:
    from digest.core.words.withdrawals import comment_says_withdrawn

    return comment_says_withdrawn(text, "12 pages")


def _described(text: str) -> object:
    from digest.core.walls import described

    return described(ValueError(text))


def _number(text: str) -> object:
    from digest.core.errors import WishError
    from digest.core.subscribers.wishes import read_number

    with suppress(WishError):
        return read_number(text, least=1)
    return None


def _written(text: str) -> Iterator[str]:
    from digest.core.subscribers.table import write_table

    return write_table([{"email": text, "interests": text}])


def _prompt(text: str) -> Prompt:
    from digest.core.summaries.prompts import prompt_for

    return prompt_for(Batch(papers=(_paper(text), _paper(text, 2))), system="s", nonce="abcd")


def _accept(text: str) -> object:
    from digest.core.summaries.accept import accept

    said = json.dumps([{"id": str(n), "tldr": text, "points": [text], "topics": [text]} for n in (1, 2)])
    completion = Completion(text=said)
    return accept(
        _prompt(text), completion, fold_topics=lambda words: ((), tuple(words)), client="openai", language="en"
    )


def _select(text: str) -> object:
    from digest.core.ranking.profile import Profile
    from tests.support.ranking import select

    day = date(2026, 6, 3)
    candidates = [
        Candidate(paper=_paper(text + word, n), sources=("s",), position=n, listed_on=day)
        for n, word in enumerate(("", " more", " other"))
    ]
    return select(candidates, Profile.of_words(text[:500]), max_papers=2)


def _pick(text: str) -> object:
    from digest.core.ranking.day import Day
    from digest.core.ranking.profile import Profile
    from digest.core.ranking.rank import pick

    day = date(2026, 6, 3)
    papers = [_paper(text + word, n) for n, word in enumerate(("", " more", " other"))]
    candidates = [Candidate(paper=one, sources=("s",), position=n, listed_on=day) for n, one in enumerate(papers)]
    return pick(Day(candidates), Profile.of_words(text[:500]), max_papers=2, shown=(0,))


def _unknown(text: str) -> object:
    from digest.core.words.numbers import read, unknown

    return unknown(read(text[:500]), read(text))


def _resolve(text: str) -> object:
    from digest.core.identity.resolve import resolve

    return resolve([Record(paper=_paper(text, n)) for n in (1, 2)], ())


def _context(text: str) -> object:
    from digest.core.extracts.extractive import read
    from digest.core.extracts.features import Context

    return Context.of(text, read(text, text))


def _elsewhere(text: str) -> object:
    from digest.core.extracts.extractive import read
    from digest.core.extracts.other_languages import choose

    sentences = read("", text)
    return [choose(sentences, code) for code in ("zh", "ja", "ko", "de", "fr", "es", "pt", "it", "ru") if sentences]


def _candidates(text: str) -> object:
    from digest.core.extracts.extractive import candidates, read

    return candidates(text, read(text, text))


def _index(text: str) -> object:
    from digest.core.ranking.index import CandidateIndex

    index = CandidateIndex([_paper(text), _paper("Gravel bed rivers", 2)], _background())
    return index.match(text[:500]), index.terms(text[:500], 0, 3)


def _asked(text: str) -> object:
    from digest.core.ranking.index import CandidateIndex

    index = CandidateIndex([_paper("Gravel bed rivers in flood", 2)], _background())
    return index.match(text), index.terms(text, 0, 3)


def _tagger(text: str) -> object:
    from digest.core.topics.tagging import Tagger

    return Tagger(_taxonomy(), _classifier()).topics(_paper(text))


def _similar(text: str) -> object:
    from digest.core.ranking.relevance import Space
    from digest.core.ranking.similar import most_similar, telling_words

    space = Space(_background())
    return telling_words(_paper(text), space, most=3), most_similar(_paper(text), [_paper(text, 2)], space, limit=1)


def _repeated(text: str) -> object:
    from digest.core.summaries.repeats import repeated

    return repeated({1: (text, text), 2: (text, text)}, language="en")


def _overview(text: str) -> object:
    from digest.core.summaries.overview import read_overview

    said = json.dumps([{"sentence": text, "papers": ["1", "2"]}, {"text": text, "ids": ["1"]}])
    entries = [
        issues.entry(n, paper={"title": text[:MAX_TITLE], "abstract": text}, summary={"tldr": text}) for n in (1, 2)
    ]
    return read_overview(Completion(text=said), entries, client="openai", language="en")


# --- publish ----------------------------------------------------------------------------------------------------------


def _issue(text: str) -> Any:
    return issues.issue(
        [
            issues.entry(
                1, paper={"title": text[:MAX_TITLE], "abstract": text}, summary={"tldr": text, "points": (text,)}
            )
        ],
        overview=text,
    )


def _mail(text: str) -> object:
    from tests.support.letters import letter, links

    return letter(_issue(text), reader=links())


def _plain(text: str) -> object:
    from digest.publish.text import issue_text

    return issue_text(_issue(text), templates=issues.templates())


def _view(text: str) -> object:
    from digest.publish.formulas import to_mathml
    from digest.publish.links import Links
    from digest.publish.views import issue_view

    return issue_view(_issue(text), links=Links(root="../"), say=to_mathml)


# --- sources ----------------------------------------------------------------------------------------------------------

_TEXT_NAMES: Final = frozenset(
    "title name abstract summary description content creator author keywords comment category ArticleTitle "
    "AbstractText LastName ForeName Keyword display_name content_html content_text subject authors text".split()
)


def _in_json(value: Any, text: str, key: str = "") -> Any:
    """*value* with *text* wherever it has words."""
    if isinstance(value, dict):
        return {k: _in_json(v, text, k) for k, v in value.items()}
    if isinstance(value, list):
        return [_in_json(v, text, key) for v in value]
    return text if isinstance(value, str) and key in _TEXT_NAMES else value


def _in_xml(content: bytes, text: str) -> bytes:
    from lxml import etree

    root = etree.fromstring(content, etree.XMLParser(resolve_entities=False, recover=True))
    written = "".join(c for c in text if c >= " " or c == "\n")
    for element in root.iter():
        if isinstance(element.tag, str) and element.tag.rpartition("}")[2] in _TEXT_NAMES and len(element) == 0:
            element.text = written
        for name in element.attrib:
            if name in ("content", "text", "title") and element.attrib[name]:
                element.attrib[name] = written
    return bytes(etree.tostring(root, encoding="utf-8"))


def _filled(content: bytes, text: str) -> bytes:
    """The document with *text* in its titles, abstracts and names."""
    start = content.lstrip()[:1]
    if start in (b"{", b"["):
        lines = content.splitlines()
        parts = lines if len(lines) > 1 and lines[-1].startswith(b"{") else [content]
        return b"\n".join(json.dumps(_in_json(json.loads(part), text)).encode() for part in parts)
    if start == b"<":
        return _in_xml(content, text)
    return text.encode("utf-8", "surrogatepass")


def _seeds(target: Target) -> Iterator[bytes]:
    """Documents of the repository alone: recorded feeds are not everywhere."""
    yield from target.own()
    for pattern in target.seeds:
        yield from (
            few(file.read_bytes()) for file in sorted((ROOT / "tests" / "data").glob(pattern)) if file.is_file()
        )


@cache
def _documents(name: str) -> tuple[bytes, ...]:
    return tuple(islice(_seeds(TARGETS[name]), 2))


def _parser(name: str) -> Call:
    @cache
    def parse() -> Callable[[bytes], object]:
        return TARGETS[name].make()

    def call(text: str) -> object:
        return [parse()(_filled(content, text)) for content in _documents(name)]

    return call


def _page(text: str) -> object:
    from digest.sources.page import parse_page

    said = escape("".join(c for c in text if c >= " "), {'"': "&quot;"})
    meta = "".join(f'<meta name="citation_{name}" content="{said}">' for name in ("title", "author", "doi", "date"))
    body = f'<h1>{said}</h1><blockquote class="abstract">{said}</blockquote><p>{said}</p>'
    content = f"<html><head><title>{said}</title>{meta}</head><body>{body}</body></html>"
    return parse_page(content.encode("utf-8", "surrogatepass"), url="https://example.org/1")


def _of_key(text: str) -> object:
    from digest.core.errors import SourceError
    from digest.sources.door.statuses import of_key

    return of_key(SourceError(text, status=400), "KEY")


def _pdf(text: str) -> object:
    from digest.sources.pdf import paper_of

    lines = [(12.0, line) for line in text.splitlines() or [text]]
    found = {"title": text, "pages": [lines, [(10.0, "Abstract"), *lines]]}
    return paper_of(found, name="a.pdf"), paper_of({**found, "title": "", "pages": [lines, lines]}, name="b.pdf")


def _library(ending: str, pattern: str, spell: Callable[[str], str] = str) -> Call:
    def call(text: str) -> object:
        from digest.sources.libraries.library import read_library

        return read_library((pattern % {"text": spell(text)}).encode("utf-8", "surrogatepass"), name=f"a{ending}")

    return call


_RDF: Final = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:bib="http://purl.org/net/biblio#"
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/">
 <bib:Article rdf:about="#a"><dc:title>%(text)s</dc:title><dcterms:abstract>%(text)s</dcterms:abstract></bib:Article>
 </rdf:RDF>"""


def _opml(text: str) -> object:
    from digest.sources.libraries.opml import as_config, parse_opml

    title = escape("".join(c for c in text if c >= " "), {'"': "&quot;"})
    content = f'<opml><body><outline text="{title}" xmlUrl="https://a.org/{title[:1000]}"/></body></opml>'
    return as_config(parse_opml(content.encode(), url="a.opml"), taken_names=[text], known_urls=[text])


def _unpacked(text: str) -> object:
    from digest.sources.door.unpack import unpacker

    return list(unpacker("gzip", url="x").feed(text.encode("utf-8", "surrogatepass")))


# --- the tables -------------------------------------------------------------------------------------------------------

HOW: Final[Mapping[str, Call]] = {
    "core.subscribers.wishes.read_number": _number,
    "core.subscribers.table.write_table": lambda text: "".join(_written(text)),
    "core.summaries.accept.accept": _accept,
    "core.topics.classifier.Classifier.classify": lambda text: _classifier().subjects.classify(text, text),
    "core.topics.guessing.Guesser.classify": lambda text: _classifier().classify(text, text),
    "core.extracts.extractive.Extractor.summarize": lambda text: _extractor().summarize(text, text),
    "core.extracts.extractive.candidates": _candidates,
    "core.extracts.other_languages.choose": _elsewhere,
    "core.topics.foreign_words.ForeignWords.topics_of": lambda text: _foreign_words().topics_of(text, text),
    "core.extracts.features.Context.of": _context,
    "core.summaries.overview.read_overview": _overview,
    "core.ranking.index.CandidateIndex.match": _asked,
    "core.ranking.index.CandidateIndex.terms": _index,
    "core.ranking.lexicon.Lexicon.spellings": lambda text: _background().lexicon.spellings(text.split(), 5),
    "core.summaries.prompts.prompt_for": _prompt,
    "core.ranking.rank.pick": _pick,
    "core.ranking.rank.select": _select,
    "core.ranking.similar.most_similar": _similar,
    "core.ranking.similar.telling_words": _similar,
    "core.summaries.repeats.repeated": _repeated,
    "core.identity.resolve.resolve": _resolve,
    "core.topics.tagging.Tagger.topics": _tagger,
    "core.topics.subjects.Subjects.of": _subjects,
    "core.topics.fold.Taxonomy.tag": lambda text: _taxonomy().tag(
        text, text, (text,), (text,), guessed=((text, 0.5),), known=(text,)
    ),
    "core.topics.fold.Taxonomy.fold": lambda text: _taxonomy().fold([text, *text.split()]),
    "core.topics.fold.Taxonomy.homes": lambda text: _taxonomy().homes([text, *text.split()]),
    "core.topics.fold.Taxonomy.nearest": lambda text: _taxonomy().nearest(text),
    "core.topics.fold.Taxonomy.topic": lambda text: _taxonomy().topic(text),
    "core.identity.ids.known_by": _known_by,
    "core.identity.items.named": _named,
    "core.walls.described": _described,
    "core.words.withdrawals.comment_says_withdrawn": _withdrawn,
    "publish.letters.Drawing.body": _mail,
    "publish.text.issue_text": _plain,
    "publish.views.issue_view": _view,
    "publish.views.IssueViews.of": _view,
    "publish.entry_views.entry_view": _view,
    "publish.entry_views.reason_of": _view,
    "sources.arxiv.source.ArxivSource.parse": _parser("arxiv"),
    "sources.arxiv.listing.ArxivListing.parse": _parser("arxiv-listing"),
    "sources.biorxiv.BiorxivSource.parse": _parser("biorxiv"),
    "sources.command.CommandSource.parse": _parser("command"),
    "sources.feed.FeedSource.parse": _parser("feed"),
    "sources.huggingface.HuggingFaceSource.parse": _parser("huggingface"),
    "sources.jsonl.JsonlSource.parse": _parser("jsonl"),
    "sources.listing.ListingSource.parse": _parser("listing"),
    "sources.openalex.OpenAlexSource.parse": _parser("openalex"),
    "sources.openreview.OpenReviewSource.parse": _parser("openreview"),
    "sources.libraries.opml.as_config": _opml,
    "sources.page.parse_page": _page,
    "sources.pdf.paper_of": _pdf,
    "sources.pubmed.PubMedSource.parse": _parser("pubmed"),
    "sources.door.statuses.of_key": _of_key,
    "sources.semanticscholar.SemanticScholarSource.parse": _parser("semanticscholar"),
    "sources.door.unpack.Unpacker.feed": _unpacked,
    # What no function of these packages takes alone, or only with something else than a text.
    "(a feed in JSON)": _parser("jsonfeed"),
    "(numbers of a summary against those of an abstract)": _unknown,
    "(a library in BibTeX)": _library(".bib", "@article{a, title={%(text)s}, abstract={%(text)s}, author={%(text)s}}"),
    "(a library in RIS)": _library(".ris", "TY  - JOUR\nTI  - %(text)s\nAU  - %(text)s\nAB  - %(text)s\nER  - \n"),
    "(a library in CSV)": _library(".csv", 'Title,Author\n"%(text)s","%(text)s"\n', lambda t: t.replace('"', '""')),
    "(a library in CSL)": _library(
        ".json", '[{"title": %(text)s, "abstract": %(text)s, "author": [{"literal": %(text)s}]}]', json.dumps
    ),
    "(a library of Zotero's)": _library(".rdf", _RDF, lambda t: escape("".join(c for c in t if c >= " "))),
}
"""By name; for a name in brackets there is no function."""

_PATHS = "takes paths and addresses of our own making"
_ADDRESS = "takes an address or a header, which the client keeps short"
_WHOLE = "sorts, counts or keeps papers and looks into no text of theirs"
_SHIPPED = "reads a file that ships with the program, or the config"
_THROUGH = "is fed by the parsers and pages above it"

NOT_TEXT: Final[Mapping[str, str]] = {
    "core.issues.issue.tied": _THROUGH,
    "core.issues.personal.personal_issue": _WHOLE,
    r"core\.ports\..*": "protocols: they do nothing",
    r".*\.__init__": "keeps what it is given",
    r"core\.errors\..*": "keeps what it is given",
    r"core\.abreast\.abreast|core\.walls\.(?:foreign|wall)": "does what it is given, and looks into no text",
    r"core\.certificates\.certificate_fault": "takes the name of a setting; the words are OpenSSL's",
    r"core\.summaries\.(?:batching|handover|summarize|summarizer)\..*": _WHOLE,
    r"core\.(?:ranking\.(?:choosing|variety)|lists\.freshness|topics\.renaming)\..*": _WHOLE,
    r"core\.items\.aside\..*": _WHOLE,
    r"core\.issues\.(?:issue\.(?:build|why_empty|with_overview|leads_of)|leads\..*|highlights\..*)": _WHOLE,
    r"core\.identity\.ids\.values|publish\.marking\.is_marked": _WHOLE,
    r"core\.ranking\.(?:day\.Day|listed\.ListedPapers)\..*|core\.topics\.weighing\.Company\..*": _WHOLE,
    r"publish\.(?:alike|months|shares|front_page|paper_pages|topic_pages)\..*": _WHOLE,
    r"core\.ranking\.relevance\.Space\..*|core\.topics\.tagging\.Guess\.classify": "takes one word, or is a protocol",
    r"core\.topics\.fold\.Taxonomy\.(?:field|current|given_by|knows_any|meant_by|speaks)": "looks up a config's name",
    r"core\.(?:extracts\.extractive\.Extractor|topics\.classifier\.Classifier)\.(?:parse|_read)": _SHIPPED,
    r"core\.topics\.guessing\.Guesser\.(?:parse|_.*)": _SHIPPED,
    r"core\.topics\.classifier\.(?:Classifier\.classify_counts|singular)|core\.topics\.homes\..*": _WHOLE,
    r"core\.ranking\.relevance\.Background\.(?:parse|_read)": _SHIPPED,
    r"core\.ranking\.lexicon\.Lexicon\.parse|core\.topics\.foreign_words\.(?:ForeignWords\.parse|_pattern)": _SHIPPED,
    r"core\.ranking\.postings\..*": "is given words, and looks them up",
    r"core\.topics\.(?:fold\.Taxonomy\.parse|taxonomy\.(?:read|_loads))": _SHIPPED,
    r"core\.topics\.subjects\.(?:Subjects\.parse|_read|_strings)": _SHIPPED,
    r"core\.ranking\.rank\.nearest|publish\.catalogue\.write_(?:cards|words)|publish\.finding\.SearchFiles\..*": _WHOLE,
    r"core\.identity\.likeness\._site|core\.ranking\.profile\..*": _WHOLE,
    r"core\.words\.dates\._offset|core\.words\.tex\._letter": "is given the few characters that a pattern found",
    r"core\.identity\.titles\._distance": "is given words of 64 letters at most",
    r"core\.words\.sentences\._full_stop_ends": "is given 30 characters",
    r"publish\.(?:drawing|folder|site)\..*|publish\.links\.Links\..*|publish\.feeds\.feed_id": _PATHS,
    r"publish\.render\.Templates\..*|publish\.letters\..*|publish\.mail\.(?:Letterhead|Holes)\..*": _THROUGH,
    r"sources\.arxiv\.(?:feed\.(?:read_feed|listed_dates)|oai\.(?:request_of|read_oai))": _THROUGH,
    r"sources\.arxiv\.xml\.Fields\..*": _THROUGH,
    r"sources\.(?:arxiv\.addresses|door\.(?:addresses|http|network|pauses|politeness|request))\..*": _ADDRESS,
    r"sources\.door\.fetcher\..*": _ADDRESS,
    r"sources\.kinds?\..*": "looks up a name out of the config",
    r"sources\.pdf\.(?:parse_pdf|_extracted)|sources\.pdf_text\..*": "runs in a process of its own, with limits",
    r"sources\.command\.(?!CommandSource\.parse).*": "takes a command of the config",
    r"sources\.libraries\.bibtex\._citation|sources\.jsonl\._record": _THROUGH,
    r"publish\.(?:notices|sign_up_form)\..*": "is given titles of the config, and sentences of ours",
    r"core\.issues\.(?:issue\.tied|personal\.personal_issue)|core\.ranking\.(?:rank\.pick|shifts\.with_mark)": _WHOLE,
    r"publish\.private_feed\..*|publish\.entry_views\.reason_of": _THROUGH,
    r"publish\.links\.KnownLinks\..*": _PATHS,
    r"publish\.mail\.written": _ADDRESS,
    r"core\.subscribers\.(?:addresses|tokens|cadence|links)\..*": "takes a short text of bounded length",
    r"sources\.guard\.damaged|sources\.outcomes\.divided": _THROUGH,
}
"""Patterns of names, and why what they fit is not fed."""
