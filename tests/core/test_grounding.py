"""What a summary may say of a paper, and what it may not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.core.models import Paper, PaperId, Summary
from digest.core.summaries.grounding import check
from digest.core.words.numbers import read, unknown
from digest.core.words.text import clean_html
from tests.conftest import paper

OWLS = paper(
    1,
    title="Owls at night",
    abstract="We track 1,250 barn owls over 3.5 years with GPS-7 collars of 12 g. Survival rises from 41 % to "
    "fifty-three percent, and the 7B tracking model needs $10{,}000$ positions in 3D.",
)
FOXES = paper(
    2, title="Foxes by day", abstract="Red foxes dig dens below hedges. A survey of farmland counts them in spring."
)
BEES = paper(
    3,
    title="Bees and orchards",
    abstract="Wild bees pollinate orchards. Pesticide residues in nectar lower colony growth.",
)


def summary(tldr: str, *points: str, **changes: Any) -> Summary:
    return Summary(tldr=tldr, points=points, client="openai", **changes)


def refusal(said: Summary | str, of: Paper = OWLS, *others: Paper) -> str | None:
    return check(said if isinstance(said, Summary) else summary(said), of, others)[1]


def test_a_good_summary_passes_all_checks() -> None:
    said = summary("Tracks 1250 barn owls for 3.5 years.", "Survival rises from 41% to 53 per cent.")

    assert check(said, OWLS, [OWLS, FOXES, BEES]) == (("length", "plain", "language", "numbers", "belongs"), None)


def test_a_failed_check_is_named_with_its_reason_behind_those_that_were_passed() -> None:
    assert check(summary("Tracks 99 barn owls."), OWLS) == (
        ("length", "plain", "language"),
        "numbers: 99 is not in the abstract",
    )


# --- numbers ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "said",
    [
        "1,250 owls",
        "1250 owls",
        "3.5-year",
        "3.50 years",
        "12g",
        "41 percent",
        "53%",
        "7B model",
        "7 billion",
        "10,000",
        "10\u202f000",
        "10k",
        "3D space",
        "3-D",
        "GPS-7",
        "GPS 7",
        "two groups",
        "(1) owls and (2) nights",
        "both 1) and 2)",
    ],
)
def test_a_number_in_another_spelling_is_the_same_number(said: str) -> None:
    assert refusal(f"Tracks barn owls at night: {said}.") is None


@pytest.mark.parametrize(
    "said",
    [
        "1,251 owls",
        "125 owls",
        "0.035 years",
        "35 years",
        "4.1 %",
        "0.41",
        "7M model",
        "7 million",
        "7 trillion",
        "1e5",
        "4 groups",
        "nine nights",
        "sixty owls",
        "2D space",
        "GPS-9",
        "GPS-12",
        "3.0 years",
        "100,000",
        "10⁵",
        ".5 years",
        "fifty-four",
    ],
)
def test_a_number_that_is_not_in_the_abstract_is_refused(said: str) -> None:
    complaint = refusal(f"Tracks barn owls at night: {said}.")

    assert complaint is not None
    assert complaint.startswith("numbers: ")


def test_a_number_in_the_title_counts() -> None:
    assert refusal("Tracks barn owls in 2019.", paper(title="Owls of 2019", abstract="We track barn owls.")) is None


def test_a_number_in_a_point_is_checked_too() -> None:
    assert refusal(summary("Tracks barn owls over years.", "Survival rises by 88 %."))


def test_a_point_may_say_again_what_the_abstract_says_once() -> None:
    again = summary("Survival of barn owls rises to 53 % in 3.5 years.", "Over 3.5 years survival rises to 53 %.")

    assert refusal(again) is None


def test_images_may_be_called_2d_where_the_abstract_does_not_count_dimensions() -> None:
    assert refusal("Turns fox surveys into 2D maps of farmland.", FOXES) is None


def test_a_decimal_comma_and_a_blank_in_thousands_are_understood_outside_english() -> None:
    assert refusal(summary("Suit des chouettes (barn owls) sur 10 000 positions.", language="fr")) is None
    assert refusal(summary("Suit des chouettes (barn owls) pendant 3,5 ans.", language="fr")) is None
    assert refusal(summary("Suit des chouettes (barn owls) pendant 3,6 ans.", language="fr"))


RATES = paper(
    5,
    title="A faster matcher",
    abstract="The matcher cuts latency by 40 % and raises accuracy from 71.5 to 83.2 percentage points. It is 3x "
    "faster on 5 datasets and 8 baselines, takes 12 ms and 2 GB, costs $30, and scales 7-13B models "
    "to $1.5 \\times 10^{-3}$.",
)


@pytest.mark.parametrize(
    "said",
    [
        "cuts latency by 40 percent",
        "raises accuracy from 71.5 to 83.2 points",
        "is 3 times faster",
        "is 3× faster on five datasets",
        "a threefold matcher of 3-fold accuracy",
        "takes 12 milliseconds and 2 gigabytes",
        "costs 30 dollars",
        "scales models of 7B and 13 billion",
        "scales to 0.0015",
        "scales to 1.5e-3",
        "scales to 1.5×10⁻³",
        "on 8 strong baselines and 5 public datasets",
    ],
)
def test_a_number_with_its_unit_in_another_spelling_is_the_same(said: str) -> None:
    assert refusal(f"The matcher {said}.", RATES) is None


@pytest.mark.parametrize(
    "said",
    [
        "cuts latency by 40 points",
        "cuts latency by 40x",
        "raises accuracy from 71.5% to 83.2%",
        "is 3% faster",
        "on 8 datasets",
        "on 5 baselines",
        "takes 12 s",
        "takes 2 MB",
        "costs €30",
        "scales 7M models",
        "scales to 0.015",
        "scales to 10⁻⁴",
        "raises accuracy from 83.2 to 83.2 percentage points",
    ],
)
def test_a_number_with_another_unit_or_of_other_things_is_refused(said: str) -> None:
    complaint = refusal(f"The matcher {said}.", RATES)

    assert complaint is not None
    assert complaint.startswith("numbers: ")


@pytest.mark.parametrize(
    ("said", "language", "passes"),
    [
        ("匹配器将延迟降低40%，并在5个数据集上评估。", "zh", True),
        ("匹配器将延迟降低45%，并在5个数据集上评估。", "zh", False),
        ("将模型扩展到70亿和130亿参数的匹配器。", "zh", True),
        ("Le matcher réduit la latence de 40 % et passe de 71,5 à 83,2 points.", "fr", True),
        ("Le matcher réduit la latence de 40 points et passe de 71,5 à 83,2.", "fr", False),
        ("Der Matcher senkt die Latenz um 40 Prozent und skaliert auf 13 Milliarden.", "de", True),
    ],
)
def test_numbers_are_checked_in_other_languages_too(said: str, language: str, passes: bool) -> None:
    assert (refusal(summary(said, language=language), RATES) is None) is passes


SAMPLER = paper(
    6,
    title="FLUX3D 2.0: a 2-step sampler",
    abstract="We distill a 2-step sampler from the 8-step teacher Qwen3, in E2M1 and E1M2 (Task 4). It cuts memory by "
    "57–87 %, reaches 94 % (T1) and 92 % (T2), renders 3D Gaussians from 2D images at 40 FPS in 720p on 4x4 grids, "
    "needs 0.1 s and 2–11 steps of warming, and gains +4 % to +7 % over baselines and +3 % to +6 % over tuning. Third, "
    "we add no more than five points to InternVL3.5.",
)


@pytest.mark.parametrize(
    "said",
    [
        "a 2-step sampler distilled from an 8-step teacher",
        "cuts memory by up to 87%",
        "cuts memory by 57 to 87%",
        "cuts memory by up to 57–87%",
        "renders 3D Gaussians from 2D images",
        "renders at 40 frames per second",
        "distilled from Qwen 3 and InternVL 3.5",
        "reaches 92% (T2)",
        "gains 4–7 % over baselines",
        "in E1M2 (Task 4)",
        "FLUX3D 2.0",
    ],
)
def test_a_number_may_stand_where_it_stands_in_the_abstract(said: str) -> None:
    assert refusal(f"The sampler: {said}.", SAMPLER) is None


@pytest.mark.parametrize(
    "said",
    [
        "a 8-step sampler is distilled",
        "a 3-step sampler",
        "cuts memory by up to 57%",
        "renders 2D Gaussians",
        "renders 3D Gaussians from 3D images",
        "renders at 720 FPS",
        "renders at 40p",
        "on 2x4 grids",
        "on 3x3 grids",
        "needs 01 s",
        "2–7 steps of warming",
        "gains +4 % to +6 % over baselines",
        "distilled from Qwen5",
        "in E2M2",
        "(Task 9)",
        "FLUX2D 2.0",
        "renders 8D Gaussians",
    ],
)
def test_a_number_that_stands_where_the_abstract_has_another_is_refused(said: str) -> None:
    complaint = refusal(f"The sampler: {said}.", SAMPLER)

    assert complaint is not None
    assert complaint.startswith("numbers: ")


def test_three_dimensions_may_be_said_where_the_abstract_counts_none_but_not_five() -> None:
    assert refusal("Turns fox surveys into 3D maps of farmland.", FOXES) is None
    assert refusal("Turns fox surveys into 5D maps of farmland.", FOXES)


# --- plain ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "said",
    [
        "<b>Barn owls</b> fly.",
        "Barn owls <img src=x>.",
        "Owls <a href='x'>here</a>.",
        "Owls &amp; nights.",
        "Owls <!-- x -->.",
        "See https://evil.example for barn owls.",
        "Owls at www.evil.example.",
        "Owls: javascript:alert(1)",
        "Owls from evil.com/x.",
        "Mail owls@evil.example about owls.",
        "Barn owls ftp://x.",
        "See doi:10.1000/owls for barn owls.",
        "Barn owls of 10.1000/owls.",
        "Barn owls at owls.shop today.",
        "Barn **owls** at night.",
        "Barn [owls](x) at night.",
        "Barn ![owls](x).",
        "## Barn owls at night",
        "Barn\u202e owls fly.",
        "Barn\u200bowls fly at night.",
        "Barn owls\x07 fly at night.",
    ],
)
def test_anything_but_plain_text_is_refused(said: str) -> None:
    complaint = refusal(said)

    assert complaint is not None
    assert complaint.startswith("plain: ")


@pytest.mark.parametrize(
    "said",
    [
        "With $a<b and c>d$ owls fly.",
        "Owls, i.e. barn owls, at p < 0.05 > 0.",
        "R&D of barn owls.",
        "Owls → prey; 5 µm, naïve.",
    ],
)
def test_formulas_and_signs_are_plain_text(said: str) -> None:
    assert refusal(said, paper(title="Owls", abstract="Barn owls fly: p < 0.05, 0, 5 µm.")) is None


def test_what_looks_like_markup_or_a_host_is_in_order_where_the_paper_has_it() -> None:
    thinking = paper(title="Models that think", abstract="We study <think> tokens in models of Character.AI.")

    assert refusal("Studies <think> tokens in models of Character.AI.", thinking) is None


def test_an_address_is_refused_even_where_the_abstract_has_it() -> None:
    assert refusal("Barn owls at https://owls.example.", paper(abstract="Barn owls at https://owls.example."))


# --- length -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "said", [summary("Owls."), summary("Barn owls " * 60), summary("Tracks barn owls.", "Barn owls " * 60)]
)
def test_too_short_and_too_long_are_refused(said: Summary) -> None:
    complaint = refusal(said)

    assert complaint is not None
    assert complaint.startswith("length: ")


# --- belongs ----------------------------------------------------------------------------------------------------------


def test_a_summary_of_another_paper_of_the_batch_is_refused() -> None:
    said = "Foxes dig dens below hedges of farmland."

    assert refusal(said, OWLS, FOXES, BEES) == f"belongs: it fits {FOXES.id} better"
    assert refusal(said, FOXES, OWLS, BEES) is None


def test_points_of_another_paper_under_the_right_sentence_are_refused() -> None:
    said = summary("Tracks barn owls at night.", "Pesticide residues lower the growth of colonies.")

    assert refusal(said, OWLS, FOXES, BEES) == f"belongs: it fits {BEES.id} better"


def test_a_summary_of_no_paper_at_all_is_refused() -> None:
    assert refusal("Introduces quantum error correction codes for superconducting hardware.")


def test_papers_alike_do_not_make_each_other_fail() -> None:
    twin = paper(9, title=OWLS.title, abstract=OWLS.abstract)

    assert refusal("Tracks barn owls over years.", OWLS, twin) is None


@pytest.mark.parametrize(
    "more",
    ["Visit our shop for the best offers of the season.", "See also the excellent work of Smith and colleagues."],
)
def test_a_sentence_that_has_nothing_to_do_with_the_abstract_is_refused_though_the_rest_fits(more: str) -> None:
    for said in (summary(f"Tracks barn owls over years. {more}"), summary("Tracks barn owls over years.", more)):
        complaint = refusal(said)

        assert complaint is not None
        assert complaint.startswith("belongs: “")


def test_an_english_summary_of_an_abstract_in_another_language_is_held_against_names_alone() -> None:
    french = paper(
        7, title="Chouettes la nuit", abstract="Nous suivons la vie des chouettes et de leurs petits au nid."
    )

    assert refusal("Follows the life of owls and of their young in the nest.", french) is None


def test_english_where_french_was_asked_for_is_refused() -> None:
    said = summary("Tracks barn owls over the years and shows that they are in the hedges.", language="fr")

    assert refusal(said) == "language: it is not in the language “fr”"


def test_a_summary_in_another_language_is_held_against_names_alone() -> None:
    assert refusal(summary("Verfolgt Eulen mit GPS-Halsbändern in der Nacht.", language="de"), OWLS, FOXES) is None


@given(st.text(min_size=15, max_size=120), st.text(max_size=60), st.text(max_size=200))
def test_no_text_raises(tldr: str, point: str, abstract: str) -> None:
    passed, failed = check(summary(tldr, point), paper(1, abstract=abstract), [paper(2)])

    assert len(passed) == 5 or failed


@given(st.from_regex(r"[0-9]{1,60}([.,][0-9]{1,40})*( ?[kMB]| million)?", fullmatch=True))
def test_the_abstracts_own_number_is_always_in_order(number: str) -> None:
    assert (
        refusal(f"Tracks barn owls, {number} of them.", paper(abstract=f"We tracks barn owls: {number} of them."))
        is None
    )


# --- on people's own summaries ----------------------------------------------------------------------------------------


def people(real_data: Path) -> list[tuple[Paper, str]]:
    """Papers with a sentence that an author or reviewer wrote on each, one per paper."""
    lines = (real_data / "eval/scitldr/A-dev.jsonl").read_text(encoding="utf-8").splitlines()
    sets = [json.loads(line) for line in lines]
    return [
        (paper(n, id=PaperId(f"test:{n}"), title=d.get("title") or "?", abstract=" ".join(d["source"])), d["target"][0])
        for n, d in enumerate(sets)
    ]


def test_what_people_write_is_rarely_refused_and_a_swap_rarely_missed(real_data: Path) -> None:
    pairs = people(real_data)
    refused = {"length": 0, "plain": 0, "language": 0, "numbers": 0, "belongs": 0}
    swaps = caught = 0

    for start in range(0, len(pairs), 20):
        batch = pairs[start : start + 20]
        papers = [paper for paper, _ in batch]
        for place, (own, said) in enumerate(batch):
            if complaint := refusal(said, own, *papers):
                refused[complaint.partition(":")[0]] += 1
            if len(batch) > 1:
                swaps += 1
                caught += refusal(batch[place - 1][1], own, *papers) is not None

    # People took figures from the paper that its abstract does not have; a model has nothing but the abstract.
    assert max(refused.values()) <= 0.018 * len(pairs), refused
    assert caught >= 0.985 * swaps


def test_an_invented_figure_is_caught(real_data: Path) -> None:
    fine = [(own, said) for own, said in people(real_data)[:300] if not refusal(said, own)]

    caught = sum(
        refusal(f"{said} This is {31 + n % 60}.{n % 9 + 1} % better.", own) is not None
        for n, (own, said) in enumerate(fine)
    )

    assert caught >= 0.99 * len(fine)


POWER = "<math><msup><mn>10</mn><mn>5</mn></msup></math>"
HALF = "<math><mfrac><mn>1</mn><mn>2</mn></mfrac></math>"


@pytest.mark.parametrize(
    ("said", "source", "is_true"),
    [
        ("We count 10⁵ frogs", f"We count {POWER} frogs", True),
        ("We count 10^5 frogs", f"We count {POWER} frogs", True),
        ("We count 10^{5} frogs", "We count 10<sup>5</sup> frogs", True),
        ("We count 100,000 frogs", "We count $10^{5}$ frogs", True),
        ("We count 105 frogs", f"We count {POWER} frogs", False),
        ("We count 105 frogs", "We count 10<sup>5</sup> frogs", False),
        ("We count 105 frogs", "We count $10^{5}$ frogs", False),
        ("About 1/2 of them sing", f"About {HALF} of them sing", True),
        ("About ½ of them sing", f"About {HALF} of them sing", True),
        ("About 1/2 of them sing", "About ½ of them sing", True),
        ("About 1/2 of them sing", r"About $\\frac{1}{2}$ of them sing", True),
        ("About ½ of them sing", r"About $\\tfrac12$ of them sing", True),
        ("About 12 of them sing", f"About {HALF} of them sing", False),
        ("About 12 of them sing", r"About $\\frac{1}{2}$ of them sing", False),
        ("About 12 of them sing", "About ½ of them sing", False),
        ("It takes 3 1/2 hours", "It takes 3½ hours", True),
        ("It takes 31/2 hours", "It takes 3½ hours", False),
        ("It takes 31/2 hours", r"It takes $3\\frac{1}{2}$ hours", False),
    ],
)
def test_a_power_and_a_fraction_are_the_numbers_they_mean(said: str, source: str, is_true: bool) -> None:
    found = unknown(read(said), read(clean_html(source)))

    assert (found is None) is is_true


# --- at their limits --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "is_refused"),
    [
        (summary("Track barn owl"), True),
        (summary("Track barn owls"), False),
        (summary("Barn owls " * 50), False),
        (summary("Barn owls " * 50 + "s"), True),
        (summary("Track barn owls", "owls"), True),
        (summary("Track barn owls", "owls."), False),
        (summary("Track barn owls", "Barn owls " * 50), False),
        (summary("Track barn owls", "Barn owls " * 50 + "s"), True),
    ],
)
def test_a_sentence_has_15_to_500_characters_and_a_point_5_to_500(said: Summary, is_refused: bool) -> None:
    assert ((refusal(said) or "").startswith("length: ")) is is_refused


def test_the_checks_before_the_one_that_failed_are_named_and_no_more() -> None:
    assert check(summary("Owls."), OWLS)[0] == ()
    assert check(summary("Barn owls <b>fly</b>."), OWLS) == (("length",), "plain: markup in it ('<b>')")
    assert check(summary("Barn owls at owls.shop today."), OWLS)[1] == "plain: an address in it ('owls.shop')"
    assert check(summary("Barn owls, see www.owls."), OWLS)[1] == "plain: an address in it ('www.')"
    assert check(summary("Barn owls\x07 fly at night."), OWLS)[1] == "plain: an invisible character in it"
    assert check(summary("Owls."), OWLS)[1] == "length: 5 characters where 15 to 500 are in order"
    assert check(summary("Tracks owls in 3.0 years."), paper(abstract="We track owls for 3 years."))[1] == (
        "numbers: 3.0 is not in the abstract"
    )


def test_only_a_summary_in_the_abstracts_own_language_needs_its_words() -> None:
    nonsense = "Quantum error correction codes for superconducting hardware."

    assert (refusal(nonsense) or "").startswith("belongs: “")
    assert refusal(summary("Fehlerkorrektur für supraleitende Quantenrechner, kurz gesagt.", language="de")) is None
