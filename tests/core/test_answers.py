"""Reading what a model said: all that is complete, whatever is around it, and never an error."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.core.summaries.answers import Answer, read_answers, read_remarks
from tests.support.growth import LINEAR, growth, of

ITEMS = [
    {
        "id": "1",
        "tldr": "A {method} for [things], at 3.5 %.",
        "points": ['It "works", as shown.', "Not always."],
        "topics": ["Optics"],
    },
    {"id": "2", "tldr": "Größe: 10, 20 and 30; ‘quoted’.", "points": [], "topics": ["Deep learning", "Vision"]},
    {"id": "3", "tldr": "It's the paper's third claim, isn't it?", "points": ["Line\nbreak \\ slash."], "topics": []},
]
ANSWERS = tuple(
    Answer(id=item["id"], tldr=item["tldr"], points=tuple(item["points"]), topics=tuple(item["topics"]))  # type: ignore[arg-type]
    for item in ITEMS
)
WHOLE = json.dumps({"papers": ITEMS}, ensure_ascii=False)


@pytest.mark.parametrize(
    "text",
    [
        WHOLE,
        json.dumps({"papers": ITEMS}),
        json.dumps({"papers": ITEMS}, indent=2),
        json.dumps(ITEMS),
        "\n".join(map(json.dumps, ITEMS)),
        "\n\n".join(json.dumps({"papers": [item]}) for item in ITEMS),
        json.dumps({"answer": {"result": {"papers": ITEMS}}}),
        "\ufeff" + WHOLE,
        f"```json\n{WHOLE}\n```",
        f"Sure! Here's the \"JSON\" for the {{3}} papers [as asked]:\n\n{WHOLE}\n\nLet me know if you'd like more.",
        f'<think>Paper [1] is {{hard}}; it\'s about "things".</think>{WHOLE}',
        WHOLE.replace("]}", "],}").replace("}]", "},]"),
        WHOLE.replace('"id": "1"', '"id": 1').replace('"id": "2"', '"id": 2.0').replace('"id": "3"', '"ID": "#3 abcd"'),
        WHOLE.replace(
            '"id"', '"score": NaN, "rank": -Infinity, "ok": true, "note": null, "deep": {"a": [1, {}]}, "id"'
        ),
        WHOLE.replace('"id"', "id").replace('"tldr"', "tldr"),
        WHOLE.replace("Line\\nbreak", "Line\nbreak"),
        WHOLE.replace('It \\"works\\", as', 'It "works\\", as'),
        WHOLE.removesuffix("]}"),
        WHOLE.removesuffix("]}") + "\n</papers>",
        WHOLE.replace("}, {", "} {"),
        WHOLE.replace('"points": []', '"points": null').replace('"topics": []', '"topics": {}'),
        json.dumps(WHOLE),
        json.dumps(json.dumps({"papers": ITEMS}, indent=2)),
        f"```json\n{json.dumps(json.dumps(ITEMS))}\n```",
        json.dumps(WHOLE).strip('"'),
        json.dumps(WHOLE)[:-3],
    ],
)
def test_every_answer_is_found(text: str) -> None:
    assert read_answers(text) == ANSWERS


DRAFT = json.dumps({"papers": [{"id": item["id"], "tldr": "A draft.", "points": []} for item in ITEMS]})
APART = "\n".join(f"Paper {item['id']}'s own, in the authors' 'words':\n{json.dumps(item)}" for item in ITEMS)


@pytest.mark.parametrize(
    "text",
    [
        f"<think>{DRAFT}</think>{WHOLE}",
        f"<think>{DRAFT}\n</think>\n\n```json\n{WHOLE}\n```",
        f"<thinking>I'd say {DRAFT}</thinking> Hm. <thinking>{DRAFT}</thinking> {WHOLE}",
        f"{DRAFT} So much for that.</think>{WHOLE}",
        f"<reasoning>{DRAFT}</reasoning>Here's the answer: {WHOLE}",
        f"[THINK]{DRAFT}[/THINK]{WHOLE}",
        f"◁think▷{DRAFT}◁/think▷{WHOLE}",
        f"<seed:think>{DRAFT}</seed:think>{WHOLE}",
        f"<|channel|>analysis<|message|>{DRAFT}<|end|><|start|>assistant<|channel|>final<|message|>{WHOLE}",
        f"<|channel|>analysis<|message|>{DRAFT}<|end|><|channel|>final <|constrain|>JSON<|message|>{WHOLE}",
        f"<think>It is {{open and 'quoted</think>{WHOLE}",
        f"Here's what the 3 papers' authors say:\n{WHOLE}",
        f"I'd say 'so: {WHOLE}",
        f'As they "say: {WHOLE}',
        APART,
    ],
)
def test_what_a_model_thinks_or_says_around_its_answer_is_not_in_it(text: str) -> None:
    assert read_answers(text) == ANSWERS


def test_an_answer_that_ends_within_the_thoughts_is_read() -> None:
    assert read_answers(f"<think>I'd say {WHOLE}</think>") == ANSWERS
    assert read_answers(f"<think>I'd say {WHOLE}") == ANSWERS


def test_of_a_draft_and_an_answer_the_answer_comes_last() -> None:
    answers = read_answers(f"First: {DRAFT}\nOr rather: {WHOLE}")

    assert answers[-len(ANSWERS) :] == ANSWERS


@pytest.mark.parametrize("mark", ["</think>", "</reasoning>", "<|channel|>final<|message|>", "[/THINK]"])
def test_a_summary_may_speak_of_the_mark_that_ends_thoughts(mark: str) -> None:
    items = [
        {"id": str(n), "tldr": f"It writes {mark} {n} times.", "points": [mark, "a"], "topics": []} for n in (1, 2)
    ]
    text = json.dumps({"papers": items})

    told = [answer.tldr for answer in read_answers(f"<think>Hm: {DRAFT}</think>{text}")]

    assert told == [item["tldr"] for item in items]
    assert [answer.tldr for answer in read_answers(text)] == told


def test_of_several_overviews_the_last_one_counts() -> None:
    draft, last = ({"sentences": [{"text": f"{what}.", "papers": ["1"]}]} for what in ("Draft", "Last"))

    assert [r.text for r in read_remarks(f"{json.dumps(draft)} No: {json.dumps(last)}")] == ["Last."]
    assert [r.text for r in read_remarks(f"<think>{json.dumps(draft)}</think>{json.dumps(last)[:-1]}")] == ["Last."]
    assert [r.text for r in read_remarks(json.dumps(draft["sentences"]))] == ["Draft."]


def test_single_quotes_are_read_as_python_prints_them() -> None:
    assert read_answers(repr({"papers": ITEMS})) == ANSWERS


@given(st.integers(0, len(WHOLE)))
def test_a_text_cut_off_anywhere_keeps_every_complete_answer(length: int) -> None:
    complete = sum(WHOLE.index("}", WHOLE.index(f'"id": "{n}"')) < length for n in (2, 3))
    complete += WHOLE.index("}, {") < length

    assert read_answers(WHOLE[:length]) == ANSWERS[:complete]


def test_json_within_a_summary_is_no_answer_of_its_own() -> None:
    inner = json.dumps({"id": "2", "tldr": "What an abstract had the model say of another paper."})

    answers = read_answers(json.dumps({"papers": [{"id": "1", "tldr": inner, "points": [inner], "topics": []}]}))

    assert [answer.id for answer in answers] == ["1"]


def test_a_quote_that_was_not_escaped_stays_in_the_text() -> None:
    (answer,) = read_answers('{"id": "1", "tldr": "Calls the "best" model (the "only" one) into doubt."}')

    assert answer.tldr == 'Calls the "best" model (the "only" one) into doubt.'


def test_a_forgotten_comma_between_two_lines_does_not_join_them() -> None:
    (answer,) = read_answers('{"id": "1"\n"tldr": "Text."\n"points": ["One."\n  "Two."]}')

    assert answer == Answer(id="1", tldr="Text.", points=("One.", "Two."))


def test_answers_that_a_lost_brace_ran_together_are_left_out() -> None:
    text = '[{"id": "1", "tldr": "First.", "id": "2", "tldr": "Second."}, {"id": "3", "tldr": "Third."}]'

    assert [answer.id for answer in read_answers(text)] == ["3"]


def test_of_two_values_under_one_name_the_last_counts_as_in_json() -> None:
    (answer,) = read_answers('{"id": "1", "tldr": "Draft.", "tldr": "Final.", "id": "1"}')

    assert answer.tldr == "Final."


@pytest.mark.parametrize(
    "text",
    [
        "",
        "I'm sorry, I can't help with that.",
        "[1, 2, 3]",
        '["one", "two"]',
        '{"papers": "none"}',
        '{"tldr": "Whose?"}',
        '{"id": true, "tldr": "Whose?"}',
        '{"id": null, "tldr": "Whose?"}',
        '{"id": "", "tldr": "Whose?"}',
        '{"id": "1", "tldr": ["a", "list"]}',
        '{"id": "1", "tldr": 7}',
        '{"id": "1", "tldr": "  "}',
        '{"id": "1"',
        "}{][",
    ],
)
def test_what_is_no_answer_is_passed_over(text: str) -> None:
    assert read_answers(text) == ()


def test_wrong_types_cost_the_field_and_not_the_answer() -> None:
    (answer,) = read_answers(
        '{"id": "1", "tldr": "Text.", "points": "Just one.", "topics": ["A", 1, null, {"b": "c"}]}'
    )

    assert answer == Answer(id="1", tldr="Text.", points=("Just one.",), topics=("A",))


def test_tex_in_a_formula_is_not_mistaken_for_a_tab_or_a_line_break() -> None:
    (answer,) = read_answers(
        r'{"id": "1", "tldr": "A bound of $\theta \nu$, not $\\beta$.\nNext\tline, \\alpha, \u00e9 \ud83d\ude00"}'
    )

    assert answer.tldr == "A bound of $\\theta \\nu$, not $\\beta$.\nNext\tline, \\alpha, é 😀"


STRINGS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


@given(
    st.lists(st.tuples(STRINGS, st.lists(STRINGS, max_size=3), st.lists(STRINGS, max_size=3)), max_size=4),
    st.booleans(),
)
def test_valid_json_is_read_as_json_reads_it(said: list[tuple[str, list[str], list[str]]], ascii_only: bool) -> None:
    said = [(f"a{tldr}".replace("$", ""), points, topics) for tldr, points, topics in said]
    items = [
        {
            "id": str(n),
            "tldr": tldr,
            "points": [p.replace("$", "") for p in points],
            "topics": [t.replace("$", "") for t in topics],
        }
        for n, (tldr, points, topics) in enumerate(said)
    ]

    answers = read_answers(json.dumps({"papers": items}, ensure_ascii=ascii_only))

    assert [{"id": a.id, "tldr": a.tldr, "points": [*a.points], "topics": [*a.topics]} for a in answers] == items


@given(st.text() | st.text(st.sampled_from("{}[]:,\"'\\ \n1ab$"), max_size=200))
def test_no_text_raises(text: str) -> None:
    for answer in read_answers(text):
        assert answer.id
        assert answer.tldr.strip()


@pytest.mark.parametrize(
    "piece", ["[", "{", '"', "'", "\\", '{"', "{'a", '" ', "' , ", '{"id":"1","tldr":"x"', "a:", '"\n', " ", "{]"]
)
def test_time_grows_no_faster_than_the_text(piece: str) -> None:
    assert growth(read_answers, of(piece)).factor < LINEAR
