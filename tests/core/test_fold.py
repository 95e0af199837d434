"""The taxonomy, and the topics of papers."""

from __future__ import annotations

import json
import tomllib
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.core.errors import ConfigError
from digest.core.topics.fold import Taxonomy
from tests.conftest import ROOT

SHIPPED = (ROOT / "digest" / "taxonomy.toml").read_text(encoding="utf-8")
SMALL = """
[Learning]
categories = ["cs.LG"]
"Transformers" = { aliases = ["self attention"], weak = ["attention", "transformers"] }
"Machine learning" = { broad = true, aliases = ["neural network"], categories = ["cs.LG"] }
"Diffusion models" = { aliases = ["ddpm"] }
[Stars]
categories = ["astro-ph"]
"Galaxies" = { aliases = ["milky way"], categories = ["astro-ph.GA"] }
"Astronomy" = { categories = ["astro-ph"] }
"""


@pytest.fixture(scope="module")
def shipped() -> Taxonomy:
    return Taxonomy.parse(SHIPPED)


@pytest.fixture
def small() -> Taxonomy:
    return Taxonomy.parse(SMALL)


@pytest.mark.parametrize(
    "name",
    [
        "Large language models",
        "large language models",
        "LLM",
        "llms",
        "LLMs",
        "Large Language Model (LLM)",
        "large-language-model",
        "LLMs (large ones)",
        "  language   models ",
    ],
)
def test_a_topic_is_found_by_any_of_its_spellings(shipped: Taxonomy, name: str) -> None:
    assert shipped.topic(name) == "Large language models"


@pytest.mark.parametrize(
    ("tag", "topic"),
    [
        ("RAG", "Retrieval-augmented generation"),
        ("text-to-image generation", "Image generation and editing"),
        ("GRPO", "Reinforcement learning"),
        ("Time Series", "Time series"),
        ("tokenisation", "Pre-training and scaling laws"),
        ("pretraining", "Pre-training and scaling laws"),
        ("Pre-Training", "Pre-training and scaling laws"),
        ("finetuning", "Fine-tuning and post-training"),
        ("LLM-based agents", "Language model agents"),
        ("sim2real", "Locomotion and humanoids"),
        ("multi-modal large language models", "Vision-language models"),
        ("spatiotemporal prediction", "Time series"),
        ("Tumours", "Cancer"),
        ("behaviour cloning", "Reinforcement learning"),
        ("Foetal growth", "Pregnancy and women's health"),
        ("Notch signalling", "Developmental biology"),
        ("Zoology and systematics", "Systematics and new species"),
        ("Schrödinger operators", "Mathematical physics"),
        ("γ-ray astronomy", "High-energy astrophysics"),
        ("MoS₂", "Two-dimensional materials"),
        ("Noether’s theorem", "Mathematical physics"),
    ],
)
def test_free_tags_become_topics(shipped: Taxonomy, tag: str, topic: str) -> None:
    assert shipped.topic(tag) == topic


def test_the_name_of_a_field_stands_for_all_of_it_even_if_a_topic_has_it_as_a_word(shipped: Taxonomy) -> None:
    assert shipped.topic("Physics") == "General physics"
    assert {"General physics", "Plasma physics", "Superconductivity"} < shipped.meant_by("physics")


def test_each_topic_has_a_field_and_an_unknown_one_is_its_own(shipped: Taxonomy) -> None:
    assert shipped.field("Galaxies") == "Astronomy"
    assert shipped.field("A topic that was dropped") == "A topic that was dropped"
    assert shipped.topic("zyzzyva") is None


def test_folding_keeps_order_drops_doubles_and_proposes_the_homeless(shipped: Taxonomy) -> None:
    topics, proposed = shipped.fold(
        [
            "LLMs",
            "large language model",
            "Video diffusion with memory",
            "quokka census",
            "Quokka  Census",
            "",
            "<b>x</b>",
        ]
    )

    assert topics == ("Large language models", "Video generation")
    assert proposed == ("quokka census", "b x /b")


def test_a_proposed_word_is_short_plain_text_cut_between_words(shipped: Taxonomy) -> None:
    _, (proposed,) = shipped.fold(["**quokkas** that\u202e jump\nover the lazy wombats of the deep south"])

    assert proposed == "quokkas that jump over the lazy wombats"


