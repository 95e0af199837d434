"""Items as feeds write them: one function for each format, by the extension of the path.

The shapes of arXiv's three are those of its own service (arXiv/arxiv-feed), its API manual and its OAI-PMH answers.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from email.utils import format_datetime
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from tests.servers.flaky_feed.papers import EPOCH, Item

Query = Mapping[str, str]
"""The parameters of the address that was asked for."""
Format = Callable[[Sequence[Item], str, Query], str]
"""(items, the feed's own address without query, query) → document."""

_XML: Final = '<?xml version="1.0" encoding="UTF-8"?>\n'
_NAMESPACES: Final = (
    'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:prism="http://prismstandard.org/namespaces/basic/2.0/" '
    'xmlns:content="http://purl.org/rss/1.0/modules/content/"'
)


def _tag(name: str, text: str, attributes: str = "") -> str:
    return f"<{name}{attributes}>{escape(text)}</{name}>" if text else ""


def _creators(item: Item) -> str:
    return "".join(_tag("dc:creator", name) for name in item.authors)


def rss(items: Sequence[Item], url: str, query: Query) -> str:
    """RSS 2.0, as journals have it."""
    body = "".join(
        "<item>"
        + _tag("title", i.title)
        + _tag("link", i.link)
        + _tag("description", i.abstract)
        + _tag("guid", i.guid, ' isPermaLink="false"')
        + _tag("prism:doi", i.doi)
        + _creators(i)
        + f"<pubDate>{format_datetime(i.published)}</pubDate></item>\n"
        for i in items
    )
    return (
        f'{_XML}<rss version="2.0" {_NAMESPACES}><channel><title>A flaky journal</title><link>{escape(url)}</link>'
        f"<description>Generated</description>\n{body}</channel></rss>\n"
    )


def rdf(items: Sequence[Item], url: str, query: Query) -> str:
    """RSS 1.0, as Nature and bioRxiv have it."""
    toc = "".join(f"<rdf:li rdf:resource={quoteattr(i.link or i.guid)}/>" for i in items)
    body = "".join(
        f"<item rdf:about={quoteattr(i.link or i.guid)}>"
        + _tag("title", i.title)
        + _tag("link", i.link)
        + _tag("description", i.abstract)
        + _tag("dc:identifier", f"doi:{i.doi}" if i.doi else "")
        + _creators(i)
        + f"<dc:date>{i.published.date()}</dc:date></item>\n"
        for i in items
    )
    return (
        f'{_XML}<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" '
        f"{_NAMESPACES}><channel rdf:about={quoteattr(url)}><title>A flaky archive</title><link>{escape(url)}</link>"
        f"<description>Generated</description><items><rdf:Seq>{toc}</rdf:Seq></items></channel>\n{body}</rdf:RDF>\n"
    )


def atom(items: Sequence[Item], url: str, query: Query) -> str:
    """Atom 1.0, as publishers and blogs have it."""
    body = "".join(
        "<entry>"
        + _tag("id", i.guid)
        + _tag("title", i.title)
        + (f"<link rel='alternate' href={quoteattr(i.link)}/>" if i.link else "")
        + _tag("summary", i.abstract)
        + "".join(f"<author>{_tag('name', name)}</author>" for name in i.authors)
        + _tag("dc:identifier", f"doi:{i.doi}" if i.doi else "")
        + f"<published>{i.published.isoformat()}</published><updated>{i.published.isoformat()}</updated></entry>\n"
        for i in items
    )
    return (
        f'{_XML}<feed xmlns="http://www.w3.org/2005/Atom" {_NAMESPACES}><title>A flaky publisher</title>'
        f"<id>{escape(url)}</id><updated>{EPOCH.isoformat()}</updated>\n{body}</feed>\n"
    )


def json_feed(items: Sequence[Item], url: str, query: Query) -> str:
    """JSON Feed 1.1."""
    entries = [
        {
            "id": i.guid or i.link,
            "title": i.title,
            "content_text": i.abstract,
            "url": i.link,
            **({"external_url": f"https://doi.org/{i.doi}"} if i.doi else {}),
            "authors": [{"name": name} for name in i.authors],
            "date_published": i.published.isoformat(),
        }
        for i in items
    ]
    head = {"version": "https://jsonfeed.org/version/1.1", "title": "A flaky blog", "feed_url": url}
    return json.dumps({**head, "items": entries}, ensure_ascii=False)


def arxiv_rss(items: Sequence[Item], url: str, query: Query) -> str:
    """A day of rss.arxiv.org."""
    listed = max((i.published for i in items), default=EPOCH)
    body = "".join(
        f"<item>{_tag('title', i.title)}<link>https://arxiv.org/abs/{i.arxiv}</link>"
        f"<description>arXiv:{i.arxiv}v{i.version} Announce Type: {i.announce} \n"
        f"Abstract: {escape(i.abstract)}</description>"
        f'<guid isPermaLink="false">oai:arXiv.org:{i.arxiv}v{i.version}</guid>'
        + "".join(_tag("category", c) for c in i.categories)
        + f"<pubDate>{format_datetime(i.published)}</pubDate><arxiv:announce_type>{i.announce}</arxiv:announce_type>"
        f"<dc:creator>{escape(', '.join(i.authors))}</dc:creator>{_tag('arxiv:DOI', i.doi)}</item>\n"
        for i in items
    )
    return (
        "<?xml version='1.0' encoding='UTF-8'?>\n"
        '<rss xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns:dc="http://purl.org/dc/elements/1.1/" '
        'xmlns:atom="http://www.w3.org/2005/Atom" version="2.0"><channel>'
        f"<title>cs.LG updates on arXiv.org</title><link>http://rss.arxiv.org/rss/cs.LG</link>"
        f"<description>cs.LG updates on the arXiv.org e-print archive.</description>"
        f"<lastBuildDate>{format_datetime(listed)}</lastBuildDate><pubDate>{format_datetime(listed)}</pubDate>\n"
        f"{body}</channel></rss>\n"
    )


def arxiv_api(items: Sequence[Item], url: str, query: Query) -> str:
    """A page of export.arxiv.org/api/query, by `start` and `max_results`."""
    start, most = int(query.get("start", 0)), int(query.get("max_results", 10))
    page = items[start : start + most]
    body = "".join(
        f"<entry><id>http://arxiv.org/abs/{i.arxiv}v{i.version}</id>{_tag('title', i.title)}"
        f"<updated>{i.published:%Y-%m-%dT%H:%M:%SZ}</updated><published>{i.published:%Y-%m-%dT%H:%M:%SZ}</published>"
        f"{_tag('summary', i.abstract)}"
        + "".join(f"<author>{_tag('name', name)}</author>" for name in i.authors)
        + f'<link href="https://arxiv.org/abs/{i.arxiv}v{i.version}" rel="alternate" type="text/html"/>'
        + "".join(f'<category term="{c}" scheme="http://arxiv.org/schemas/atom"/>' for c in i.categories)
        + f'<arxiv:primary_category term="{i.categories[0]}"/></entry>\n'
        for i in page
    )
    return (
        f"{_XML}<feed xmlns:opensearch='http://a9.com/-/spec/opensearch/1.1/' "
        "xmlns:arxiv='http://arxiv.org/schemas/atom' xmlns='http://www.w3.org/2005/Atom'>"
        f"<id>https://arxiv.org/api/flaky</id><title>arXiv Query</title><updated>{EPOCH.isoformat()}</updated>"
        f"<opensearch:itemsPerPage>{most}</opensearch:itemsPerPage>"
        f"<opensearch:totalResults>{len(items)}</opensearch:totalResults>"
        f"<opensearch:startIndex>{start}</opensearch:startIndex>\n{body}</feed>\n"
    )


_OAI_PAGE: Final = 100


def arxiv_oai(items: Sequence[Item], url: str, query: Query) -> str:
    """A page of ListRecords in arXiv's own metadata, by resumption token; `token/100` goes on with record 100."""
    start = int(query.get("resumptionToken", "token/0").rpartition("/")[2])
    page, after = items[start : start + _OAI_PAGE], start + _OAI_PAGE
    body = "".join(
        f"<record><header><identifier>oai:arXiv.org:{i.arxiv}</identifier><datestamp>{i.published.date()}</datestamp>"
        "<setSpec>cs:cs:LG</setSpec></header><metadata>"
        f'<arXiv xmlns="http://arxiv.org/OAI/arXiv/"><id>{i.arxiv}</id><created>{i.published.date()}</created><authors>'
        + "".join(
            f"<author>{_tag('keyname', name.split()[-1])}{_tag('forenames', name.split()[0])}</author>"
            for name in i.authors
        )
        + f"</authors>{_tag('title', i.title)}<categories>{' '.join(i.categories)}</categories>"
        f"{_tag('doi', i.doi)}{_tag('abstract', i.abstract)}</arXiv></metadata></record>\n"
        for i in page
    )
    more = f"token/{after}" if after < len(items) else ""
    token = f'<resumptionToken cursor="{start}" completeListSize="{len(items)}">{more}</resumptionToken>'
    content = f"<ListRecords>{body}{token}</ListRecords>" if items else '<error code="noRecordsMatch">none</error>'
    return (
        f'{_XML}<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><responseDate>{EPOCH:%Y-%m-%dT%H:%M:%SZ}'
        f'</responseDate><request verb="ListRecords" metadataPrefix="arXiv">{escape(url)}</request>{content}</OAI-PMH>'
    )


FORMATS: Final[Mapping[str, tuple[str, Format]]] = {
    "rss": ("application/rss+xml", rss),
    "rdf": ("application/rdf+xml", rdf),
    "atom": ("application/atom+xml", atom),
    "json": ("application/feed+json", json_feed),
    "arxiv": ("application/rss+xml", arxiv_rss),
    "api": ("application/atom+xml", arxiv_api),
    "oai": ("text/xml", arxiv_oai),
}
"""Extension of a path → its content type, and what writes it."""
