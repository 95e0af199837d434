"""The tables as queries use them. `migrations.py` creates them, and a test checks that both agree.

    document ◄── cache               edition    backoff
       ▲                                                    summary    meta    migration
    reading ◄── rejected     vote            told         overview   failed_check ──► request ──► handover   learned
       ▲                      ▼                ▼
    record ──► paper ◄── alias       considered ──► issue ◄── delivery   (lease  summary_claim  turn  limits)
                  ▲──────────────────────┘           sketch    interest
                  └── feedback                 subscriber ◄── subscription ◄── delivery, subscription_library, notice
                                               picks ◄── delivery      picked  forgotten  bounce  attempt  pace

Texts, days and moments are kept so that both databases give back what was put in, and a person can read them with
`sqlite3` or `psql`: lists are JSON, days are dates, moments are UTC.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Dialect,
    ForeignKey,
    ForeignKeyConstraint,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)


class Plain(TypeDecorator[str]):
    """Any text. What a database can't hold, NUL in Postgres and half a surrogate pair in both, becomes `\\ufffd`."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 -- SQLAlchemy's signature
        """The value as the database stores it."""
        return None if value is None else storable(value)


class Json(TypeDecorator[Any]):
    """A JSON value, as text: compact, and with its letters unescaped, for people and for the search index."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str:  # noqa: ARG002 -- SQLAlchemy's signature
        """The value as the database stores it."""
        return storable(json.dumps(value, ensure_ascii=False, separators=(",", ":")))

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ARG002 -- SQLAlchemy's signature
        """The value out of what the database gives."""
        return None if value is None else json.loads(value)


class Instant(TypeDecorator[datetime]):
    """An aware moment. It is stored in UTC; in SQLite, which has no time zones, without saying so."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """The value as the database stores it."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a moment without a time zone can't be stored: {value!r}")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """The value out of what the database gives."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


def storable(text: str) -> str:
    """*text* as both databases can hold it; almost always the same object."""
    if "\0" in text:
        text = text.replace("\0", "\ufffd")
    try:
        text.encode()
    except UnicodeEncodeError:
        return "".join("\ufffd" if "\ud800" <= c <= "\udfff" else c for c in text)
    return text


metadata = MetaData()

meta = Table("meta", metadata, Column("key", Plain, primary_key=True), Column("value", Plain, nullable=False))

migration = Table(
    "migration",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("name", Plain, nullable=False),
    Column("applied_at", Instant, nullable=False),
)

edition = Table("edition", metadata, Column("name", Plain, primary_key=True), Column("since_day", Date, nullable=False))

document = Table(
    "document",
    metadata,
    Column("sha256", Plain, primary_key=True),
    Column("content", LargeBinary, nullable=False),  # zlib
    Column("size_bytes", BigInteger, nullable=False),
)

cache = Table(
    "cache",
    metadata,
    Column("url", Plain, primary_key=True),
    Column("etag", Plain),
    Column("last_modified", Plain),
    Column("sha256", Plain, ForeignKey(document.c.sha256), nullable=False),
)

reading = Table(
    "reading",
    metadata,
    Column("source", Plain, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("state", Plain, nullable=False),
    Column("listed", Integer, nullable=False),
    Column("never_seen", Integer, nullable=False),
    Column("rejected", Integer, nullable=False),
    Column("expected", Integer),
    Column("error", Plain),  # null if and only if the list could be read
    Column("read_on", Date),  # the day of the run that read it; null for the list's own day
    Column("had_failed", Boolean, nullable=False),  # at first it could not be read, whatever came of it later
    Column("gap", Integer, nullable=False),  # items that should be there and could not be found
    Column("is_partial", Boolean, nullable=False),  # a part of it is an earlier list: it is asked again
    Column("is_open", Boolean, nullable=False),  # the list still grew when it was read
    Column("note", Plain),  # what is to be said of a list that could be read
)

reading_document = Table(
    "reading_document",
    metadata,
    Column("source", Plain, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("url", Plain, primary_key=True),
    Column("sha256", Plain, ForeignKey(document.c.sha256), primary_key=True),
    Column("at", Instant, nullable=False),
    ForeignKeyConstraint(["source", "day"], ["reading.source", "reading.day"]),
)

rejected = Table(
    "rejected",
    metadata,
    Column("source", Plain, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("n", Integer, primary_key=True),
    Column("reason", Plain, nullable=False),
    Column("excerpt", Plain, nullable=False),
    ForeignKeyConstraint(["source", "day"], ["reading.source", "reading.day"]),
)

paper = Table(
    "paper",
    metadata,
    Column("pk", BigInteger, primary_key=True, autoincrement=False),
    Column("id", Plain, nullable=False, unique=True),
    Column("title", Plain, nullable=False),
    Column("abstract", Plain, nullable=False),
    Column("authors", Json, nullable=False),
    Column("url", Plain, nullable=False),
    Column("links", Json, nullable=False),
    Column("published", Instant),
    Column("updated", Instant),
    Column("version", Integer),
    Column("categories", Json, nullable=False),
    Column("keywords", Json, nullable=False),
    Column("withdrawn", Boolean, nullable=False),
    Column("kind", Plain, nullable=False),
    Column("corrects", Json, nullable=False),
    Column("venue", Plain, nullable=False),
    Column("issn", Json, nullable=False),
    Column("language", Plain, nullable=False),
    Column("italics", Json, nullable=False),
    Column("title_key", Plain, nullable=False),
    Column("first_seen", Date, nullable=False),
)

alias = Table(
    "alias",  # every id of every paper, the canonical one included
    metadata,
    Column("id", Plain, primary_key=True),
    Column("paper_pk", BigInteger, ForeignKey(paper.c.pk), nullable=False),
    Column("reason", Plain, nullable=False),
    Column("since", Date, nullable=False),
)

sketch = Table(
    "sketch",  # by which words of a paper it is found; no foreign key, for that would need an index of twice the size
    metadata,
    Column("key", BigInteger, primary_key=True, autoincrement=False),
    Column("paper_pk", BigInteger, primary_key=True, autoincrement=False),
)

part = Table(
    "part",  # what the records of one canonical id said, of papers that were joined out of several
    metadata,
    Column("paper_pk", BigInteger, ForeignKey(paper.c.pk), primary_key=True),
    Column("id", Plain, primary_key=True),
    Column("body", Json, nullable=False),
)

part_listing = Table(
    "part_listing",  # which lists had that part of the paper
    metadata,
    Column("paper_pk", BigInteger, ForeignKey(paper.c.pk), primary_key=True),
    Column("id", Plain, primary_key=True),
    Column("source", Plain, primary_key=True),
    Column("day", Date, primary_key=True),
)

kept_apart = Table(
    "kept_apart",  # ids of two papers that a person took apart; each pair stands in both orders
    metadata,
    Column("id", Plain, primary_key=True),
    Column("other", Plain, primary_key=True),
    Column("since", Date, nullable=False),
)

record = Table(
    "record",
    metadata,
    Column("source", Plain, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("paper_pk", BigInteger, ForeignKey(paper.c.pk), primary_key=True),
    Column("position", Integer, nullable=False),
    Column("version", Integer),
    Column("announcement", Plain),
    Column("is_news", Boolean, nullable=False),
    Column("upvotes", BigInteger),
    Column("comments", BigInteger),
    Column("stars", BigInteger),
    ForeignKeyConstraint(["source", "day"], ["reading.source", "reading.day"], deferrable=True, initially="DEFERRED"),
)

vote = Table(
    "vote",  # what readers elsewhere thought of a paper, each day it was looked at
    metadata,
    Column("source", Plain, primary_key=True),
    Column("paper_pk", BigInteger, ForeignKey(paper.c.pk), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("upvotes", BigInteger),
    Column("comments", BigInteger),
    Column("stars", BigInteger),
)

backoff = Table(
    "backoff",  # sources that answer with errors, and when they may be asked again
    metadata,
    Column("source", Plain, primary_key=True),
    Column("address", Plain, nullable=False),  # as configured: another address is another chance
    Column("failures", Integer, nullable=False),
    Column("not_before", Instant),
    Column("is_gone", Boolean, nullable=False),
    Column("error", Plain, nullable=False),
)

summary = Table(
    "summary",
    metadata,
    Column("content", Plain, primary_key=True),
    Column("client", Plain, primary_key=True),
    Column("model", Plain, primary_key=True),
    Column("prompt", Plain, primary_key=True),
    Column("language", Plain, primary_key=True),
    Column("stood_in_on", Plain, primary_key=True),  # of an extract in a summary's place, its day; else empty
    Column("body", Json, nullable=False),
)

summary_claim = Table(
    "summary_claim",  # who is asking a model for which summary; see `leases.py` for how long that holds
    metadata,
    Column("content", Plain, primary_key=True),
    Column("client", Plain, primary_key=True),
    Column("model", Plain, primary_key=True),
    Column("prompt", Plain, primary_key=True),
    Column("language", Plain, primary_key=True),
    Column("owner", Plain, nullable=False),
)

overview = Table(
    "overview",
    metadata,
    Column("content", Plain, primary_key=True),
    Column("client", Plain, primary_key=True),
    Column("model", Plain, primary_key=True),
    Column("prompt", Plain, primary_key=True),
    Column("language", Plain, primary_key=True),
    Column("body", Json, nullable=False),
)

handover = Table(
    "handover",  # requests given to a provider's Batch API together, to be collected later
    metadata,
    Column("pk", BigInteger, primary_key=True),
    Column("name", Plain, nullable=False, unique=True),
    Column("provider_id", Plain),
    Column("state", Plain, nullable=False),
    Column("edition", Plain, nullable=False),
    Column("date", Date, nullable=False),
    Column("language", Plain, nullable=False),
    Column("client", Plain, nullable=False),
    Column("model", Plain, nullable=False),
    Column("prompt", Plain, nullable=False),
    Column("submitted_at", Instant, nullable=False),
    Column("prompts", Json, nullable=False),  # empty for a handover that is over
)

request = Table(
    "request",  # in billionths of a dollar, as integers: sums of them are exact, and so is a budget
    metadata,
    Column("pk", BigInteger, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("run", Plain, nullable=False),
    Column("edition", Plain, nullable=False),
    Column("client", Plain, nullable=False),
    Column("model", Plain, nullable=False),
    Column("prompt", Plain, nullable=False),
    Column("purpose", Plain, nullable=False),
    Column("mode", Plain, nullable=False),
    Column("handover_pk", BigInteger, ForeignKey(handover.c.pk)),
    Column("papers", Integer, nullable=False),
    Column("summaries", Integer, nullable=False),
    Column("input_tokens", BigInteger, nullable=False),
    Column("cached_tokens", BigInteger, nullable=False),
    Column("output_tokens", BigInteger, nullable=False),
    Column("reserved_nano_usd", BigInteger),  # the most it can cost; null if the model has no price
    Column("cost_nano_usd", BigInteger),  # null if it is not known (yet): then what is reserved counts
    Column("outcome", Plain),  # null as long as nothing is known of it
)

failed_check = Table(
    "failed_check",  # how many of a request's papers a check refused
    metadata,
    Column("request_pk", BigInteger, ForeignKey(request.c.pk), primary_key=True),
    Column("name", Plain, primary_key=True),
    Column("papers", Integer, nullable=False),
)

learned = Table(
    "learned",  # what was found out about a model's server
    metadata,
    Column("server", Plain, primary_key=True),
    Column("what", Json, nullable=False),
    Column("at", Instant, nullable=False),
)

issue = Table(
    "issue",
    metadata,
    Column("edition", Plain, primary_key=True),
    Column("date", Date, primary_key=True),
    Column("body", Json, nullable=False),
    Column("entries", Integer, nullable=False),
    Column("built_at", Instant, nullable=False),
    Column("readers_at", Instant),  # when all that readers get of it was made; null: some may lack theirs
)

considered = Table(
    "considered",  # what an issue decided about a paper: `entry` or `cut`
    metadata,
    Column("edition", Plain, primary_key=True),
    Column("paper_pk", BigInteger, ForeignKey(paper.c.pk), primary_key=True),
    Column("date", Date, primary_key=True),
    Column("kind", Plain, nullable=False),
    Column("reason", Plain, nullable=False),
    Column("upvotes", BigInteger),
    Column("comments", BigInteger),
    Column("stars", BigInteger),
    Column("version", Integer),
    Column("withdrawn", Boolean),
    ForeignKeyConstraint(["edition", "date"], ["issue.edition", "issue.date"]),
)

told = Table(
    "told",  # which changes of printed papers an edition has said; of a revision, which version
    metadata,
    Column("edition", Plain, primary_key=True),
    Column("paper_pk", BigInteger, ForeignKey(paper.c.pk), primary_key=True),
    Column("what", Plain, primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("date", Date, nullable=False),
)

interest = Table(
    "interest",  # papers that an edition's interests name and no source listed: fetched once, and kept for good
    metadata,
    Column("id", Plain, primary_key=True),
    Column("body", Json, nullable=False),
    Column("at", Instant, nullable=False),
)

feedback = Table(
    "feedback",  # what readers said of a paper: 1 for more like it, -1 for less
    metadata,
    Column("edition", Plain, primary_key=True),
    Column("reader", Plain, primary_key=True),  # empty for the operator
    Column("paper_pk", BigInteger, ForeignKey(paper.c.pk), primary_key=True),
    Column("value", Integer, nullable=False),
    Column("at", Instant, nullable=False),
)

lease = Table(
    "lease",  # who may do a thing until when; `owner:TOKEN` says how long what TOKEN has claimed is its own
    metadata,
    Column("name", Plain, primary_key=True),
    Column("owner", Plain, nullable=False),  # a random token, made when a store is opened
    Column("until", Instant, nullable=False),
)

turn = Table(
    "turn",  # whose turn it is at a service that asks for one request at a time of all machines together
    metadata,
    Column("queue", Plain, primary_key=True),
    Column("owner", Plain),  # null while no request runs
    Column("ended_at", Instant),
)

limits = Table(
    "limits",  # what a model's provider lets through, and what is under way there
    metadata,
    Column("server", Plain, primary_key=True),
    Column("state", Json, nullable=False),
)

delivery = Table(
    "delivery",
    metadata,
    Column("id", BigInteger, primary_key=True),
    Column("edition", Plain, nullable=False),
    Column("date", Date, nullable=False),
    Column("recipient", Plain, nullable=False),
    Column("state", Plain, nullable=False),
    Column("message_id", Plain, nullable=False),
    Column("queued_at", Instant, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("error", Plain),
    Column("claimed_by", Plain),  # the owner who has it in hand, or had
    Column("claimed_at", Instant),  # of one that was sent, the moment at which it was
    Column(
        "channel", Plain, nullable=False, server_default="mail"
    ),  # `mail`; `feed` for readers without mails; the kind of a hook
    Column("subscription_pk", BigInteger, ForeignKey("subscription.pk")),  # null for hooks
    Column("picks_pk", BigInteger, ForeignKey("picks.pk")),  # null where it is the edition's own issue
    Column("due_at", Instant),  # not before; null: at once
    Column("put_off_since", Instant),  # when the server said first that it takes it later
    UniqueConstraint("edition", "date", "recipient"),
    ForeignKeyConstraint(["edition", "date"], ["issue.edition", "issue.date"]),
)

subscriber = Table(
    "subscriber",
    metadata,
    Column("pk", BigInteger, primary_key=True),
    Column("address", Plain, nullable=False),
    Column("key", Plain, nullable=False, unique=True),  # equal for addresses of one mailbox
    Column("state", Plain, nullable=False),
    Column("since", Instant, nullable=False),
    Column("origin", Plain, nullable=False),
    Column("links", Integer, nullable=False),  # raised, all links mailed before are void
    Column("soft_bounces", Integer, nullable=False),
    Column("soft_on", Date),  # the issue of the last of them
)

subscription = Table(
    "subscription",
    metadata,
    Column("pk", BigInteger, primary_key=True),
    Column("subscriber_pk", BigInteger, ForeignKey(subscriber.c.pk), nullable=False),
    Column("edition", Plain, nullable=False),
    Column("cadence", Plain, nullable=False),
    Column("since", Instant, nullable=False),
    Column("confirmed_at", Instant),
    Column("stopped_at", Instant),
    Column("paused_until", Date),
    Column("interests", Json, nullable=False),
    Column("avoid", Json, nullable=False),
    Column("lead", Integer),
    Column("max_papers", Integer),
    Column("language", Plain, nullable=False),
    Column("zone", Plain, nullable=False),
    Column("feed", Integer, nullable=False),  # raised, the private feed has a new address
    Column("covered_until", Date),
    Column("is_listed", Boolean, nullable=False),  # it holds as long as config.toml lists the address
    UniqueConstraint("subscriber_pk", "edition"),
)

subscription_library = Table(
    "subscription_library",  # files of papers that readers uploaded
    metadata,
    Column("subscription_pk", BigInteger, ForeignKey(subscription.c.pk), primary_key=True),
    Column("name", Plain, primary_key=True),
    Column("content", LargeBinary, nullable=False),  # zlib, as it was uploaded
    Column("sha256", Plain, nullable=False),  # of the content, by which equal files are parsed once
    Column("papers", Integer, nullable=False),
    Column("at", Instant, nullable=False),
)

forgotten = Table(
    "forgotten",  # keyed hashes of addresses that may not be imported again
    metadata,
    Column("hash", Plain, primary_key=True),
    Column("since", Date, nullable=False),
)

picks = Table(
    "picks",  # a personal issue: papers with reasons and scores; readers with equal profiles share one
    metadata,
    Column("pk", BigInteger, primary_key=True),
    Column("edition", Plain, nullable=False),
    Column("date", Date, nullable=False),
    Column("profile", Plain, nullable=False),  # a hash of all that the choice depends on
    Column("language", Plain, nullable=False),
    Column("papers", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),  # zlib of JSON
    UniqueConstraint("edition", "date", "profile"),
)

picked = Table(
    "picked",  # the papers of a day's picks as they are printed, each once however many readers get it
    metadata,
    Column("edition", Plain, primary_key=True),
    Column("date", Date, primary_key=True),
    Column("language", Plain, primary_key=True),
    Column("paper_id", Plain, primary_key=True),
    Column("body", Json, nullable=False),
)

notice = Table(
    "notice",  # mails about a subscription itself: confirm, lost links, what the operator is told
    metadata,
    Column("pk", BigInteger, primary_key=True),
    Column("kind", Plain, nullable=False),
    Column("recipient", Plain, nullable=False),
    Column("subscription_pk", BigInteger, ForeignKey(subscription.c.pk)),
    Column("about", Json, nullable=False),  # what its text names
    Column("state", Plain, nullable=False),
    Column("message_id", Plain, nullable=False),
    Column("queued_at", Instant, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("error", Plain),
    Column("claimed_by", Plain),
    Column("claimed_at", Instant),
    Column("due_at", Instant),
)

bounce = Table(
    "bounce",  # reports that were read, each once however often its mailbox is
    metadata,
    Column("hash", Plain, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("kind", Plain, nullable=False),
    Column("code", Plain, nullable=False),
    Column("subscriber_pk", BigInteger, ForeignKey(subscriber.c.pk)),
    Column("edition", Plain),
    Column("date", Date),
)

attempt = Table(
    "attempt",  # how often something was tried lately, by a keyed hash of who tried it
    metadata,
    Column("what", Plain, primary_key=True),
    Column("who", Plain, primary_key=True),
    Column("since", Instant, primary_key=True),
    Column("number", Integer, nullable=False),
)

pace = Table(
    "pace",  # how a mail server lets a domain's mails through, for all processes that send
    metadata,
    Column("domain", Plain, primary_key=True),
    Column("not_before", Instant),  # until then nothing goes there; then one connection more each minute
    Column("next_at", Instant),  # when the next mail may go by the rate that is configured
    Column("reason", Plain),
)
