"""Papers → what a model is asked, fenced so that nothing in a paper's own text can open or close its block.

    system   the fixed part, byte-identical over a run
    user     #1 ABCD / title / abstract   #2 ABCD / title / abstract   …   #end ABCD

ABCD is drawn anew for each request: an abstract cannot know it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from digest.core.models import Batch, Paper, Prompt
from digest.core.words.text import one_line, strip_invisible

ANSWER_TOKENS: Final = 200
"""What the answer on one paper is reckoned at: a sentence, three points, topics, and the JSON around them."""
BRIEF_TOKENS: Final = 90
"""The same for a brief answer, which has no points."""
FENCE_TOKENS: Final = 8
"""The line that opens a paper's block, and its line ends."""
_MOST_CHARACTERS: Final = 10_000
"""Of an abstract that go out, some 1,500 words: five times arXiv's limit. What is longer holds the paper itself, and
would crowd other papers out of the model's context. Answers are checked against the whole."""

_STRINGS: Final = {"type": "array", "items": {"type": "string"}}


def _list_of(name: str, properties: Mapping[str, Any]) -> dict[str, Any]:
    """The schema of an object with one list of objects, all of whose members must be there."""
    item = {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }
    return {
        "type": "object",
        "properties": {name: {"type": "array", "items": item}},
        "required": [name],
        "additionalProperties": False,
    }


SUMMARIES: Final = "summaries"
"""The form of answers with a sentence, points and topics."""
BRIEFS: Final = "briefs"
"""The form of brief answers: a sentence and topics."""
FORMS: Final[Mapping[str, Mapping[str, Any]]] = {
    SUMMARIES: _list_of(
        "papers",
        {"id": {"type": "string"}, "tldr": {"type": "string"}, "points": _STRINGS, "topics": _STRINGS},
    ),
    BRIEFS: _list_of("papers", {"id": {"type": "string"}, "tldr": {"type": "string"}, "topics": _STRINGS}),
    "overview": _list_of("sentences", {"text": {"type": "string"}, "papers": _STRINGS}),
}
"""What an answer has to look like, as JSON schema. No place for a link; the same for every request, for a provider
compiles it once."""


def block(paper: Paper) -> str:
    """What a model is told of *paper*: a line with the title, a line with the abstract, or with what fits of it."""
    return f"{_line(paper.title)}\n{_start(_line(paper.abstract))}"


def _start(line: str) -> str:
    """As much of *line* as may go out; cut at a blank, if there is one near."""
    if len(line) <= _MOST_CHARACTERS:
        return line
    blank = line.rfind(" ", _MOST_CHARACTERS - 100, _MOST_CHARACTERS)
    return f"{line[: blank if blank > 0 else _MOST_CHARACTERS]} …"


def _line(text: str) -> str:
    line = one_line(strip_invisible(text))
    # No line but ours begins with "#".
    return f" {line}" if line.startswith("#") else line


def fenced(papers: Sequence[Paper], nonce: str) -> str:
    """The blocks of *papers*, each under its place from "1", and the line that closes the last."""
    blocks = [f"#{place} {nonce}\n{block(paper)}\n" for place, paper in enumerate(papers, 1)]
    return f"{''.join(blocks)}#end {nonce}"


def prompt_for(batch: Batch, *, system: str, nonce: str, is_brief: bool = False, refused: str | None = None) -> Prompt:
    """The request for summaries of *batch*.

    Args:
        system: The fixed part of the prompt: of the brief one, for brief summaries.
        nonce: Four random letters, drawn for this request.
        is_brief: Ask for a sentence and topics, without points.
        refused: Why an earlier answer on this one paper was refused; it is told behind the closing line.
    """
    why = f"\nAn earlier summary was refused: {_line(refused)}. Write a better one." if refused else ""
    return Prompt(
        system=system,
        user=f"{fenced(batch.papers, nonce)}{why}",
        batch=batch,
        nonce=nonce,
        # A limit and no estimate: other languages take more tokens, and some models think before they answer.
        max_output_tokens=2 * answer_tokens(is_brief) * len(batch.papers) + 1024,
        form=BRIEFS if is_brief else SUMMARIES,
    )


def answer_tokens(is_brief: bool) -> int:
    """What the answer on one paper is reckoned at."""
    return BRIEF_TOKENS if is_brief else ANSWER_TOKENS
