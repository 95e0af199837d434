"""What each kind of place is posted: the body of a request, in its own form, within its limits, with nothing in it that
pings anybody.

    slack     blocks with a plain text beside them      50 blocks, 3,000 letters each
    discord   embeds                                    10, 6,000 letters in all, 2,000 of plain text
    teams     an Adaptive Card, through a workflow      28 kB
    ntfy      a title, a text and an address            4,096 bytes of text
    matrix    a notice in plain text and HTML           64 kB an event
    webhook   the issue as JSON

Titles and summaries are foreign text. Where a place has a markup, what would be markup in them is escaped; where an @
calls people, an invisible joiner behind it breaks the call. Posts that are too long lose entries from the end, which
are counted in "N more".
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any, Final

from digest.core.issues.post import Post, PostEntry
from digest.core.words.invisible import printable
from digest.core.words.text import one_line

Json = Mapping[str, Any]

_JOINER: Final = "\u2060"
"""A word joiner: no letter of a name, so that no program takes what follows an @ for one."""
_TITLE: Final = 200
_SAID: Final = 400
_URL: Final = 500
"""Longer addresses are left out: they would take the room of entries."""
_SLACK_BLOCKS: Final = 50
_SLACK_TEXT: Final = 3_000
_SLACK_HEADER: Final = 150
_DISCORD_CONTENT: Final = 2_000
_DISCORD_EMBEDS: Final = 10
_DISCORD_TITLE: Final = 256
_DISCORD_ALL: Final = 6_000
_TEAMS_BYTES: Final = 27_000
"""28 kB, less some for what a workflow wraps it in."""
_NTFY_BYTES: Final = 4_000
_MATRIX_BYTES: Final = 60_000
"""65,536 for the event, whose envelope the server adds: https://spec.matrix.org/v1.11/client-server-api/#size-limits"""


def slack(post: Post) -> Json:
    """For Slack's incoming webhooks, and for those that take the same: Mattermost and Rocket.Chat read `text` alone."""

    def made(entries: Sequence[PostEntry]) -> Json:
        pieces = [_slack_entry(entry) for entry in entries]
        blocks: list[Json] = [
            {"type": "header", "text": {"type": "plain_text", "text": _cut(post.title, _SLACK_HEADER), "emoji": False}},
            _section(_slack_text(f"{post.counts}, {post.day}")),
            *map(_section, pieces),
        ]
        foot = _slack_foot(post, len(entries))
        if foot:
            blocks.append(_section(foot))
        text = "\n\n".join(
            [f"*{_slack_text(post.title)}*, {_slack_text(post.counts)}", *pieces, *([foot] if foot else [])]
        )
        return {"text": text, "blocks": blocks, "unfurl_links": False, "unfurl_media": False}

    return _fitting(post, made, lambda body: len(body["blocks"]) <= _SLACK_BLOCKS and len(body["text"]) <= _SLACK_TEXT)


def _section(text: str) -> Json:
    # Verbatim: names and addresses in it become no links and no calls.
    return {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}


def _slack_text(text: str) -> str:
    """Slack's three letters: https://docs.slack.dev/messaging/formatting-message-text/#escaping"""
    return _unping(text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))


def _slack_link(url: str, text: str) -> str:
    # Within a link a bar would end the address, and Slack has no escape for it.
    return f"<{_slack_url(url)}|{_slack_text(text).replace('|', '¦')}>" if url else _slack_text(text)


def _slack_url(url: str) -> str:
    return url.replace("&", "&amp;").replace("<", "%3C").replace(">", "%3E").replace("|", "%7C")


