"""What places beside mail are posted: in the form they document, within their limits, and calling nobody."""

from __future__ import annotations

from datetime import date
from typing import Any

import html5lib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.core.issues.post import Post, PostEntry
from digest.deliver.hook_bodies import discord, encoded, matrix, ntfy, slack, teams, webhook

DAY = date(2026, 6, 3)
JOINER = "\u2060"
HOSTILE = (
    "<!channel> <!here> <@U123> <#C1|x> @everyone @here @room @all <at>All</at> [x](https://evil.example) "
    "**b** `c` ~~d~~ ||e|| <script>alert(1)</script> & <https://evil.example|ok> {{DATE()}} \n# head"
)


def entry(n: int = 1, **changes: str) -> PostEntry:
    values = {"title": f"Paper {n}", "said": f"It works {n} times.", "url": f"https://arxiv.org/abs/2603.{n:05d}"}
    return PostEntry(**{**values, **changes})


def post(*entries: PostEntry, papers: int = 12, **changes: Any) -> Post:
    values: dict[str, Any] = {
        "key": "k1",
        "title": "Research digest",
        "edition": "daily",
        "day": DAY,
        "counts": "12 of 50",
        "entries": entries or (entry(1), entry(2)),
        "papers": papers,
        "url": "https://x.org/daily/2026-06-03/index.html",
        "document": {"edition": "daily"},
    }
    return Post(**{**values, **changes})


# -- the documented forms


def test_slack_gets_blocks_and_a_text_beside_them() -> None:
    body = slack(post())

    assert [block["type"] for block in body["blocks"]] == ["header", "section", "section", "section", "section"]
    assert body["blocks"][0]["text"] == {"type": "plain_text", "text": "Research digest", "emoji": False}
    assert body["blocks"][2]["text"] == {
        "type": "mrkdwn",
        "text": "*<https://arxiv.org/abs/2603.00001|Paper 1>*\nIt works 1 times.",
        "verbatim": True,
    }
    assert body["blocks"][-1]["text"]["text"] == "<https://x.org/daily/2026-06-03/index.html|10 more>"
    assert body["text"].startswith("*Research digest*, 12 of 50\n\n*<https://arxiv.org/abs/2603.00001|Paper 1>*")
    assert (body["unfurl_links"], body["unfurl_media"]) == (False, False)


def test_discord_gets_embeds_and_may_mention_nobody() -> None:
    body = discord(post())

    assert body["content"] == (
        "**Research digest**, 12 of 50, 2026-06-03\n[10 more](https://x.org/daily/2026-06-03/index.html)"
    )
    assert body["embeds"][0] == {
        "title": "Paper 1",
        "description": r"It works 1 times\.",
        "url": "https://arxiv.org/abs/2603.00001",
    }
    assert body["allowed_mentions"] == {"parse": []}


def test_teams_gets_an_adaptive_card_in_an_attachment() -> None:
    body = teams(post())

    [attachment] = body["attachments"]
    card = attachment["content"]
    assert (body["type"], attachment["contentType"]) == ("message", "application/vnd.microsoft.card.adaptive")
    assert (card["type"], card["version"]) == ("AdaptiveCard", "1.4")
    assert [block["text"] for block in card["body"]] == [
        "Research digest",
        "12 of 50, 2026-06-03",
        "[Paper 1](https://arxiv.org/abs/2603.00001)",
        "It works 1 times.",
        "[Paper 2](https://arxiv.org/abs/2603.00002)",
        "It works 2 times.",
    ]
    assert card["actions"] == [
        {"type": "Action.OpenUrl", "title": "10 more", "url": "https://x.org/daily/2026-06-03/index.html"}
    ]


def test_ntfy_gets_topic_title_text_and_address() -> None:
    assert ntfy(post(), "papers") == {
        "topic": "papers",
        "title": "Research digest",
        "message": "12 of 50, 2026-06-03\n\nPaper 1\nIt works 1 times.\n\nPaper 2\nIt works 2 times.\n\n10 more",
        "click": "https://x.org/daily/2026-06-03/index.html",
    }


def test_matrix_gets_a_notice_in_text_and_html_that_mentions_nobody() -> None:
    body = matrix(post(entry(1)))

    assert (body["msgtype"], body["format"], body["m.mentions"]) == ("m.notice", "org.matrix.custom.html", {})
    assert body["formatted_body"] == (
        "<p><strong>Research digest</strong>, 12 of 50, 2026-06-03</p>"
        '<ul><li><a href="https://arxiv.org/abs/2603.00001">Paper 1</a><br>It works 1 times.</li></ul>'
        '<p><a href="https://x.org/daily/2026-06-03/index.html">11 more</a></p>'
    )
    assert "Paper 1\nIt works 1 times.\nhttps://arxiv.org/abs/2603.00001" in body["body"]


def test_a_webhook_gets_the_leads_and_the_whole_issue() -> None:
    body = webhook(post(entry(1)))

    assert body == {
        "type": "issue",
        "edition": "daily",
        "date": "2026-06-03",
        "title": "Research digest",
        "counts": "12 of 50",
        "papers": 12,
        "url": "https://x.org/daily/2026-06-03/index.html",
        "leads": [{"title": "Paper 1", "summary": "It works 1 times.", "url": "https://arxiv.org/abs/2603.00001"}],
        "issue": {"edition": "daily"},
    }