def test_the_title_counts_more_than_the_abstract(shipped: Taxonomy) -> None:
    topics = shipped.tag("Federated learning for everyone", "We compare with knowledge graphs.", ())

    assert topics[0] == "Federated learning"


def test_the_longest_alias_at_a_place_wins(shipped: Taxonomy) -> None:
    assert shipped.tag("Protein language models", "", ()) == ("Proteins and structures",)


def test_a_narrow_topic_goes_before_a_broad_one(small: Taxonomy) -> None:
    topics = small.tag("Neural networks and diffusion models", "We train a neural network.", ())

    assert topics == ("Diffusion models", "Machine learning")


def test_attention_is_no_transformer_in_psychology(small: Taxonomy) -> None:
    text = "We measured the attention of children who watched transformers."

    assert small.tag("Attention in children", text, ("Neuroscience",)) == ()
    assert small.tag("Attention in children", text, ("astro-ph.GA",)) == ("Galaxies",)
    assert small.tag("Attention in networks", text, ("cs.LG",)) == ("Transformers",)


def test_weak_words_count_in_company_where_there_are_no_categories(small: Taxonomy) -> None:
    assert small.tag("Attention", "", ()) == ()
    assert small.tag("Attention", "Attention to attention: a DDPM needs it.", ()) == ("Transformers",)
    assert small.tag("Attention", "This is self-attention.", ("q-bio.NC",)) == ("Transformers",)


def test_a_specific_category_gives_its_topic_and_gives_it_first(small: Taxonomy) -> None:
    assert small.tag("On dust", "Dust is dusty.", ("astro-ph.GA",)) == ("Galaxies",)
    assert small.tag("On dust", "Dust is dusty.", ("astro-ph.XX",)) == ("Astronomy",)
    assert small.tag("On dust", "Dust is dusty.", ("econ.EM",)) == ()
    assert small.tag("A DDPM", "", ("astro-ph.GA",)) == ("Galaxies", "Diffusion models")


def test_a_vague_category_decides_only_when_the_text_says_nothing(small: Taxonomy) -> None:
    assert small.tag("On dust", "Dust is dusty.", ("cs.LG",)) == ("Machine learning",)
    assert small.tag("A galaxy", "", ("cs.LG",)) == ("Galaxies",)


def test_a_topic_of_the_same_field_in_the_title_goes_before_that_of_the_category() -> None:
    stars = Taxonomy.parse(SMALL + '"Pulsars" = { aliases = ["pulsar"] }')

    assert stars.tag("A pulsar", "", ("astro-ph.GA",)) == ("Pulsars", "Galaxies")
    assert stars.tag("A study", "We study a pulsar. A pulsar, a pulsar.", ("astro-ph.GA",)) == ("Galaxies", "Pulsars")


def test_a_topic_of_another_category_in_the_title_goes_before_that_of_the_first() -> None:
    both = Taxonomy.parse(SMALL.replace('aliases = ["ddpm"]', 'aliases = ["ddpm"], categories = ["cs.DM"]'))

    assert both.tag("A DDPM", "", ("astro-ph.GA", "cs.DM")) == ("Diffusion models", "Galaxies")
    assert both.tag("A DDPM", "", ("astro-ph.GA", "cs.LG")) == ("Galaxies", "Diffusion models")


def test_a_topic_in_the_title_of_a_field_that_speaks_of_the_category_goes_before_that_of_the_category() -> None:
    near = Taxonomy.parse(SMALL.replace('categories = ["cs.LG"]', 'categories = ["cs.LG", "astro-ph.GA"]', 1))

    assert near.tag("A DDPM", "", ("astro-ph.GA",)) == ("Diffusion models", "Galaxies")


def test_a_broad_topic_of_a_category_is_not_said_beside_a_narrower_one_of_its_field() -> None:
    taxonomy = Taxonomy.parse(
        SMALL.replace('{ categories = ["astro-ph"] }', '{ broad = true, categories = ["astro-ph"] }')
    )

    assert taxonomy.tag("The Milky Way", "", ("astro-ph.XX",)) == ("Galaxies",)
    assert taxonomy.tag("A DDPM", "", ("astro-ph.XX",)) == ("Astronomy", "Diffusion models")