def _slack_entry(entry: PostEntry) -> str:
    title = _within(_cut(entry.title, _TITLE), lambda text: _slack_link(_address(entry), text), _SLACK_TEXT // 2)
    return f"*{title}*\n{_within(_cut(entry.said, _SAID), _slack_text, _SLACK_TEXT // 3)}"


def _slack_foot(post: Post, shown: int) -> str:
    rest = post.rest(shown)
    if post.url:
        return _slack_link(post.url, rest or "The whole issue")
    return rest


def discord(post: Post) -> Json:
    """For Discord's webhooks: https://docs.discord.com/developers/resources/webhook#execute-webhook"""

    def made(entries: Sequence[PostEntry]) -> Json:
        rest = post.rest(len(entries))
        foot = _markdown_link(rest or "The whole issue", post.url) if post.url else rest
        lines = [
            f"**{_markdown(_cut(post.title, _TITLE))}**, {_markdown(post.counts)}, {post.day}",
            *([foot] if foot else []),
        ]
        return {
            "content": "\n".join(lines),
            "embeds": [_embed(entry) for entry in entries],
            "allowed_mentions": {"parse": []},
        }

    def fits(body: Json) -> bool:
        embeds = body["embeds"]
        letters = sum(len(one["title"]) + len(one["description"]) for one in embeds)
        return len(embeds) <= _DISCORD_EMBEDS and letters <= _DISCORD_ALL and len(body["content"]) <= _DISCORD_CONTENT

    return _fitting(post, made, fits)


def _embed(entry: PostEntry) -> Json:
    title = _within(_cut(entry.title, _TITLE), _markdown, _DISCORD_TITLE)
    return {
        "title": title,
        "description": _markdown(_cut(entry.said, _SAID)),
        **({"url": url} if (url := _address(entry)) else {}),
    }


_MARKDOWN: Final = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~:@&])")


def _markdown(text: str) -> str:
    """Text as Discord's and Teams' Markdown shows it letter by letter."""
    return _unping(_MARKDOWN.sub(r"\\\1", text))


def _markdown_link(text: str, url: str) -> str:
    return f"[{_markdown(text)}]({_markdown_url(url)})"


def _markdown_url(url: str) -> str:
    return re.sub(r"[()<>\[\]\\ ]", lambda found: f"%{ord(found[0]):02X}", url)


def teams(post: Post) -> Json:
    """For a workflow of Teams that posts a card when a webhook request is received."""

    def made(entries: Sequence[PostEntry]) -> Json:
        body: list[Json] = [
            _text_block(_card_text(_cut(post.title, _TITLE)), size="Large", weight="Bolder"),
            _text_block(_card_text(f"{post.counts}, {post.day}"), isSubtle=True, spacing="None"),
        ]
        for entry in entries:
            title = _cut(entry.title, _TITLE)
            url = _markdown_url(_address(entry))
            linked = f"[{_card_text(title)}]({url})" if url else _card_text(title)
            body += [
                _text_block(linked, weight="Bolder", spacing="Medium"),
                _text_block(_card_text(_cut(entry.said, _SAID)), spacing="None"),
            ]
        rest = post.rest(len(entries))
        if rest and not post.url:
            body.append(_text_block(_card_text(rest)))
        card: dict[str, Any] = {
            "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
            "type": "AdaptiveCard",
            "version": "1.4",
            "msteams": {"width": "Full"},
            "body": body,
        }
        if post.url:
            card["actions"] = [{"type": "Action.OpenUrl", "title": rest or "The whole issue", "url": post.url}]
        attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
        return {"type": "message", "attachments": [attachment]}

    return _fitting(post, made, lambda body: len(encoded(body)) <= _TEAMS_BYTES)


def _text_block(text: str, **more: Any) -> Json:
    return {"type": "TextBlock", "text": text, "wrap": True, **more}


_CARD: Final = re.compile(r"([\\`*_\[\]()#~|])")


def _card_text(text: str) -> str:
    """The few signs that a card's text takes for markup; a tag in it would be a call, as in <at>."""
    without_tags = text.replace("<", "‹").replace(">", "›").replace("{{", "{ {")
    return _unping(_CARD.sub(r"\\\1", without_tags))


