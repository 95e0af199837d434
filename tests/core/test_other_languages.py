"""Abstracts that are not in English are cut at their own sentences, and led by what they do or found."""

from __future__ import annotations

import pytest

from digest.core.extracts.extractive import Extractor

EXTRACTOR = Extractor({})
"""Without weights: they are those of English."""

ABSTRACTS = {
    "zh": (
        "果园害虫检测是智慧农业的重要环节。然而，现有方法在小目标上的精度不足。{}"
        "在自建数据集上进行实验，结果表明，该方法的平均精度达到93.2%。",
        "本文提出一种基于改进YOLO的害虫检测方法，引入注意力机制和多尺度特征融合。",
    ),
    "ja": (
        "地震波の到達時刻の推定は重要である。{}気象庁の記録1万件で評価した結果、誤差は従来手法の半分になった。",
        "本研究では，畳み込みニューラルネットワークを用いた手法を提案する。",
    ),
    "ko": (
        "위암은 흔한 암이다. {} 실험 결과 정확도는 94%로 나타났다.",
        "본 논문에서는 딥러닝을 이용하여 위암을 진단하는 방법을 제안한다.",
    ),
    "de": (
        "Die Verteilung von Primzahlen ist seit Langem bekannt. {} Der Beweis beruht auf einem neuen Sieb.",
        "Wir zeigen, dass es in kurzen Intervallen mehr Primzahlen gibt, als bisher bewiesen war.",
    ),
    "fr": (
        "Les groupes hyperboliques jouent un rôle central en géométrie. {} La preuve repose sur une étude du bord.",
        "Nous démontrons un théorème de rigidité pour ces groupes.",
    ),
    "es": (
        "La calidad del agua es un problema. {} Los resultados muestran que nueve superan los límites de plomo.",
        "En este trabajo se estudia la calidad del agua de 14 ríos andinos mediante muestreos mensuales.",
    ),
    "pt": (
        "Incêndios florestais são cada vez mais frequentes. {} O modelo foi treinado com 20 mil imagens.",
        "Neste trabalho apresentamos um modelo que os detecta em imagens de satélite.",
    ),
    "it": (
        "L'analisi di immagini è difficile per molte ragioni. {} Il metodo è basato su wavelet.",
        "In questo lavoro presentiamo un metodo che riduce il costo del calcolo.",
    ),
    "ru": (
        "Краевые задачи с вырождением возникают в физике. {} Доказаны существование и единственность решения.",
        "В работе исследуется одна краевая задача для уравнения третьего порядка.",
    ),
}
"""By language, an abstract without the sentence that says what the paper does, and that one."""


@pytest.mark.parametrize("language", ABSTRACTS)
def test_what_a_paper_does_leads_in_its_own_language(language: str) -> None:
    abstract, lead = ABSTRACTS[language]

    said, points = EXTRACTOR.summarize("", abstract.format(lead))

    assert said == lead
    assert len(points) == 1


STRUCTURED = {
    "zh": "目的 探讨某药治疗慢性心力衰竭的疗效。方法 选取收治的120例患者，随机分为两组。"
    "结果 治疗组有效率为91.7%，高于对照组。结论 某药可改善心功能，安全性好。关键词：心衰；疗效",
    "de": "Hintergrund: Schlafstörungen sind im Alter häufig. Methoden: Es wurden 212 Menschen, u. a. Köche, befragt. "
    "Ergebnisse: Kurzer Schlaf ging mit schlechterem Gedächtnis einher. Schlussfolgerung: Schlaf ist zu erfassen.",
    "es": "Antecedentes: El agua escasea. Métodos: Se tomaron muestras de 14 ríos. Resultados: Nueve superan "
    "los límites de plomo. Conclusiones: La minería es la causa principal.",
}


@pytest.mark.parametrize(
    ("language", "lead", "points"),
    [
        (
            "zh",
            "某药可改善心功能，安全性好。",
            ("选取收治的120例患者，随机分为两组。", "治疗组有效率为91.7%，高于对照组。"),
        ),
        (
            "de",
            "Schlaf ist zu erfassen.",
            (
                "Es wurden 212 Menschen, u. a. Köche, befragt.",
                "Kurzer Schlaf ging mit schlechterem Gedächtnis einher.",
            ),
        ),
        (
            "es",
            "La minería es la causa principal.",
            ("Se tomaron muestras de 14 ríos.", "Nueve superan los límites de plomo."),
        ),
    ],
)
def test_a_structured_abstract_is_led_by_its_conclusion(language: str, lead: str, points: tuple[str, ...]) -> None:
    assert EXTRACTOR.summarize("", STRUCTURED[language]) == (lead, points)


def test_a_chinese_sentence_that_is_too_long_is_cut_behind_a_clause() -> None:
    said, _ = EXTRACTOR.summarize("", "本文描述了采自云南的一个新种，" * 20 + "并附图。")

    assert said.endswith("一个新种…")
    assert len(said) <= 134
