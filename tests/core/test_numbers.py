"""Which numbers a text has, what is known of each, and which of them another text lacks."""

from __future__ import annotations

from decimal import Decimal

import pytest

from digest.core.words.numbers import Number, read, unknown


def only(text: str, *, decimal_comma: bool = False) -> Number:
    [number] = read(text, decimal_comma=decimal_comma)
    return number


def readings(text: str, *, decimal_comma: bool = False) -> list[set[tuple[str, str]]]:
    return [
        {(format(value.normalize(), "f"), unit) for value, unit in number.readings}
        for number in read(text, decimal_comma=decimal_comma)
    ]


def missing(said: str, source: str, *, foreign: bool = False) -> str | None:
    found = unknown(read(said), read(source), foreign=foreign)
    return found.text if found else None


# --- values -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1,250 owls", "1250"),
        ("0.5 owls", "0.5"),
        (".5 owls", "0.5"),
        ("1e3 owls", "1000"),
        ("1e-2 owls", "0.01"),
        ("2.5 x 10^3 owls", "2500"),
        ("2.5×10^-3 owls", "0.0025"),
        ("2 · 10⁴ owls", "20000"),
        ("2^10 owls", "1024"),
        ("10^100 owls", "1" + 100 * "0"),
        ("1000^2 owls", "1000000"),
        ("10⁻² owls", "0.01"),
        ("10^{5} owls", "100000"),
        ("$10{,}000$ owls", "10000"),
        (r"10\,000 owls", "10000"),
        ("10\u202f000 owls", "10000"),
        (r"$\mathrm{12}$ owls", "12"),
        ("twelve owls", "12"),
        ("Nineteen owls", "19"),
        ("twenty owls", "20"),
        ("ninety owls", "90"),
        ("twenty-one owls", "21"),
        ("fifty nine owls", "59"),
        ("thirty owls", "30"),
        ("second owl", None),
        ("third owl", "3"),
        ("tenth owl", "10"),
        ("five hundred owls", "500"),
        ("two thousand owls", "2000"),
        ("3 million owls", "3000000"),
        ("3 billion owls", "3000000000"),
        ("3 trillion owls", "3000000000000"),
        ("3k owls", "3000"),
        ("3M owls", "3000000"),
        ("3mn owls", "3000000"),
        ("3B owls", "3000000000"),
        ("3bn owls", "3000000000"),
        ("3T owls", "3000000000000"),
        ("3 Mio Eulen", "3000000"),
        ("3 Millionen Eulen", "3000000"),
        ("3 millones de búhos", "3000000"),
        ("3 Milliarden Eulen", "3000000000"),
        ("3 milliards de chouettes", "3000000000"),
        ("3 Mrd Eulen", "3000000000"),
        ("3千只", "3000"),
        ("3万只", "30000"),
        ("3萬隻", "30000"),
        ("3亿只", "300000000"),
        ("3億隻", "300000000"),
        ("3 Kelvin", "3"),
    ],
)
def test_a_number_has_the_value_that_its_spelling_means(text: str, value: str | None) -> None:
    found = [format(v.normalize(), "f") for number in read(text) for v in number.values]

    assert found == ([] if value is None else [value])


@pytest.mark.parametrize(("text", "value"), [("1001^2 owls", 1001), ("10^101 owls", 10), ("10^-101 owls", 10)])
def test_a_power_beyond_reason_is_not_worked_out(text: str, value: int) -> None:
    assert only(text).values == {Decimal(value)}


def test_of_digits_without_end_the_first_sixty_count() -> None:
    assert only("1" * 61).values == only("1" * 60).values != only("1" * 59).values


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("3,5 ans", ["3.5"]),
        ("3,25 ans", ["3.25"]),
        ("3,500 owls", ["3500"]),
        ("10 000 positions", ["10000"]),
        ("1 250 000 positions", ["1250000"]),
    ],
)
def test_outside_english_a_comma_is_a_point_and_a_blank_parts_thousands(text: str, values: list[str]) -> None:
    assert [format(v.normalize(), "f") for n in read(text, decimal_comma=True) for v in n.values] == values