def ntfy(post: Post, topic: str) -> Json:
    """For ntfy, posted to the server's root: https://docs.ntfy.sh/publish/#publish-as-json"""

    def made(entries: Sequence[PostEntry]) -> Json:
        lines = [f"{post.counts}, {post.day}"]
        lines += [f"{_cut(entry.title, _TITLE)}\n{_cut(entry.said, _SAID)}" for entry in entries]
        if rest := post.rest(len(entries)):
            lines.append(rest)
        body: dict[str, Any] = {"topic": topic, "title": _cut(post.title, _TITLE), "message": "\n\n".join(lines)}
        return {**body, "click": post.url} if post.url else body

    return _fitting(post, made, lambda body: len(body["message"].encode()) <= _NTFY_BYTES)


def matrix(post: Post) -> Json:
    """For a room of Matrix: https://spec.matrix.org/v1.11/client-server-api/#mnotice

    A notice, so that other bots do not answer; with `m.mentions` empty it calls nobody, whatever it says.
    """

    def made(entries: Sequence[PostEntry]) -> Json:
        plain = [f"{post.title}, {post.counts}, {post.day}"]
        html = [f"<p><strong>{escape(post.title)}</strong>, {escape(post.counts)}, {post.day}</p>", "<ul>"]
        for entry in entries:
            title, said = _cut(entry.title, _TITLE), _cut(entry.said, _SAID)
            url = _address(entry)
            plain.append(f"{title}\n{said}\n{url}".rstrip())
            html.append(f"<li>{_anchor(title, url)}<br>{escape(said)}</li>")
        html.append("</ul>")
        rest = post.rest(len(entries))
        if rest or post.url:
            words = rest or "The whole issue"
            plain.append(f"{words}: {post.url}" if post.url else words)
            html.append(f"<p>{_anchor(words, post.url)}</p>")
        return {
            "msgtype": "m.notice",
            "body": "\n\n".join(plain),
            "format": "org.matrix.custom.html",
            "formatted_body": "".join(html),
            "m.mentions": {},
        }

    return _fitting(post, made, lambda body: len(encoded(body)) <= _MATRIX_BYTES)


def _anchor(text: str, url: str) -> str:
    return f'<a href="{escape(url)}">{escape(text)}</a>' if url else escape(text)


def webhook(post: Post) -> Json:
    """For a program: the leads, the links, and the whole issue as it stands in `issue.json`."""
    return {
        "type": "issue",
        "edition": post.edition,
        "date": post.day.isoformat(),
        "title": post.title,
        "counts": post.counts,
        "papers": post.papers,
        "url": post.url or None,
        "leads": [{"title": one.title, "summary": one.said, "url": one.url or None} for one in post.entries],
        "issue": post.document,
    }


def encoded(body: Json) -> bytes:
    """A body as it is sent: the same bytes each time."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def _fitting(post: Post, made: Callable[[Sequence[PostEntry]], Json], fits: Callable[[Json], bool]) -> Json:
    """The longest post that fits, of the first entries; without any it always does."""
    shown, too_many = 0, len(post.entries) + 1
    while too_many - shown > 1:
        middle = (shown + too_many) // 2
        if fits(made(post.entries[:middle])):
            shown = middle
        else:
            too_many = middle
    return made(post.entries[:shown])


def _cut(text: str, most: int) -> str:
    """One line of at most so many letters, cut behind a word where one ends near there."""
    line = one_line(printable(text[: 10 * most]))
    if len(line) <= most:
        return line
    head = line[: most - 1]
    place = head.rfind(" ", most * 2 // 3)
    return f"{head[:place] if place > 0 else head}…"


def _within(text: str, escape_of: Callable[[str], str], most: int) -> str:
    """*text* escaped and cut so that it has at most *most* letters then; never within an escape."""
    room = most
    while len(found := escape_of(text)) > most and room > 1:
        room = room * 3 // 4
        text = _cut(text, max(room, 1))
    return found


def _address(entry: PostEntry) -> str:
    return entry.url if len(entry.url) + 4 * entry.url.count("&") <= _URL else ""


def _unping(text: str) -> str:
    return text.replace("@", f"@{_JOINER}")