def test_the_name_of_a_topic_or_field_is_a_category(small: Taxonomy) -> None:
    assert small.tag("On dust", "", ("Galaxies",)) == ("Galaxies",)
    assert small.tag("Attention", "Attention to attention, attention.", ("learning",)) == ("Transformers",)


def test_a_word_of_a_foreign_field_must_be_said_twice_or_in_the_title(small: Taxonomy) -> None:
    assert small.tag("A study", "We study a galaxy.", ("econ.EM",)) == ("Galaxies",)
    assert small.tag("A study", "We study a galaxy.", ("cs.LG",)) == ("Machine learning",)
    assert "Galaxies" in small.tag("A galaxy", "", ("cs.LG",))


def test_a_category_breaks_a_tie(small: Taxonomy) -> None:
    text = "A DDPM of the galaxy"

    assert small.tag(text, "", ("astro-ph.GA",)) == ("Galaxies", "Diffusion models")
    assert small.tag(text, "", ("cs.LG",)) == ("Diffusion models", "Galaxies")


def test_a_category_knows_better_than_a_broad_word(small: Taxonomy) -> None:
    assert small.tag("A neural network sees", "", ("astro-ph.GA",)) == ("Galaxies", "Machine learning")


def test_keywords_count_through_their_aliases(small: Taxonomy) -> None:
    assert small.tag("On things", "Things.", (), ["DDPMs", "things"]) == ("Diffusion models",)


def test_no_paper_has_more_than_three_topics(shipped: Taxonomy) -> None:
    text = "Federated learning, speech recognition, galaxy, genome, robot, diffusion models and video generation"

    assert len(shipped.tag(text, text, ())) == 3


