"""What a library throws becomes a sentence about one source, one paper, one mail; all others are done."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, NoReturn

import httpx2
import pytest

from digest.app.usecases import examine, on_demand
from digest.core.errors import ConfigError, DigestError, LLMError, SourceError
from digest.core.models import DeliveryState
from digest.core.walls import foreign, wall
from digest.llm import tokens
from digest.llm.openai import OpenAILLM
from digest.publish.render import Templates
from digest.sources.door.http import Door
from digest.sources.door.politeness import HostPoliteness
from tests.conftest import paper
from tests.support.clients import NOWHERE, prompt
from tests.support.desk import CONFIG, Desk

DAY = date(2026, 6, 3)


class ExoticError(Exception):
    """Of no kind that anybody announced."""


class PanicException(BaseException):
    """As the libraries written in Rust throw it."""

    __module__ = "pyo3_runtime"


class OursError(DigestError):
    """What a wall makes of it."""


THROWN = [ExoticError("strange"), PanicException("strange"), RecursionError("strange"), IndexError("strange")]


def throwing(error: BaseException) -> Callable[..., NoReturn]:
    """A function of a library that trips over whatever it is given."""

    def library(*_: object, **__: object) -> NoReturn:
        raise error

    return library


def of_ours(statement: str) -> Callable[[], object]:
    """A function as it would stand in this package."""
    names: dict[str, Any] = {"__name__": "digest.fake", "DigestError": DigestError}
    exec(f"def function():\n    {statement}", names)
    function: Callable[[], object] = names["function"]
    return function


# -- the wall itself


@pytest.mark.parametrize("error", THROWN, ids=lambda e: type(e).__name__)
@pytest.mark.parametrize("around", [foreign, wall])
def test_what_a_library_throws_is_a_sentence_of_ours(around: Any, error: BaseException) -> None:
    built = around("the library", OursError) if around is foreign else around(OursError)

    with pytest.raises(OursError, match=f"failed over it \\({type(error).__name__}: strange\\)") as caught, built:
        throwing(error)()

    assert caught.value.__cause__ is error


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(2), MemoryError(), SourceError("said already")])
@pytest.mark.parametrize("around", [foreign, wall])
def test_a_stop_and_our_own_errors_go_through_a_wall(around: Any, error: BaseException) -> None:
    built = around("the library", OursError) if around is foreign else around(OursError)

    with pytest.raises(type(error)) as caught, built:
        throwing(error)()

    assert caught.value is error


@pytest.mark.parametrize(
    ("statement", "kind"),
    [("int('x')", ValueError), ("[][0]", IndexError), ("None.x", AttributeError), ("raise RuntimeError", RuntimeError)],
)
def test_a_bug_of_our_own_goes_through_a_wall(statement: str, kind: type[Exception]) -> None:
    with pytest.raises(kind), wall(OursError):
        of_ours(statement)()


@pytest.mark.parametrize("statement", ["import zlib; zlib.decompress(b'x')", "return function()"])
def test_what_c_throws_without_a_frame_and_what_was_nested_too_deeply_do_not(statement: str) -> None:
    with pytest.raises(OursError), wall(OursError):
        of_ours(statement)()


def test_what_a_library_announces_is_left_to_the_caller() -> None:
    with pytest.raises(ExoticError), foreign("it", OursError, announced=(ExoticError,)):
        throwing(ExoticError())()


def test_what_a_library_says_is_short_and_on_one_line() -> None:
    with pytest.raises(OursError) as caught, wall(OursError):
        throwing(ExoticError("a\x1b[31m line\nand " + "more " * 1000))()

    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 250


# -- each source

TWO_SOURCES = CONFIG.replace("[[edition]]", '[[source]]\nname = "Other"\n{other}\n\n[[edition]]')
RSS = "<rss version='2.0'><channel><item><title>A paper on things</title><description>Words.</description></item>"
ATOM = "<feed xmlns='http://www.w3.org/2005/Atom'><title>arXiv</title></feed>"


@pytest.mark.parametrize("error", THROWN, ids=lambda e: type(e).__name__)
@pytest.mark.parametrize(
    ("other", "content", "library"),
    [
        ('kind = "feed"\nurl = "other.xml"', RSS + "</channel></rss>", "feedparser.parse"),
        ('kind = "arxiv"\ncategories = ["cs.LG"]\nurl = "other.xml"', ATOM, "lxml.etree.fromstring"),
        ('kind = "pubmed"\nsearch = "x"\nurl = "other.xml"', "<PubmedArticleSet/>", "lxml.etree.fromstring"),
    ],
)
def test_a_source_whose_parser_throws_ends_no_run(
    other: str, content: str, library: str, error: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(tmp_path, TWO_SOURCES.replace("{other}", other))
    desk.feed(DAY, [paper(n) for n in range(1, 4)])
    (tmp_path / "other.xml").write_text("<?xml version='1.0' encoding='iso-8859-2'?>" + content, encoding="ascii")
    monkeypatch.setattr(library, throwing(error))

    [report] = desk.run(DAY)

    assert report.status == "degraded"
    assert len(desk.printed(DAY)) == 3
    [said] = [s.error for s in report.sources if s.name == "Other"]
    assert said


# -- each paper on demand


GOOD = "<html><title>A good paper on things</title><h1>Abstract</h1><p>Words of it.</p></html>"
BAD = GOOD.replace("good", "poisonous")


def trips_over(word: str, error: BaseException, library: Callable[..., Any]) -> Callable[..., Any]:
    """A library that cannot bear a certain document."""

    def tripping(content: Any, *args: Any, **more: Any) -> Any:
        if word.encode() in content:
            raise error
        return library(content, *args, **more)

    return tripping


@pytest.mark.parametrize("error", THROWN, ids=lambda e: type(e).__name__)
def test_one_paper_on_demand_that_a_library_cannot_bear_leaves_the_others(
    error: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lxml import html

    monkeypatch.setattr(html, "document_fromstring", trips_over("poisonous", error, html.document_fromstring))
    (tmp_path / "good.html").write_text(GOOD)
    (tmp_path / "bad.html").write_text(BAD)

    with Desk(tmp_path).app() as app:
        bad, good = on_demand(app).summarize([str(tmp_path / "bad.html"), str(tmp_path / "good.html")]).answers

    assert good.summary is not None
    assert bad.summary is None
    assert str(bad.error).startswith(f"{tmp_path / 'bad.html'}: ")
    assert "strange" in str(bad.error)


def test_an_interest_that_leads_to_a_poisonous_paper_ends_no_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(tmp_path, CONFIG + 'interests = ["https://example.org/poisonous", "https://example.org/good"]\n')
    desk.feed(DAY, [paper(n) for n in range(1, 4)])
    pages = {"poisonous": BAD, "good": GOOD}
    from lxml import html

    def get(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, text=pages[request.url.path.strip("/")])

    monkeypatch.setattr(
        html, "document_fromstring", trips_over("poisonous", ExoticError("strange"), html.document_fromstring)
    )

    with desk.app() as app:
        app.door = Door(base=app.config.base, transport=httpx2.MockTransport(get), politeness=HostPoliteness(gap_s=0))
        [report] = app.run((), DAY)

    assert len(desk.printed(DAY)) == 3
    assert any("poisonous" in warning and "strange" in warning for warning in report.warnings)


@pytest.mark.parametrize("error", THROWN, ids=lambda e: type(e).__name__)
def test_a_library_of_citations_that_its_parser_cannot_bear_stops_the_run_with_a_sentence(
    error: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(tmp_path, CONFIG + 'interests = ["mine.bib"]\n')
    (tmp_path / "mine.bib").write_text("@article{a, title = {On things}}")
    monkeypatch.setattr("bibtexparser.entrypoint.parse_string", throwing(error))

    with pytest.raises(ConfigError, match=r"interests: .*cannot be read.*strange"):
        desk.run(DAY)


# -- each mail, and the pages


@pytest.mark.parametrize("error", THROWN, ids=lambda e: type(e).__name__)
def test_one_mail_that_cannot_be_composed_leaves_the_others_and_stays_due(
    error: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from digest.publish.mail import written

    def for_bob(recipient: str) -> str:
        if recipient == "bob@example.org":
            raise error
        return written(recipient)

    three = '["ada@example.org", "bob@example.org", "eve@example.org"]'
    desk = Desk(tmp_path, CONFIG.replace('["ada@example.org"]', three))
    desk.feed(DAY, [paper(1)])
    with monkeypatch.context() as patched:
        patched.setattr("digest.publish.mail.written", for_bob)
        [report] = desk.run(DAY)

    assert len(desk.outbox) == 2
    assert any(w.startswith("bob@example.org: the mail could not be composed: ") for w in report.warnings)
    with desk.app() as app:
        states = {d.recipient: d.state for d in app.store.deliveries("daily", DAY)}
    assert states["bob@example.org"] is DeliveryState.DUE

    desk.run(DAY)

    assert len(desk.outbox) == 3


@pytest.mark.parametrize("error", THROWN, ids=lambda e: type(e).__name__)
def test_pages_that_cannot_be_drawn_keep_no_mail(error: BaseException, tmp_path: Path) -> None:
    class Broken:
        stale = draw = staticmethod(throwing(error))

    desk = Desk(tmp_path)
    desk.feed(DAY, [paper(1)])
    with desk.app() as app:
        app.drawing = replace(app.drawing, archive=Broken())
        [report] = app.run((), DAY)

    assert report.site_error
    assert len(desk.outbox) == 1


@pytest.mark.parametrize(
    "mistake",
    [
        "{{ 1 / 0 }}",
        "{{ 'x' + 1 }}",
        "{{ none() }}",
        "{{ range(10 ** 9) }}",
        "{% include 'broken.html' %}",
        "{{ 7|fill }}",
    ],
)
def test_a_mistake_in_a_template_of_ones_own_is_a_sentence(mistake: str, tmp_path: Path) -> None:
    (tmp_path / "broken.html").write_text(mistake)

    with pytest.raises(ConfigError, match=r"template broken\.html"):
        Templates([tmp_path]).html("broken.html")


# -- the model


@pytest.mark.parametrize("error", THROWN, ids=lambda e: type(e).__name__)
def test_what_the_sdk_throws_besides_its_own_errors_is_one_of_ours(
    error: BaseException, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("openai.OpenAI.post", throwing(error))
    llm = OpenAILLM("m", api_key="none", base_url=NOWHERE)

    with pytest.raises(LLMError, match="strange") as caught:
        llm.complete(prompt())

    assert caught.value.may_be_billed


@pytest.mark.parametrize("error", THROWN, ids=lambda e: type(e).__name__)
@pytest.mark.parametrize("library", ["openai.OpenAI.post", "openai.OpenAI.__init__"])
def test_a_run_whose_model_cannot_be_asked_prints_extracts_and_leaves_nothing_open(
    library: str, error: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    llm = f'\n[llm]\nclient = "openai"\nmodel = "m"\nbase_url = "{NOWHERE}"\n'
    desk = Desk(tmp_path, CONFIG + llm)
    desk.feed(DAY, [paper(n) for n in range(1, 4)])
    monkeypatch.setattr(library, throwing(error))

    [report] = desk.run(DAY)

    assert (report.usage.fell_back, len(desk.printed(DAY))) == (3, 3)
    assert any("strange" in warning for warning in report.warnings)


@pytest.mark.parametrize("error", THROWN, ids=lambda e: type(e).__name__)
def test_a_vocabulary_that_cannot_be_loaded_leaves_the_upper_bound(
    error: BaseException, monkeypatch: pytest.MonkeyPatch
) -> None:
    bpe_openai = pytest.importorskip("bpe_openai")
    tokens.counter.cache_clear()
    monkeypatch.setattr(bpe_openai, "get_encoding", throwing(error))
    monkeypatch.setattr(tokens, "_is_cached", lambda _: True)
    monkeypatch.setattr("tiktoken.get_encoding", throwing(error))

    try:
        counted = tokens.counter("gpt-5-mini")
    finally:
        tokens.counter.cache_clear()

    assert counted.is_bound


@pytest.mark.parametrize("error", THROWN, ids=lambda e: type(e).__name__)
def test_a_text_that_the_vocabulary_cannot_count_gets_the_upper_bound(
    error: BaseException, monkeypatch: pytest.MonkeyPatch
) -> None:
    bpe_openai = pytest.importorskip("bpe_openai")

    class Vocabulary:
        def encode_ordinary(self, text: str) -> list[int]:
            return [] if not text else throwing(error)()

    monkeypatch.setattr(bpe_openai, "get_encoding", lambda _: Vocabulary())
    tokens.counter.cache_clear()
    try:
        counted = tokens.counter("gpt-5-mini")
    finally:
        tokens.counter.cache_clear()

    assert counted("some words") == tokens.at_most("some words")


# -- what is looked at, and what was written by others


def test_one_examination_that_trips_leaves_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(tmp_path)
    monkeypatch.setattr("shutil.disk_usage", throwing(ExoticError("strange")))

    with desk.app() as app:
        found = {f.subject: f for f in examine(tmp_path / "config.toml", app.host, offline=True)}

    assert found["data folder"].level == "wrong"
    assert "strange" in found["data folder"].said
    assert found["database"].level == "good"


@pytest.mark.parametrize("value", ["[" * 5_000 + "]" * 5_000, "9" * 5_000], ids=["nested", "a number without end"])
@pytest.mark.parametrize("where", ["config.toml", "taxonomy.toml"])
def test_a_file_of_settings_that_nests_too_deeply_is_a_sentence(where: str, value: str, tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.feed(DAY, [paper(1)])
    if where == "config.toml":
        (tmp_path / where).write_text(f"{CONFIG}\n[topics]\nx = {value}\n")
    else:
        (tmp_path / where).write_text(f"x = {value}\n")

    with pytest.raises(ConfigError, match=where.partition(".")[0]):
        desk.run(DAY)


def test_a_recorded_answer_that_nests_too_deeply_is_counted_as_damaged(tmp_path: Path) -> None:
    from digest.llm.replay import ReplayLLM

    (tmp_path / "answers.jsonl").write_text("[" * 100_000 + "\n" + json.dumps({"no": "answer"}) + "\n")

    assert ReplayLLM(tmp_path / "answers.jsonl", model="m").damaged == 2