def test_in_english_a_comma_and_a_blank_part_numbers() -> None:
    assert [int(*n.values) for n in read("3,5 and 10 000")] == [3, 5, 10, 0]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("3½ owls", ["3", "1", "2"]),
        ("½ owls", ["1", "2"]),
        (r"$\frac{1}{2}$ owls", ["1", "2"]),
        (r"$3\frac12$ owls", ["3", "1", "2"]),
    ],
)
def test_a_fraction_is_two_numbers_and_joins_none_before_it(text: str, values: list[str]) -> None:
    assert [format(v, "f") for n in read(text) for v in n.values] == values


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("1) owls and (2) foxes", []),
        ("1) 7 owls", [7]),
        ("owls (Task 1)", [1]),
        ("owls (Task 1) 2) foxes", [1]),
        (f"({'x' * 98} 1) owls", [1]),
        (f"({'x' * 99} 1) owls", []),
        ("() 1) owls", []),
        ("(1 2) owls", [1, 2]),
    ],
)
def test_the_mark_of_a_list_is_no_number_but_what_ends_a_bracket_is(text: str, values: list[int]) -> None:
    assert [int(*n.values) for n in read(text)] == values


# --- units ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("5 %", "%"),
        (r"5\% owls", "%"),
        ("5 per cent", "%"),
        ("5 Prozent", "%"),
        ("5 points", "points"),
        ("5 % points", "points"),
        ("5 percentage points", "points"),
        ("5%-points", "points"),
        ("5 pp", "points"),
        ("5x faster", "x"),
        ("5× faster", "x"),
        ("5 times faster", "x"),
        ("5-fold", "x"),
        ("a factor of 5", "x"),
        ("a factor of about 5", "x"),
        ("×5 faster", "x"),
        ("x5 faster", "x"),
        ("5 ms", "ms"),
        ("5 seconds", "s"),
        ("5 minutes", "min"),
        ("5-hour nights", "h"),
        ("5 days", "d"),
        ("5 weeks", "w"),
        ("5 months", "mo"),
        ("5-year study", "y"),
        ("5 kB", "kB"),
        ("5 MB", "MB"),
        ("5GB", "GB"),
        ("5 TB", "TB"),
        ("5 Hz", "Hz"),
        ("5 kHz", "kHz"),
        ("5 MHz", "MHz"),
        ("5 GHz", "GHz"),
        ("5 dB", "dB"),
        ("5°", "°"),
        (r"$5^\circ$", "°"),
        ("5 degrees", "°"),
        ("5 fps", "fps"),
        ("5 frames per second", "fps"),
        ("5p", "p"),
        ("5 mm", "mm"),
        ("5 cm", "cm"),
        ("5 km", "km"),
        ("5 mg", "mg"),
        ("5 kg", "kg"),
        ("5-bit", "bit"),
        ("$5", "$"),
        ("€5", "€"),
        ("5 dollars", "$"),
        ("5 euros", "€"),
        ("5D", "D"),
        ("5th", "th"),
        ("fifth", "th"),
        ("5 owls", ""),
        ("5 msx", ""),
        ("5", ""),
    ],
)
def test_a_number_has_the_unit_that_stands_beside_it(text: str, unit: str) -> None:
    assert [u for _, u in only(text).readings] == [unit]


def test_a_cross_between_two_numbers_is_no_unit() -> None:
    assert readings("3x4 grids") == [{("3", "")}, {("4", "")}]
    assert readings("3 × 4 grids") == [{("3", "")}, {("4", "")}]
    assert readings("3 times 4") == [{("3", "")}, {("4", "")}]
    assert readings("f(x)x5") == [{("5", "")}]


@pytest.mark.parametrize(
    ("text", "shown"),
    [("a 5 % share", "5 %"), ("$5 a day", "5"), ("7 billion owls", "7 billion"), ("5 % points up", "5 % points"),
     ("the fifth owl", "fifth"), ("5 owls", "5"), ("a factor of 5 more", "5")],
)  # fmt: skip
def test_a_number_is_shown_as_it_is_written_with_its_unit(text: str, shown: str) -> None:
    assert only(text).text == shown


# --- company ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "company"),
    [
        ("barn owls lay 5 eggs", {"barn", "owls", "lay", "eggs"}),
        ("we see many barn owls lay 5 speckled white eggs nightly", {"barn", "owls", "lay", "speck", "white", "eggs"}),
        ("an owl of the 5 of a nest", {"owl", "nest"}),
        ("an x of 5 by y", set()),
        ("go up 5 at my", {"go", "my"}),
        ("owls, foxes lay 5 eggs, dens", {"foxes", "lay", "eggs"}),
        ("owls and foxes lay 5 eggs or dens", {"foxes", "lay", "eggs"}),
        ("owls (of barns) lay 5 eggs", {"owls", "lay", "eggs"}),
        ("owls lay 5 (white) eggs", {"owls", "lay", "eggs"}),
        ("owls lay 5. Eggs break", {"owls", "lay"}),
        (f"owls{' ' * 96}5 eggs", {"owls", "eggs"}),
        (f"owls{' ' * 97}5 eggs", {"wls", "eggs"}),
        (f"lay 5{' ' * 96}eggs", {"lay", "eggs"}),
        (f"lay 5{' ' * 97}eggs", {"lay", "egg"}),
    ],
)
def test_a_number_keeps_company_with_the_nearest_words_of_its_part(text: str, company: set[str]) -> None:
    assert only(text).company == company


