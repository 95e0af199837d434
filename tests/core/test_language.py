"""What language is a text in, and is a summary in the one that was asked for? Only what is plain counts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.core.words.language import is_not_in, language_code, language_of
from tests.conftest import ROOT

SAID = {
    "en": "A method that tracks owls with small collars shows that survival of the young has risen by a third.",
    "fr": "Une méthode qui suit les chouettes avec des colliers montre que la survie des jeunes augmente d'un tiers.",
    "de": "Eine Methode, die Eulen mit Halsbändern verfolgt, zeigt, dass das Überleben der Jungen steigt.",
    "es": "Un método que sigue a los búhos con collares muestra que la supervivencia de las crías aumenta un tercio.",
    "it": "Un metodo che segue i gufi con dei collari mostra che la sopravvivenza dei piccoli è più alta di un terzo.",
    "pt": "Um método que segue as corujas com coleiras mostra que a sobrevivência dos filhotes não é mais de um terço.",
    "nl": "Een methode die uilen met halsbanden volgt, laat zien dat de overleving van het jong met een derde stijgt.",
    "sv": "En metod som följer ugglor med halsband visar att överlevnaden hos de unga är högre och inte lägre av det.",
    "da": "En metode som følger ugler med halsbånd viser at overlevelsen for de unge er højere og ikke lavere af det.",
    "fi": "Menetelmä, joka seuraa pöllöjä pannoilla, osoittaa, että poikasten eloonjäänti on kasvanut ja se ei laske.",
    "pl": "Metoda, która śledzi sowy za pomocą obroży, pokazuje, że przeżywalność młodych się nie zmniejsza i jest.",
    "cs": "Metoda, která sleduje sovy pomocí obojků, ukazuje, že přežití mláďat je vyšší a že se zvyšuje o třetinu.",
    "ro": "O metodă care urmărește bufnițele cu zgărzi arată că supraviețuirea puilor este mai mare și nu scade.",
    "tr": "Baykuşları tasma ile izleyen bir yöntem, bu yavruların oranının daha çok ve olarak arttığını gösterir.",
    "zh": "该方法用项圈跟踪猫头鹰，结果表明幼鸟的存活率提高了三分之一，并在GPT-4和LoRA上得到验证。",
    "ja": "この手法は首輪でフクロウを追跡し、幼鳥の生存率が三分の一上昇したことを示す。",
    "ko": "이 방법은 목걸이로 올빼미를 추적하며 새끼의 생존율이 3분의 1 증가했음을 보여준다.",
    "ru": "Метод отслеживает сов с помощью ошейников и показывает, что выживаемость птенцов выросла, а это быстро.",
    "uk": "Метод відстежує сов за допомогою нашийників і показує, що виживання пташенят зросло на третину.",
    "el": "Η μέθοδος παρακολουθεί κουκουβάγιες με κολάρα και δείχνει ότι η επιβίωση αυξήθηκε.",
    "ar": "تتبع الطريقة البوم بأطواق صغيرة وتظهر أن بقاء الصغار ارتفع بمقدار الثلث.",
    "he": "השיטה עוקבת אחר ינשופים בעזרת קולרים ומראה שהישרדות הגוזלים עלתה.",
    "hi": "यह विधि कॉलर से उल्लुओं को ट्रैक करती है और दिखाती है कि जीवित रहने की दर बढ़ी।",
    "th": "วิธีนี้ติดตามนกฮูกด้วยปลอกคอและแสดงว่าอัตราการรอดชีวิตเพิ่มขึ้น",
}
ALIKE = [{"da", "no", "sv"}, {"es", "pt", "it"}, {"cs", "pl"}]
"""Languages so near each other that one may pass for the other in a single sentence."""


@pytest.mark.parametrize("language", SAID)
def test_what_is_in_the_language_asked_for_passes(language: str) -> None:
    assert not is_not_in(SAID[language], language)
    assert not is_not_in(SAID[language], f"{language}-XX".upper())


@pytest.mark.parametrize("asked", SAID)
def test_what_is_plainly_in_another_language_does_not(asked: str) -> None:
    passed = {
        said
        for said, text in SAID.items()
        if said != asked and not any({said, asked} <= alike for alike in ALIKE) and not is_not_in(text, asked)
    }

    assert passed == set()


@pytest.mark.parametrize("asked", [*SAID, "no", "hu", "bg"])
@pytest.mark.parametrize("said", ["GPT-4 83.2 %", "LoRA", "", "3.5", "α", "BERT, GPT-4, LoRA"])
def test_names_and_figures_alone_say_nothing(asked: str, said: str) -> None:
    assert not is_not_in(said, asked)


@pytest.mark.parametrize("said", SAID.values())
def test_a_language_that_is_not_known_passes(said: str) -> None:
    assert not is_not_in(said, "tlh")


def test_names_from_english_do_not_make_a_french_sentence_english() -> None:
    said = "Entraîne « Mixture of Experts with Attention for the Web » sur des données de Hugging Face et les publie."

    assert not is_not_in(said, "fr")


NAMES = "Xylem Phloem Cambium Parenchyma Stomata "
"""Five words of no language, of 35 letters."""


@pytest.mark.parametrize(
    ("said", "asked", "is_not"),
    [
        # twenty letters, or eight signs, are enough to tell
        ("il est dans la rue et il va", "en", True),
        ("il est dans la rue et il a", "en", False),
        ("幼鸟存活率提高了", "en", True),
        ("幼鸟存活率提高", "en", False),
        # small words: three at least, an eighth of all, and three times as many as of the language asked for
        (NAMES + "est la", "en", False),
        (NAMES + "est la sont", "en", True),
        (NAMES * 4 + "est la sont Lignin Pith", "en", True),
        (NAMES * 4 + "est la sont Lignin Pith Bark", "en", False),
        (NAMES + "est la sont the", "en", False),
        (NAMES + "est la sont pas the", "en", True),
        (NAMES + "est la sont pas a", "en", True),  # "a" may be French, too
        (NAMES + "est la sont", "es", False),  # "la" may be Spanish
        (NAMES + "est leur sont", "es", True),
        # signs of other scripts: more than half, Greek ones only where they are a text
        ("鳥類を見る研究のため", "en", True),
        ("鳥類研究会 abcde", "en", False),
        ("鳥類研究会員 abcde", "en", True),
        ("αβγδ鳥類 abcd", "en", False),
        ("αβγδε鳥 abcd", "en", False),
        ("αβγδεζ abcd", "en", True),
        ("A survey of the 鳥 and of its young in twelve forests", "en", False),
        # of the script asked for a tenth at least
        ("ок GPT BERT LoRA ResNet x", "ru", False),
        ("ок GPT BERT LoRA ResNet xy", "ru", True),
        # Chinese that is Japanese, and the other way round
        ("该方法用项圈跟踪猫头のはが", "zh", False),
        ("该方法用项圈跟踪猫头のはがを", "zh", True),
        ("该方法用项圈跟踪猫头该方法用项圈跟踪猫", "ja", False),
        ("该方法用项圈跟踪猫头该方法用项圈跟踪猫头", "ja", True),
        # letters that a language does not have: three, and one in fifty
        ("Сова живёт в лісі", "ru", False),
        ("Сова жівёт в лісі", "ru", True),
        ("Сова жівёт в лісі" + " и летает" * 14 + "а" * 6, "ru", True),
        ("Сова жівёт в лісі" + " и летает" * 14 + "а" * 7, "ru", False),
        # a language may come with its country
        (SAID["en"], "pt-BR", True),
        (SAID["en"], "pt_BR", True),
    ],
)
def test_where_the_line_is_drawn(said: str, asked: str, is_not: bool) -> None:
    assert is_not_in(said, asked) is is_not


@given(st.text(), st.sampled_from([*SAID, "xx", ""]))
def test_no_text_raises(text: str, language: str) -> None:
    assert is_not_in(text, language) in (True, False)


def test_honest_english_is_hardly_ever_taken_for_another_language(real_data: Path) -> None:
    lines = (real_data / "eval/scitldr/A-train.jsonl").read_text(encoding="utf-8").splitlines()
    said = [json.loads(line)["target"][0] for line in lines]

    assert sum(is_not_in(each, "en") for each in said) <= 0.005 * len(said)
    assert sum(is_not_in(each, "fr") for each in said) >= 0.7 * len(said)


LABELLED = [line.split("\t") for line in (ROOT / "tests/data/languages.tsv").read_text(encoding="utf-8").splitlines()]
"""Titles and sentences of 25 languages, among them English ones that look foreign, each after its language."""


def test_a_title_is_known_by_its_language_or_by_none() -> None:
    found = [(code, language_of(text), text) for code, text in LABELLED]

    assert [one for one in found if one[1] not in (one[0], "")] == []
    assert sum(code == known for code, known, _ in found) >= 88


def test_hardly_an_english_title_is_taken_for_another_language(real_data: Path) -> None:
    lines = (real_data / "arxiv-days/2026-04-01.jsonl").read_text(encoding="utf-8").splitlines()[:600]
    found = [language_of(json.loads(line)["title"]) for line in lines]

    assert sum(code not in ("en", "") for code in found) <= 1
    assert found.count("en") >= 0.8 * len(found)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Preface to “Les variétés abéliennes et leurs applications”", "en"),  # what is quoted is not spoken
        ("« Les variétés abéliennes et leurs applications »", "fr"),  # but if all is
        ("CIUDAD Y MEMORIA EN LA NOVELA DEL SIGLO", "es"),
        ("EM, DAS, LA: three acronyms", ""),
        ("一种新的 Transformer 模型", "zh"),
        ("We study the 漢字 of old prints", "en"),
        ("$x^2$ 17", ""),
    ],
)
def test_how_texts_of_two_kinds_are_known(text: str, language: str) -> None:
    assert language_of(text) == language


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("en", "en"),
        ("EN-US", "en"),
        ("zh_CN", "zh"),
        ("ger", "de"),
        ("nob", "no"),
        ("English", ""),
        ("und", ""),
        ("", ""),
    ],
)
def test_codes_of_sources_become_ours(said: str, code: str) -> None:
    assert language_code(said) == code