MAKERS = {
    "slack": slack,
    "discord": discord,
    "teams": teams,
    "ntfy": lambda one: ntfy(one, "papers"),
    "matrix": matrix,
    "webhook": webhook,
}


@pytest.mark.parametrize("kind", MAKERS)
def test_an_issue_that_is_not_served_has_no_link_to_itself(kind: str) -> None:
    assert b"x.org" not in encoded(MAKERS[kind](post(url="")))


@pytest.mark.parametrize("kind", [kind for kind in MAKERS if kind != "webhook"])
def test_where_all_papers_are_shown_no_more_are_promised(kind: str) -> None:
    assert b" more" not in encoded(MAKERS[kind](post(papers=2)))


# -- limits


def in_bounds(kind: str, body: Any) -> bool:
    match kind:
        case "slack":
            texts = [block["text"]["text"] for block in body["blocks"]]
            return len(texts) <= 50 and len(texts[0]) <= 150 and all(len(t) <= 3_000 for t in (*texts, body["text"]))
        case "discord":
            embeds = body["embeds"]
            return (
                len(body["content"]) <= 2_000
                and len(embeds) <= 10
                and all(len(e["title"]) <= 256 and len(e["description"]) <= 4_096 for e in embeds)
                and sum(len(e["title"]) + len(e["description"]) for e in embeds) <= 6_000
            )
        case "teams":
            return len(encoded(body)) <= 28_000
        case "ntfy":
            return len(body["message"].encode()) <= 4_096
        case "matrix":
            return len(encoded(body)) <= 65_536 - 4_096
    return True


LONG = {"title": "&<>" * 4_000, "said": "*@_`é" * 4_000, "url": "https://x.org/" + "&" * 1_900}


@pytest.mark.parametrize("kind", [kind for kind in MAKERS if kind != "webhook"])
@pytest.mark.parametrize("n", [0, 1, 10, 11, 60])
def test_a_post_keeps_within_the_limits_and_counts_what_it_leaves_out(kind: str, n: int) -> None:
    for changes in ({}, LONG, {"title": "語" * 500, "said": "語" * 900}):
        entries = tuple(entry(i, **changes) for i in range(n))
        body = MAKERS[kind](post(entries=entries, papers=400, title="T" * 500))

        assert in_bounds(kind, body)
        assert b" more" in encoded(body)


@settings(max_examples=25)
@given(st.text(max_size=600), st.text(max_size=3_000))
def test_whatever_a_paper_is_called_a_post_keeps_within_the_limits(title: str, said: str) -> None:
    one = post(*(entry(n, title=title, said=said) for n in range(12)))

    assert all(in_bounds(kind, made(one)) for kind, made in MAKERS.items())


# -- foreign text


def hostile() -> Post:
    return post(entry(1, title=HOSTILE, said=HOSTILE))


def test_slack_takes_nothing_foreign_for_a_call_or_a_link() -> None:
    body = slack(hostile())

    for text in (body["text"], body["blocks"][2]["text"]["text"]):
        assert [part.split("|")[0] for part in text.split("<")[1:]][:1] == ["https://arxiv.org/abs/2603.00001"]
        assert "<!" not in text
        assert "<@" not in text
        assert "<https://evil" not in text
        assert "@everyone" not in text
        assert "@all" not in text


def test_discord_takes_nothing_foreign_for_a_call_or_for_markup() -> None:
    body = discord(hostile())

    said = body["embeds"][0]["description"]
    assert body["allowed_mentions"] == {"parse": []}
    assert "@everyone" not in said
    assert f"\\@{JOINER}everyone" in said
    assert "](" not in said
    assert "**b" not in said
    assert " <" not in said


def test_teams_takes_nothing_foreign_for_a_call_or_for_markup() -> None:
    text = teams(hostile())["attachments"][0]["content"]["body"][3]["text"]

    assert "<at>" not in text
    assert "](https" not in text
    assert "{{" not in text
    assert "@everyone" not in text


def test_matrix_takes_nothing_foreign_for_a_tag() -> None:
    parsed = html5lib.parse(matrix(hostile())["formatted_body"], namespaceHTMLElements=False)

    assert {e.tag for e in parsed.iter()} <= {"html", "head", "body", "p", "strong", "ul", "li", "a", "br"}
    assert [a.get("href") for a in parsed.iter("a")] == [
        "https://arxiv.org/abs/2603.00001",
        "https://x.org/daily/2026-06-03/index.html",
    ]


def test_an_address_cannot_leave_its_link() -> None:
    url = "https://x.org/a)b|c>d[e]\"f'g"
    one = post(entry(1, url=url))

    assert "|Paper 1>" in slack(one)["blocks"][2]["text"]["text"]
    assert "%7C" in slack(one)["blocks"][2]["text"]["text"]
    assert "(https://x.org/a%29b|c%3Ed%5Be%5D" in teams(one)["attachments"][0]["content"]["body"][2]["text"]
    assert "&quot;" in matrix(one)["formatted_body"]