def test_what_stands_between_two_numbers_belongs_to_the_first() -> None:
    first, second = read("lay 5 white eggs from 7 nests")

    assert first.company == {"lay", "white", "eggs"}
    assert second.company == {"nests"}


def test_behind_a_comma_the_words_between_are_those_of_the_second() -> None:
    first, second, third = read("lay 5 eggs, foxes dig 7 dens of 9 mice")

    assert first.company == {"lay", "eggs"}
    assert second.company == {"foxes", "dig", "dens"}
    assert third.company == {"mice"}


@pytest.mark.parametrize(
    ("text", "counts"), [("lay 5 white eggs", "white"), ("lay 5 of the eggs", "eggs"), ("lay 5", "")]
)
def test_what_it_counts_is_the_first_word_behind_it_that_says_something(text: str, counts: str) -> None:
    assert only(text).counts == counts


def test_a_number_knows_the_numbers_next_to_it() -> None:
    first, second, third = read("2 owls, 5 foxes and 7 bees")

    assert (first.beside, second.beside, third.beside) == ({Decimal(5)}, {Decimal(2), Decimal(7)}, {Decimal(5)})


@pytest.mark.parametrize(("between", "is_near"), [(29, True), (30, True), (31, False)])
def test_numbers_thirty_characters_apart_know_nothing_of_each_other(between: int, is_near: bool) -> None:
    first, second = read(f"2{'.' * between}5")

    assert (first.beside, second.beside) == (({Decimal(5)}, {Decimal(2)}) if is_near else (set(), set()))


# --- names and kinds --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("GPT-4", "gpt"),
        ("GPT4", "gpt"),
        ("v2", "v"),
        ("x_1", "x"),
        ("x₁", "x"),
        ("x₁₂", "x"),
        ("top-5", ""),
        ("depth-3", ""),
        ("GPS 7", ""),
        ("xYz-3D", ""),
        ("FLUX3D", "flux"),
        ("5 owls", ""),
    ],
)
def test_digits_that_hang_on_letters_are_part_of_a_name(text: str, name: str) -> None:
    assert only(text).name == name


def test_in_a_size_no_digits_hang_on_the_cross() -> None:
    assert [number.name for number in read("3x4 and 3 x 4")] == ["", "", "", ""]
    assert only("x4").name == "x"


@pytest.mark.parametrize(("text", "word"), [("GPS 7", "gps"), ("GPS-7", "gps"), ("the GPS: 7", ""), ("7", "")])
def test_the_word_right_before_a_number_is_kept(text: str, word: str) -> None:
    assert only(text).word_before == word


@pytest.mark.parametrize(
    ("text", "is_letter"),
    [("seq2seq", True), ("img2txt", True), ("sim2real", True), ("a2 of", False), ("v2", False), ("A2bc", False)],
)
def test_a_two_between_letters_stands_for_to(text: str, is_letter: bool) -> None:
    assert only(text).is_letter is is_letter


def test_a_three_between_letters_stands_for_nothing_else() -> None:
    assert not only("seq3seq").is_letter


def test_at_the_beginning_of_a_text_no_letter_stands_before_a_two() -> None:
    assert not only("2seq").is_letter


def test_words_are_told_from_digits() -> None:
    assert [number.is_word for number in read("five owls, 6 foxes, the third bee, twenty-one mice")] == [
        True, False, True, True,
    ]  # fmt: skip


# --- lists and ranges -------------------------------------------------------------------------------------------------


def test_a_list_shares_unit_and_size_and_what_it_counts() -> None:
    assert readings("2, 4 and 8 GB") == [
        {("2", ""), ("2", "GB")},
        {("4", ""), ("4", "GB")},
        {("8", "GB")},
    ]
    assert readings("models of 7 to 13B") == [{("7", ""), ("7000000000", "")}, {("13000000000", "")}]
    assert [number.counts for number in read("2, 4 and 8 owls")] == ["owls", "owls", "owls"]
    assert read("2 or 4 eggs")[0].company == {"eggs"}