@settings(deadline=None)
@given(st.text(max_size=200), st.text(max_size=200), st.lists(st.text(max_size=10)), st.lists(st.text(max_size=80)))
def test_any_text_can_be_tagged_and_folded(
    title: str, abstract: str, categories: list[str], keywords: list[str]
) -> None:
    taxonomy = Taxonomy.parse(SMALL)

    assert set(taxonomy.tag(title, abstract, categories, keywords)) <= set(taxonomy.names)
    topics, proposed = taxonomy.fold(keywords)
    assert len(set(topics)) == len(topics)
    assert all(0 < len(word) <= 40 and word.isprintable() for word in proposed)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            '[A]\nX = { aliases = ["a dog"] }\nY = { weak = ["A-Dogs"] }',
            "“A-Dogs” stands under “Y”, and as “a dog” under",
        ),
        ("[A]\nX = { broad = 1 }", "[A] X: broad: must be true or false"),
        ("[A]\nX = {}\n[B]\nX = {}", "“X” stands under two fields"),
        ("[A]\nX = { alias = [] }", "[A] X: alias: unknown key; did you mean aliases?"),
        ('[A]\nX = { aliases = "x" }', "[A] X: aliases: must be a list"),
        ('[A]\nX = { aliases = ["…"] }', "X: “…” has no letter"),
        ("[A]\nX = 1", "[A] X: must be a table"),
        ("X = 1", "“X” stands outside a field"),
        ("[A", "taxonomy.toml: "),
    ],
)
def test_a_mistake_in_the_file_is_named(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Taxonomy.parse(text)

    assert message in str(caught.value)


def test_two_spellings_of_a_word_may_stand_under_one_topic() -> None:
    taxonomy = Taxonomy.parse('[A]\nX = { aliases = ["x", "multi-modal", "multimodal", "tumour", "tumor"] }')

    assert taxonomy.topic("Multi Modal") == "X"


def test_the_shipped_words_are_in_small_letters_and_each_category_is_some_topics(shipped: Taxonomy) -> None:
    fields = tomllib.loads(SHIPPED)
    lines = [line for field in fields.values() for name, line in field.items() if name != "categories"]
    words = [word for line in lines for key in ("aliases", "weak") for word in line.get(key, [])]

    assert [word for word in words if word != word.lower()] == []
    assert len(shipped.names) == len(lines) == len(set(shipped.names))


ARXIV = {
    "astro-ph": "CO EP GA HE IM SR",
    "cond-mat": "dis-nn mes-hall mtrl-sci other quant-gas soft stat-mech str-el supr-con",
    "cs": "AI AR CC CE CG CL CR CV CY DB DC DL DM DS ET FL GR GT HC IR IT LG LO MA MM MS NA NE NI OS PF PL RO SC SD SE "
    "SI SY",
    "econ": "EM GN TH",
    "eess": "AS IV SP SY",
    "math": "AC AG AP AT CA CO CT CV DG DS FA GM GN GR GT HO IT KT LO MG MP NA NT OA OC PR QA RA RT SG SP ST",
    "nlin": "AO CD CG PS SI",
    "physics": "acc-ph ao-ph app-ph atm-clus atom-ph bio-ph chem-ph class-ph comp-ph data-an ed-ph flu-dyn gen-ph "
    "geo-ph hist-ph ins-det med-ph optics plasm-ph pop-ph soc-ph space-ph",
    "q-bio": "BM CB GN MN NC OT PE QM SC TO",
    "q-fin": "CP EC GN MF PM PR RM ST TR",
    "stat": "AP CO ME ML OT TH",
}
"""Categories by archive, from https://arxiv.org/category_taxonomy, without cs.GL and cs.OH, which mean nothing."""


def test_each_category_of_arxiv_means_one_topic() -> None:
    topics = [line for field in tomllib.loads(SHIPPED).values() for name, line in field.items() if name != "categories"]
    given = Counter(category for line in topics for category in line.get("categories", []))
    archives = ["gr-qc", "hep-ex", "hep-lat", "hep-ph", "hep-th", "math-ph", "nucl-ex", "nucl-th", "quant-ph"]

    wanted = [f"{archive}.{each}" for archive, all_of_it in ARXIV.items() for each in all_of_it.split()]

    assert {category: given[category] for category in (*archives, *wanted) if given[category] != 1} == {}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Algebra and number theory", "Number theory"),
        ("Combinatorics and graph theory", "Combinatorics"),
        ("Differential equations and analysis", "Partial differential equations"),
        ("Geometry and topology", "Knots and geometric topology"),
        ("Fluids and plasma", "Fluid dynamics"),
        ("Gravity, fields and strings", "Gravitation and relativity"),
        ("Molecules and chemistry", "Physical chemistry"),
        ("Particle and nuclear physics", "Particle physics experiments"),
        ("Quantum information and optics", "Quantum information"),
        ("Stars and the Sun", "Stars"),
        ("Statistical physics and complex systems", "Statistical physics"),
    ],
)
def test_a_topic_that_was_divided_is_found_under_a_part_of_it(shipped: Taxonomy, old: str, new: str) -> None:
    assert shipped.current(old) == new


def test_real_papers_get_topics_and_no_topic_swallows_them(shipped: Taxonomy, real_data: Path) -> None:
    days = sorted((real_data / "huggingface-daily").glob("2026-06-1*.json"))
    papers = [entry["paper"] for day in days for entry in json.loads(day.read_text(encoding="utf-8"))]

    tagged = [shipped.tag(each["title"], each["summary"], (), each.get("ai_keywords") or ()) for each in papers]

    assert len(papers) > 100
    assert sum(map(bool, tagged)) / len(papers) > 0.95
    (_, most), *_ = Counter(topics[0] for topics in tagged if topics).most_common(1)
    assert most / len(papers) < 0.25


def test_topics_agree_with_the_categories_authors_chose(shipped: Taxonomy, real_data: Path) -> None:
    with (real_data / "eval/topics/arxiv-before-2310.jsonl").open(encoding="utf-8") as lines:
        papers = [json.loads(line) for line in lines][::12]
    expected = {
        "cs.CV": {"Vision", "Generative models"},
        "cs.RO": {"Robotics", "Agents and reinforcement learning"},
        "cs.SD": {"Speech and audio"},
        "eess.AS": {"Speech and audio"},
        "cs.CR": {"Security and privacy"},
        "cs.IR": {"Data and retrieval"},
        "quant-ph": {"Physics"},
    }

    judged = [(paper, expected[paper["cat"]]) for paper in papers if paper["cat"] in expected]
    hits = [
        any(shipped.field(topic) in fields for topic in shipped.tag(paper["title"], paper["abstract"], ()))
        for paper, fields in judged
    ]

    assert len(hits) > 150
    assert sum(hits) / len(hits) > 0.65


