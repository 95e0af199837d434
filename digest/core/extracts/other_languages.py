"""Choose the sentences of abstracts that are not in English, by a few cues of their own language.

    sentences ──► own work ("本文提出", "wir zeigen"), conclusion, result, method ──► the lead, and the points

There are no trained weights: what a paper does, or what it concludes where it does not say that, is printed first.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from digest.core.extracts.cues import Sentence, wide_signs, width
from digest.core.extracts.trimming import shorten

_OWN: Final[Mapping[str, str]] = {
    "zh": r"本文(?:提出|研究|设计|构建|建立|介绍|报道|探讨|采用|利用|通过|基于|以|对|从|针对|综述|分析)|本研究(?!所)"
    r"|我们(?:提出|设计|发现|研究|证明|开发)|提出(?:了)?(?:一种|一个|一类|基于|新)|(?:设计|构建|建立|开发)了一|描述了"
    r"|报道了?(?:中国|云南|[^，。]{0,12}一?新)|证明了",
    "ja": r"本(?:研究|論文|稿|報告)で|本(?:研究|論文|稿)は|我々は|著者らは|を(?:提案|開発|報告|示|検討)(?:する|した"
    r"|し)|を明らかにし",
    "ko": r"본 (?:논문|연구|고)|이 (?:논문|연구)(?:에서|는)|우리는|제안(?:한다|하였다|했다|합니다)|를 개발|을 개발",
    "de": r"\bwir (?:\w+ ){0,3}?(?:stellen|zeigen|untersuch|präsentier|entwickel|beschreib|schlagen|analysier"
    r"|vergleich|führen|beweisen|berichten)|(?:in )?(?:dieser|der vorliegenden) (?:arbeit|studie)|die(?:se)? "
    r"(?:vorliegende )?(?:arbeit|studie)\b|dieser (?:artikel|beitrag|aufsatz)|der (?:vorliegende )?(?:artikel|beitrag"
    r"|aufsatz)\b|(?:wird|werden) (?:\w+ ){0,6}(?:vorgestellt|beschrieben|untersucht|entwickelt|analysiert"
    r"|vorgeschlagen)",
    "fr": r"\bnous (?:\w+ ){0,2}?(?:proposons|présentons|montrons|étudions|introduisons|démontrons|analysons"
    r"|décrivons|développons|prouvons|considérons|établissons|décrivons|rapportons|examinons)|(?:cet|cette|ce|le "
    r"présent|notre) (?:article|étude|travail|papier|thèse|mémoire|recherche|contribution)|on (?:propose|montre"
    r"|présente|étudie|démontre)\b|(?:est|sont) (?:proposée?s?|présentée?s?|décrite?s?|étudiée?s?)\b",
    "es": r"\b(?:presentamos|proponemos|mostramos|estudiamos|analizamos|describimos|demostramos|introducimos"
    r"|desarrollamos|evaluamos|examinamos|investigamos)\b|(?:este|el presente|nuestro) (?:trabajo|artículo|estudio"
    r"|texto|ensayo)|esta (?:investigación|tesis|revisión)|la presente investigación|\bse (?:presenta|propone"
    r"|describe|estudia|analiza|desarrolla|evalúa|demuestra|introduce)n?\b",
    "pt": r"\b(?:apresentamos|propomos|mostramos|estudamos|analisamos|descrevemos|demonstramos|introduzimos"
    r"|desenvolvemos|avaliamos|investigamos)\b|(?:este|o presente|neste|no presente|nosso) (?:trabalho|artigo|estudo"
    r"|texto|ensaio)|(?:esta|nesta) (?:pesquisa|tese|revisão|investigação)|\b(?:apresenta|propõe|descreve|analisa"
    r"|desenvolve)(?:m)?-se|(?:é|são) (?:apresentad|propost|descrit)[oa]s?\b",
    "it": r"\b(?:presentiamo|proponiamo|mostriamo|studiamo|analizziamo|descriviamo|dimostriamo|introduciamo"
    r"|sviluppiamo|valutiamo)\b|(?:questo|il presente|in questo|nel presente|nostro) (?:lavoro|articolo|studio|saggio"
    r"|contributo)|(?:questa|in questa|la presente) (?:ricerca|tesi|rassegna)|(?:viene|vengono|è|sono) (?:presentat"
    r"|propost|descritt)\w",
    "ru": r"\bмы (?:\w+ ){0,2}?(?:показыва|предлага|доказыва|изуча|представля|рассматрива|исследу|разработал|описыва"
    r"|показали|доказали|предложили|изучили)|в (?:(?:данной|настоящей|этой) )?(?:работе|статье)|(?:данная|настоящая) "
    r"(?:работа|статья)|(?:статья|работа) посвящена|(?:предложен|разработан|исследован|изучен|описан|доказан|получен"
    r"|рассмотрен|представлен)[аоы]?\b|(?:предлагается|рассматривается|исследуется|доказывается|описывается|изучается"
    r"|рассматриваются)",
}
_RESULT: Final[Mapping[str, str]] = {
    "zh": r"(?:结果|实验|研究|分析|仿真|试验)(?:结果)?(?:表明|显示|发现|证明|说明)|结果(?:[：:]|如下|,|，)"
    r"|发现[：:，]|优于|提高了|降低了|显著",
    "ja": r"(?:結果|その結果|実験)[、はにか]|明らかに(?:なった|した)|示された|確認(?:された|した)|わかった|有意",
    "ko": r"(?:결과|실험)(?:는|,|를|에서|적으로)? ?|나타났다|확인(?:하였다|되었다|했다)|유의",
    "de": r"\b(?:die )?(?:ergebnisse|resultate|befunde|daten|analysen?|experimente) (?:\w+ ){0,4}?(?:zeig|beleg"
    r"|deuten|legen|weisen|ergab|ergeben|bestätig)|es zeigte? sich|zeigte[n]? sich|\bsignifikant|übertr[ai]f"
    r"|verbesser",
    "fr": r"(?:les|nos) (?:\w+ )?(?:résultats|expériences|analyses|données) (?:\w+ ){0,4}?(?:montr|indiqu|suggèr"
    r"|révèl|confirm|démontr)|significati(?:f|ve)|surpass|amélior",
    "es": r"(?:los|nuestros) (?:\w+ )?(?:resultados|experimentos|datos|análisis) (?:\w+ ){0,4}?(?:muestr|mostr|indic"
    r"|sugier|revel|confirm|demuestr|evidenci|señal|permit)|se (?:encontr|observ|obtuv|concluy|halló|hallaron)"
    r"|significativ|super[ao]n? a",
    "pt": r"(?:os|nossos) (?:\w+ )?(?:resultados|experimentos|dados) (?:\w+ ){0,4}?(?:mostr|indic|suger|revel|confirm"
    r"|demonstr|evidenci|apont)|(?:observou|verificou|constatou|encontrou|obteve|concluiu)-se|foi (?:observad"
    r"|encontrad)|significativ",
    "it": r"(?:i|nostri) (?:\w+ )?(?:risultati|esperimenti|dati) (?:\w+ ){0,4}?(?:mostr|indic|suggeri|rivel|conferm"
    r"|dimostr|evidenzi)|si (?:osserva|è osservat|è riscontrat)|significativ|super[ao]",
    "ru": r"(?:результаты|эксперименты|анализ|данные|расч[её]ты) (?:\w+ ){0,4}?(?:показ|свидетельств|подтвержд|указыв"
    r"|демонстр)|(?:показано|установлено|обнаружено|выявлено|доказано|получено|найдено)\b|достоверно|превосход",
}
_CONCLUSION: Final[Mapping[str, str]] = {
    "zh": r"^(?:综上|总之|因此|由此)",
    "ja": r"^(?:以上|したがって|従って|よって)|示唆(?:された|する)|結論",
    "ko": r"^(?:따라서|결론적으로|이상의)|시사",
    "de": r"^(?:zusammenfassend|insgesamt|somit|damit)\b|schlussfolger|schließen daraus",
    "fr": r"^(?:en conclusion|ainsi|en somme|au total)\b|nous concluons|on conclut",
    "es": r"^(?:en conclusión|se concluye|en síntesis|en suma|por lo tanto)\b|concluimos|se concluye",
    "pt": r"^(?:em conclusão|conclui-se|em síntese|portanto|em suma)\b|concluímos|conclui-se",
    "it": r"^(?:in conclusione|in sintesi|pertanto)\b|concludiamo|si conclude",
    "ru": r"^(?:таким образом|итак|в заключение|в итоге)\b|сделан вывод",
}
_METHOD: Final[Mapping[str, str]] = {
    "zh": r"采用|利用|通过|运用|基于|选取|使用|方法",
    "ja": r"を用い|により|手法|方法|に基づ",
    "ko": r"이용하여|사용하여|통해|기반",
    "de": r"\b(?:mittels|anhand|mithilfe|basier|verwende|wurden? \w+|methode|verfahren)",
    "fr": r"\b(?:à l'aide|grâce à|basée? sur|repose|utilis|méthode|au moyen)",
    "es": r"\b(?:mediante|utiliz|a partir de|basad|método|se emple|se realiz)",
    "pt": r"\b(?:por meio|utiliz|a partir d|basead|método|foram? (?:realizad|coletad|analisad))",
    "it": r"\b(?:mediante|attraverso|utilizz|basat|metodo|sono stat)",
    "ru": r"\b(?:с помощью|метод|на основе|путем|путём|использова|применя)",
}
# "目的 …。方法 …。", "Hintergrund: …"; Chinese journals print 【目的】 or ［方法］ as well.
_HEADINGS: Final[Mapping[str, str]] = {
    "background": "背景|研究背景|はじめに|緒言|배경|hintergrund|einleitung|contexte|introduction|antecedentes"
    "|introducción|introdução|contexto|introduzione|введение|актуальность|обоснование",
    "objective": "目的|目標|목적|ziel(?:e|setzung)?|fragestellung|objectifs?|objetivos?|obiettiv[oi]|scopo|цель",
    "methods": "方法|材料与方法|材料和方法|对象与方法|対象と方法|対象および方法|방법|재료 및 방법|methoden?|methodik"
    "|material und methoden?|patienten und methoden?|méthodes?|matériels? et méthodes?|patients et méthodes?|métodos?"
    "|materiales? y métodos?|pacientes y métodos?|metodología|material e métodos?|materiais e métodos?|metodologia"
    "|metodi|materiali e metodi|методы|материалы? и методы|методика",
    "results": "结果|結果|결과|成績|ergebnisse|resultate|résultats?|resultados?|risultati|результаты",
    "conclusions": "结论|結論|結語|결론|考察|고찰|schlussfolgerung(?:en)?|fazit|diskussion|conclusions?|conclusión"
    "|conclusiones|conclusão|conclusões|considerações finais|conclusion[ei]|выводы?|заключение",
    "keywords": "关键词|关键字|キーワード|키워드|주제어|schlüsselwörter|schlagwörter|mots[- ]cl[eé]s|palabras clave"
    "|palavras-chave|parole chiave|ключевые слова",
}
_HEADING: Final = re.compile(
    r"[【［\[〔]?\s*(?:"
    + "|".join(f"(?P<{label}>{words})" for label, words in _HEADINGS.items())
    + r")(?:\s*[】］\]〕]\s*[：:]?|\s*[：:]\s*|(?<=[\u3000-\u9fff\uac00-\ud7af])[\s\u3000]+|\. (?=[^\W\d_])"
    r"|\s[—–]\s)\s*",
    re.IGNORECASE,
)
_OF_LABEL: Final[Mapping[str, float]] = {"conclusions": 2.8, "results": 1.4, "objective": 1.0, "background": -1.5}
_CLAUSE_END: Final = re.compile("[；;，,、：:]")
_TLDR_AT_MOST: Final = 400
_LEAD_AT_LEAST: Final = 40
_POINT_AT_MOST: Final = 320
_POINTS: Final = 3
_FILLED: Final = 2
"""Points that an abstract without cues has: the sentences after its lead."""


@dataclass(frozen=True, slots=True)
class _Cues:
    """The compiled cues of one language."""

    own: re.Pattern[str]
    result: re.Pattern[str]
    conclusion: re.Pattern[str]
    method: re.Pattern[str]


_CUES: Final = {
    code: _Cues(*(re.compile(table[code]) for table in (_OWN, _RESULT, _CONCLUSION, _METHOD))) for code in _OWN
}


def heading_of(raw: str) -> tuple[str, int]:
    """Return which part of a structured abstract *raw* opens, and where its text begins; ("", 0) for none.

    Parts have the names of English abstracts: `background`, `objective`, `methods`, `results`, `conclusions`.
    """
    found = _HEADING.match(raw)
    return (found.lastgroup or "", found.end()) if found else ("", 0)


def choose(sentences: Sequence[Sentence], language: str) -> tuple[str, tuple[str, ...]] | None:
    """Return the lead and the points, in order; None for a language of which no cues are known.

    A lead that is too long is cut behind a clause, and ends in "…".

    Args:
        sentences: Those that may be printed; at least one.
    """
    known = _CUES.get(language)
    if known is None:
        return None
    sentences = [s for s in sentences if s.label != "keywords"] or sentences
    lead = max(sentences, key=lambda s: (_worth(s, known), -s.place))
    return _cut(lead.text), _points(sentences, lead, known)


def _worth(s: Sentence, known: _Cues) -> float:
    """Return how much a sentence says of what the paper does or found; of equal ones the first is better."""
    size = width(s.text)
    worth = (
        _OF_LABEL.get(s.label, 0.0) - (1.5 if size < _LEAD_AT_LEAST else 0.0) - (2.0 if size > _TLDR_AT_MOST else 0.0)
    )
    worth += 3.0 * bool(known.own.search(s.low)) + 1.2 * bool(known.result.search(s.low))
    return worth + 1.6 * bool(known.conclusion.search(s.low))


def _cut(text: str) -> str:
    """Return *text* in the width of a lead: Chinese sentences have clauses of which English would make sentences."""
    if width(text) <= _TLDR_AT_MOST:
        return text
    if 2 * wide_signs(text) < len(text):
        return shorten(text, _TLDR_AT_MOST)
    head = text[: _TLDR_AT_MOST // 3]
    ends = [match.start() for match in _CLAUSE_END.finditer(head)]
    return f"{head[: ends[-1]] if ends and ends[-1] > len(head) // 3 else head}…"


def _points(sentences: Sequence[Sentence], lead: Sentence, known: _Cues) -> tuple[str, ...]:
    """Choose result, conclusion and method where there are such sentences, else those after the lead; in order."""
    free = [s for s in sentences if s is not lead and width(s.text) <= _POINT_AT_MOST and s.label != "background"]
    picked: list[Sentence] = []
    for label, cue in (("results", known.result), ("conclusions", known.conclusion), ("methods", known.method)):
        # What stands before the lead and speaks of methods, means those of others.
        later = [s for s in free if s.place > lead.place] if cue is known.method else free
        of_label = [s for s in free if s.label == label] or [s for s in later if not s.label and cue.search(s.low)]
        picked += [s for s in of_label if s not in picked][:1]
    later = [s for s in free if s.place > lead.place and s not in picked]
    picked += later[: max(0, _FILLED - len(picked))]
    return tuple(s.text for s in sorted(picked[:_POINTS], key=lambda s: s.place))