def test_what_has_a_size_of_its_own_takes_none_from_its_neighbour() -> None:
    assert readings("7M to 13B") == [{("7000000", "")}, {("13000000000", "")}]
    assert readings("7 kB to 13 MB") == [{("7", "kB")}, {("13", "MB")}]
    assert readings("7 owls see 13 %") == [{("7", "")}, {("13", "%")}]


def test_in_a_list_of_three_the_unit_passes_through_one_with_a_size() -> None:
    assert readings("1 to 2M to 3 B")[0] == {("1", ""), ("1000000", "")}


def test_the_lower_end_of_a_range_is_known_as_such() -> None:
    assert [number.is_low for number in read("57–87 %")] == [True, False]
    assert [number.is_low for number in read("57 to 87 %")] == [True, False]
    assert [number.is_low for number in read("87 to 57 %")] == [False, False]
    assert [number.is_low for number in read("57 to 57 %")] == [False, False]
    assert [number.is_low for number in read("57 and 87 %")] == [False, False]
    assert [number.is_low for number in read("57 owls, to 87 %")] == [False, False]


def test_a_number_that_repeats_the_one_before_is_known_as_such() -> None:
    assert [number.repeats for number in read("3x3 grids")] == [False, True]
    assert [number.repeats for number in read("3x4 grids")] == [False, False]
    assert [number.repeats for number in read("3 owls. 3 foxes")] == [False, False]


def test_the_second_of_a_list_has_the_company_of_the_first() -> None:
    assert "memory"[:5] in read("cuts memory by 57 to 87 %")[1].company


@pytest.mark.parametrize(
    ("text", "is_most"),
    [("up to 5 owls", True), ("at most 5", True), ("a maximum of 5", True), ("up to $5", True), ("5 owls", False)],
)
def test_what_is_called_the_most_is_known_as_such(text: str, is_most: bool) -> None:
    assert only(text).is_most is is_most


# --- one text against another -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "source"),
    [
        ("5 owls", "5 owls"),
        ("5 owls, 7 bees", "7 bees and 5 owls"),
        ("two owls", "owls"),
        ("one owl", "owls"),
        ("seq2seq", "models"),
        ("owls: GPS-7", "owls with GPS 7"),
        ("GPS 7", "GPS-7"),
        ("rises from 5 to 5", "rises from 5 to 5"),
        ("5 owls and 5 foxes", "5 owls and 5 foxes"),
        ("up to 87 %", "57 to 87 %"),
        ("up to 57 to 87 %", "57 to 87 %"),
        ("up to 57 %", "57 %, and 57 to 87 %"),
        ("5 nests", "5 eggs"),
        ("two owls of 5 eggs", "5 eggs"),
    ],
)
def test_numbers_that_stand_in_the_source_are_known(said: str, source: str) -> None:
    assert missing(said, source) is None


@pytest.mark.parametrize(
    ("said", "source", "wrong"),
    [
        ("5 owls", "owls", "5"),
        ("three owls", "owls", "three"),
        ("2 owls", "owls", "2"),
        ("5 owls, 6 bees", "5 owls", "6"),
        ("two owls of 6 eggs", "5 eggs", "6"),
        ("5 %", "5 owls", "5 %"),
        ("4x faster", "4x4 grids", "4x"),
        ("GPS-7", "GPS-9", "7"),
        ("GPS-7", "7 owls", "7"),
        ("7 owls", "GPS-7", "7"),
        ("GPT-7", "GPS-7", "7"),
        ("from 70 to 70 %", "from 60 to 70 %", "70 %"),
        ("70 owls 70 foxes", "70 owls", "70"),
        ("3x3 grids", "3x4 grids, 3x5", "3"),
        ("up to 57 %", "57 to 87 %", "57 %"),
        ("5 eggs", "5 nests and 7 eggs", "5"),
        ("7 nests", "5 nests and 7 eggs", "7"),
    ],
)
def test_the_first_number_that_the_source_lacks_or_has_elsewhere_is_named(said: str, source: str, wrong: str) -> None:
    assert missing(said, source) == wrong


def test_between_languages_a_unit_that_is_not_understood_is_no_fault() -> None:
    assert missing("5 Eulen", "5 % owls", foreign=True) is None
    assert missing("5 Eulen", "5 % owls") == "5"
    assert missing("5 %", "5 owls", foreign=True) == "5 %"
    assert missing("6 Eulen", "5 % owls", foreign=True) == "6"