# -- what a config adds

EXTENDED = {
    "Learning": {
        "Mixers": {"aliases": ["mlp mixer", "self attention"], "weak": ["mixer"], "categories": ["cs.NE"]},
        "Transformers": {"aliases": ["tfm"]},
    },
    "Rocks": {"categories": ["physics.geo-ph"], "Minerals": {"aliases": ["quartz"]}},
}


def test_a_config_adds_topics_fields_and_words() -> None:
    taxonomy = Taxonomy.parse(SMALL, EXTENDED)

    assert taxonomy.names == (
        *("Transformers", "Machine learning", "Diffusion models", "Mixers", "Galaxies", "Astronomy", "Minerals"),
    )
    assert (taxonomy.field("Mixers"), taxonomy.field("Minerals")) == ("Learning", "Rocks")
    assert taxonomy.topic("TFMs") == "Transformers"
    assert taxonomy.tag("Quartz", "", ()) == ("Minerals",)
    assert taxonomy.tag("The mixer", "", ("cs.NE",)) == ("Mixers",)


def test_a_word_that_the_config_gives_to_a_topic_is_taken_from_another() -> None:
    assert Taxonomy.parse(SMALL).topic("self-attention") == "Transformers"
    assert Taxonomy.parse(SMALL, EXTENDED).topic("self-attention") == "Mixers"


def test_a_topic_of_the_config_may_be_called_what_was_an_alias() -> None:
    taxonomy = Taxonomy.parse(SMALL, {"Learning": {"DDPMs": {}}})

    assert taxonomy.topic("ddpm") == "DDPMs"
    assert taxonomy.topic("diffusion model") == "Diffusion models"


def test_a_weak_word_of_the_file_may_be_sure_in_the_config() -> None:
    taxonomy = Taxonomy.parse(SMALL, {"Learning": {"Transformers": {"aliases": ["attention"]}}})

    assert taxonomy.tag("Attention", "", ()) == ("Transformers",)


def test_the_example_of_the_config_extends_the_shipped_taxonomy() -> None:
    more = tomllib.loads("""
        [Language."Diffusion language models"]
        aliases = ["diffusion llm", "masked diffusion language model"]
        [Language."Large language models"]
        aliases = ["sllm"]
        [rename]
        "Large language models" = "LLMs"
    """)
    taxonomy = Taxonomy.parse(SHIPPED, more)

    assert taxonomy.fold(["Diffusion LLMs", "SLLMs", "LLM", "Large language model"]) == (
        ("Diffusion language models", "LLMs"),
        (),
    )
    assert len(taxonomy.names) == len(Taxonomy.parse(SHIPPED).names) + 1


def test_a_renamed_topic_keeps_its_place_its_words_and_its_old_name() -> None:
    taxonomy = Taxonomy.parse(SMALL, {"rename": {"Diffusion models": "Noise"}})

    assert taxonomy.names == ("Transformers", "Machine learning", "Noise", "Galaxies", "Astronomy")
    assert taxonomy.fold(["diffusion model", "DDPM", "noises"]) == (("Noise",), ())
    assert taxonomy.field("Noise") == "Learning"
    assert taxonomy.renamed == {"Diffusion models": "Noise"}


def test_a_renamed_topic_may_be_added_to_under_either_name() -> None:
    for name in ("Diffusion models", "Noise"):
        more = {"rename": {"Diffusion models": "Noise"}, "Learning": {name: {"aliases": ["denoise"]}}}

        assert Taxonomy.parse(SMALL, more).topic("denoise") == "Noise"


def test_the_current_name_is_that_of_today_and_fields_stay() -> None:
    taxonomy = Taxonomy.parse(SMALL, {"rename": {"Astronomy": "Sky"}})

    assert taxonomy.current("Astronomy") == "Sky"
    assert taxonomy.current("Sky") == "Sky"
    assert taxonomy.current("Stars") == "Stars"
    assert taxonomy.current("Milky Way") == "Galaxies"
    assert taxonomy.current("Other topics") is None


def test_the_fingerprint_changes_with_what_decides_topics_and_with_nothing_else() -> None:
    prints = {
        Taxonomy.parse(SMALL, more).fingerprint
        for more in ({}, EXTENDED, {"rename": {"Astronomy": "Sky"}}, {"Learning": {"Transformers": {"weak": ["tfm"]}}})
    }

    assert len(prints) == 4
    assert Taxonomy.parse(f"# a remark\n{SMALL}").fingerprint == Taxonomy.parse(SMALL).fingerprint


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (
            {"Learning": {"Transformers": {"alias": []}}},
            "[topics.Learning.Transformers] alias: unknown key; did you mean aliases?",
        ),
        (
            {"Learning": {"Diffusion models": {"weak": "x"}}},
            '[topics.Learning."Diffusion models"] weak: must be a list',
        ),
        ({"Learning": {"X": 1}}, "[topics.Learning.X]: must be a table"),
        ({"learning": {"X": {}}}, "[topics.learning]: there is no such field; did you mean Learning?"),
        ({"X": 1}, "“X” stands outside a field"),
        ({"X\nY": {}}, r"'X\nY' is no name for a topic or a field: write one line of text"),
        ({"Learning": {" ": {}}}, "' ' is no name for a topic or a field"),
        (
            {"Stars": {"Transformers": {}}},
            "“Transformers” is a topic of Learning: write [topics.Learning.Transformers]",
        ),
        (
            {"Stars": {"X": {"aliases": ["transformers", "y"]}}},
            "[topics.Stars.X]: “transformers” is a topic of Learning",
        ),
        ({"Stars": {"X": {"aliases": ["y"]}, "Z": {"aliases": ["Y"]}}}, "“Y” stands under “Z”, and as “y” under “X”"),
        (
            {"rename": {"Difusion models": "Noise"}},
            "“Difusion models”: there is no such topic; did you mean Diffusion models?",
        ),
        ({"rename": {"Diffusion models": "Galaxies"}}, "“Galaxies” is a topic already"),
        ({"rename": {"Diffusion models": "X", "Galaxies": "X"}}, "“X” is a topic already"),
        ({"rename": {"Diffusion models": " "}}, "the new name must be one line of text"),
        ({"rename": {"Diffusion models": 1}}, "[topics.rename]: must hold lines like"),
        ({"rename": 1}, "[topics.rename]: must hold lines like"),
    ],
)
def test_a_mistake_in_the_config_is_named_with_its_place(more: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Taxonomy.parse(SMALL, more, file="mine.toml")

    assert str(caught.value).startswith("mine.toml: ")
    assert message in str(caught.value)


# -- words without a home


def test_a_weak_word_in_a_tag_counts_beside_a_tag_of_its_field(small: Taxonomy) -> None:
    assert small.fold(["DDPMs", "windowed attention"]) == (("Diffusion models", "Transformers"), ())
    assert small.fold(["galaxies", "windowed attention"]) == (("Galaxies",), ("windowed attention",))


def test_a_narrow_topic_within_a_tag_goes_before_a_broad_one(small: Taxonomy) -> None:
    assert small.fold(["neural network based DDPM"]) == (("Diffusion models",), ())
    assert small.fold(["wide neural networks"]) == (("Machine learning",), ())


def test_the_nearest_topic_is_one_with_a_word_in_common_or_nearly_its_spelling(small: Taxonomy) -> None:
    assert small.nearest("windowed attention") == "Transformers"
    assert small.nearest("difusion models") == "Diffusion models"
    assert small.nearest("quokka") is None


@given(st.lists(st.text(max_size=30), max_size=6))
def test_what_was_folded_once_is_not_proposed_again(words: list[str]) -> None:
    taxonomy = Taxonomy.parse(SMALL)

    topics, proposed = taxonomy.fold(words)

    assert taxonomy.fold(topics) == (topics, ())
    assert set(taxonomy.fold(proposed)[1]) <= set(proposed)


def test_words_stand_for_a_topic_under_any_of_its_names_for_all_of_a_field_or_for_none(shipped: Taxonomy) -> None:
    one = shipped.names[0]
    field = shipped.field(one)

    assert shipped.meant_by(one.upper()) == {one}
    assert one in shipped.meant_by(field) or shipped.topic(field) is not None
    assert shipped.meant_by("gravel bed rivers") == frozenset()
