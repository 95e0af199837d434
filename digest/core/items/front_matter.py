"""The words by which titles say that an item is no paper: corrections, editorials, contents, in several languages.

Each pattern is tried at a title's beginning (`match`) or anywhere in it (`search`), as said beside it. What is also a
word of research needs a sign behind it: "Correction: …" and "Correction to “…”", but not "Correction to scaling".
"""

from __future__ import annotations

import re
from typing import Final

from digest.core.models import PaperKind

_I: Final = re.IGNORECASE | re.VERBOSE
_QUOTE: Final = r"[:\"“”‘’'«»„‚`「『《]"
_END: Final = r"\s*(?:\Z|[:.–—]|-\s)"
_VOLUME: Final = (
    r"(?:\W+(?:to|of|for|from|in|and|the|this|volumes?|vol|issues?|no|numbers?|band|heft|tome|tom|том|номер|n[ºo°]|\d+"
    r"|january|february|march|april|may|june|july|august|september|october|november|december))*\W*\Z"
)

CORRECTION: Final = re.compile(
    rf"""
    (?:(?:author|publisher|editor)(?:['’]?s|ial|s['’])?\s+)?(?:correction|amendment)s?
        (?:\s+(?:note|notice))?(?:{_END}|\s+(?:to|in|for|of)\s*(?:{_QUOTE}|the\s+(?:article|paper)\b
            |\S+(?:\s\S+)?\s+et\s+al))
    | (?:author|publisher)['’]?s?\s+corrections?\b
    | (?:corrigend(?:um|a)|errat(?:um|a)(?:\s+corrige)?|addend(?:um|a))(?:{_END}|\s+(?:to|for|in|on|of|zu[mr]?|à|au
        |al?)\b|\s*{_QUOTE})
    | (?:editor(?:ial|['’]s)?\s+)?(?:expression|note|notice)\s+of\s+concern\b
    | (?:berichtigung(?:en)?|korrigendum|rectificatifs?)(?:{_END}|\s+(?:zu[mr]?|à|au)\b)
    | (?:korrektur(?:en)?|correctif|corrección|correção|rettifica|fe\s+de\s+errat(?:as|a)|fe\s+de\s+errores)
        (?:{_END}|\s+(?:zu[mr]?|à|au|al?|de[l]?)\s*{_QUOTE})
    | (?:исправлени[ея]|поправк[аи]|опечатк[аи])(?:{_END}|\s+(?:к|в)\s+стать)
    | (?:勘[误誤]|更正|訂正|正誤表|お詫びと訂正|정오표)(?:{_END}|\W|[启啓声のと表])
    """,
    _I,
)
"""At the beginning."""
CORRECTION_BEHIND: Final = re.compile(
    r"""
    [(\[]\s*(?:(?:author|publisher)\s+)?(?:correction|corrigendum|erratum|errata)\s*[)\]]\s*\Z
    | [:.–—]\s*(?:corrigendum|erratum|(?:author|publisher)\s+correction)\W*\Z
    | (?:勘[误誤]|更正|の訂正|正誤表)\s*\Z
    """,
    _I,
)
"""At the end."""
RETRACTION: Final = re.compile(
    rf"""
    (?:notice\s+of\s+|partial\s+)?retraction(?:\s+(?:note|notice|statement|of\s+publication))?
        (?:{_END}|\s+(?:to|of|for)\s*{_QUOTE}|\s+and\s+replacement)
    | retraction\s+not(?:e|ice)\b | notice\s+of\s+retraction\b | (?:withdrawal|removal)\s+notice\b | withdrawal\s*:
    | (?:rétractation|retractación|retratação|ritrattazione|ретракция)(?:{_END}|\s+(?:de|di|статьи)\b)
    | отзыв\s+статьи\b | 撤稿 | 撤回(?:声明|通知|のお知らせ)
    """,
    _I,
)
"""At the beginning."""

ALWAYS: Final = (
    (
        PaperKind.EDITORIAL,
        re.compile(
            rf"""
            (?:(?:guest|invited)\s+)?editorials?{_END} | editorial\s+(?:note|foreword|introduction|preface){_END}
            | (?:éditorial|editoriale){_END}
            """,
            _I,
        ),
    ),
    (
        PaperKind.COMMENT,
        re.compile(
            rf"""
            comments?\s+(?:on|to)\s*(?:{_QUOTE}|the\s+(?:paper|article|letter)\b|arxiv\b) | comment\s*:
                | matters\s+arising\b
            | comment\s+on\s[^:?]{{1,250}}\bby\s+\S+(?:\s\S+){{0,3}}(?:\s+et\s+al\b.*)?\Z
            | reply\s*(?:\Z|[:.–—]|to\s*{_QUOTE}|to\s+(?:the\s+)?(?:comment|letter|reply|critic)
                |to\s.{{1,60}}\bet\s+al\b)
            | response\s*(?:\Z|:|to\s*{_QUOTE}|to\s+(?:the\s+)?(?:comment|letter|reply|editor|reviewer|critic)
                |to\s.{{1,60}}\bet\s+al\b)
            | (?:the\s+)?authors?(?:['’]s?|s['’])?\s+(?:reply|replies|respond|response|rejoinder)\b | rejoinder{_END}
            | discussion\s+(?:of|on)\s*(?:{_QUOTE}|the\s+paper\b) | letters?\s+to\s+the\s+editors?\b
            | (?:cartas?\s+(?:al?|ao)\s+(?:editor|director|redacción|direttore)|lettres?\s+(?:à\s+la\s+rédaction
                |au\s+rédacteur)|leserbriefe?)\b
            | письм[оа]\s+(?:в\s+редакцию|редактору) | ответ\s+на\s+(?:комментари|письмо|рецензи)
            """,
            _I,
        ),
    ),
    (
        PaperKind.BOOK_REVIEW,
        re.compile(rf"book\s+reviews?(?:{_END}|\s*[\"“‘'«(]|\s+of\b)|buch(?:besprechung|rezension)(?:en)?\b", _I),
    ),
    (
        PaperKind.OBITUARY,
        re.compile(rf"(?:obituar(?:y|ies)|in\s+memoriam|nachrufe?|некролог|obitu[aá]rio){_END}", _I),
    ),
    (
        PaperKind.CONTENTS,
        re.compile(
            rf"""
            (?:tables?\s+of\s+contents|issue\s+information|editorial\s+(?:advisory\s+)?board(?:\s+and\b.*)?
                |mastheads?|toc)
                {_VOLUME}
            | .{{0,80}}\b(?:front|back)\s?matter\s*\Z
            | (?:(?:inside|outside|front|back)\s+)+covers?(?:\s+(?:picture|image|feature|art|story
                |profile))?(?:\s*[:(].*|{_VOLUME})
            | cover\s+(?:picture|image|feature|art|story|profile)(?:\s*[:(].*|{_VOLUME})
            """,
            _I,
        ),
    ),
    (
        PaperKind.NEWS,
        re.compile(
            r"""
            (?:daily|weekly|AI\s&\srobotics)\s+briefing\s*: | nature\s+podcast\b | podcast\s*:
                | audio\s+long\s+read\s*:
            | news\s+(?:in\s+brief|&\s+views|and\s+views|briefs?)\b | press\s+release\s*: | call\s+for\s+papers\b
            """,
            _I,
        ),
    ),
)
"""Said by the title's beginning alone."""

BARE: Final = (
    (
        PaperKind.EDITORIAL,
        re.compile(
            rf"""
            (?:foreword|preface|prologue|vorwort|geleitwort|avant-propos|préface|prólogo|presentación|apresentação
                |prefácio
                |prefazione|предисловие|от\s+редак(?:ции|тора)|редакционная\s+статья|колонка\s+редактора)
                (?:{_END}|\s+(?:to|for|by|zu[mr]?|à|al?)\s)
            | from\s+the\s+(?:guest\s+)?editors?\b | editors?(?:['’]s?|s['’])?\s+(?:note|choice|introduction|preface
                |page|letter|column|corner)\b
            | (?:letter|message|note)\s+from\s+the\s+(?:guest\s+)?(?:editor|president|chair)
            | in\s+this\s+issue\W*\Z | introduction\W*\Z
            | introduction\s+to\s+(?:(?:the|this)\s+)?(?:special|theme|themed|thematic|virtual)\s+(?:issue|section
                |collection|series|feature)
            | (?:special|themed?|thematic)\s+(?:issue|section)\s*(?:\Z|:|on\b|of\b) | zu\s+diesem\s+heft
            | (?:巻頭言|編集後記|卷首[语語]|刊首语|编者按|编后[语记]|主编寄语|社论|发刊词|前言|序言|권두언|머리말)
            """,
            _I,
        ),
    ),
    (
        PaperKind.CONTENTS,
        re.compile(
            rf"""
            (?:(?:graphical\s+|list\s+of\s+|cumulative\s+|annual\s+)?contents(?:\s+list)?|contents?\s+pages?
                |title\s+pages?|copyright(?:\s+page)?
                |imprint|impressum|issue\s+(?:details|highlights)|(?:journal|volume|publication
                    |subscription)\s+information
                |aims\s+and\s+scope|editorial\s+(?:staff|office|team|information|committee)
                |(?:(?:author|subject|keyword|cumulative|annual|name|general)s?(?:\s+and\s+|\s+)){{0,3}}ind(?:ex
                    |exes|ices)
                |(?:information|instructions|guidelines|guide|notes|notice)\s+(?:for|to)\s+(?:the\s+)?(?:authors
                    |contributors|readers|reviewers)
                |(?:list\s+of|thanks\s+to|thank\s+you\s+to|acknowledge?ments?\s+(?:of|to)
                    |in\s+appreciation\s+of)(?:\s+(?:our|the|all)){{0,2}}\s+(?:peer\s+)?(?:reviewers|referees)
                |reviewers?(?:\s+(?:list|acknowledge?ments?))?|covers?|(?:notes\s+on\s+)?contributors
                    |about\s+the\s+authors
                |(?:books|publications)\s+received|calendar(?:\s+of\s+events)?
                |inhalt(?:sverzeichnis|sübersicht)?|titelei|titelblatt|autorenverzeichnis|sachregister
                    |hinweise\s+für\s+autoren
                |sommaire|table\s+des\s+mati[èe]res|index\s+des\s+(?:auteurs|mati[èe]res)|comité\s+de\s+(?:rédaction
                    |lecture)|couverture
                |[ií]ndice(?:\s+general)?|tabla\s+de\s+contenidos?|sumario|sumário|sommario|contenido|portada|capa
                    |expediente|créditos
                |(?:comité|consejo|conselho|corpo)\s+editorial|normas\s+(?:de\s+publicación
                    |para\s+(?:los\s+)?autores|para\s+publicação)
                |содержание(?:\s+(?:номера|журнала|тома))?|оглавление|редакционная\s+коллегия|редколлегия
                    |правила\s+для\s+авторов
                |(?:алфавитный\s+)?указатель(?:\s+статей)?|обложка|выходные\s+данные
            ){_VOLUME}
            """,
            _I,
        ),
    ),
    (
        PaperKind.BOOK_REVIEW,
        re.compile(
            rf"""
            (?:reviews?\s+of\s+books?|book\s+notes?|rezension(?:en)?|comptes?\s+rendus?(?:\s+(?:de\s+lecture
                |critiques?))?|recensions?
                |notes?\s+de\s+lecture|reseñas?(?:\s+(?:bibliográficas?|de\s+libros?))?|resenhas?|recension[ei]
                    |рецензи[яи]|новые\s+книги)
                (?:{_END}|\s+(?:zu|von|de|du|di|на)\s)
            | (?:书评|書評|新刊紹介|서평) | .{{0,200}}\bISBN\b | .{{0,120}}\bbooks\s+in\s+brief\W*\Z
            """,
            _I,
        ),
    ),
    (
        PaperKind.OBITUARY,
        re.compile(
            r"""
            obituar(?:y|ies)\s+(?:of|for)\b | nachrufe?\s+auf\b | in\s+mem(?:ory|oriam)\b | nécrologie\b
            | necrolog[ií]a\b | necrologio\b
            | (?:à\s+la\s+mémoire|zum\s+gedenken|памяти)\s | (?:追悼|悼念|讣告|訃[告報]|沉痛悼念)
            | .{1,80}\bobituary\s*(?:\Z|[:–—])
            """,
            _I,
        ),
    ),
    (
        PaperKind.COMMENT,
        re.compile(
            rf"""
            (?:(?:invited\s+)?comment(?:ary|s)?|correspondence|viewpoint|opinion|point\s+of\s+view|letter)s?{_END}
            | comment(?:ary)?\s+on\s | (?:reply|rejoinder)\s+to\s | discussion\s*(?:\Z|:)
            | réponse\s+à\s | respuesta\s+(?:a|de)\s | resposta\s+(?:a|ao)\s | erwiderung\b | kommentar{_END}
            """,
            _I,
        ),
    ),
    (
        PaperKind.NEWS,
        re.compile(
            rf"""
            (?:news|research\s+highlights?|announcements?|society\s+news|new\s+products|upcoming\s+(?:events
                |meetings)|mitteilungen|nachrichten
                |actualités|noticias|notícias|новости|хроника|föreningsinformation|vereinsnachrichten){_END}
            | news\s+(?:from|of)\s | where\s+i\s+work\b | call\s+for\s+(?:nominations|submissions|applications
                |abstracts)\b
            """,
            _I,
        ),
    ),
)
"""Said by the title's beginning where there is no abstract."""

NAMELESS: Final = (
    (
        PaperKind.CONTENTS,
        re.compile(
            r"[总總総]目[次录錄]|(?:\A|[期卷号年])目[次录錄]\s*\Z|索引\s*\Z|編集委員|编辑?委员会|编委会|編委會|\A封[面底二三]|\A表紙|奥付"
            r"|投稿(?:须知|規定|规定|指南|要領)|稿约|征稿(?:简则|启事|通知|启示)|作者须知|執筆要領|목차|투고\s?규정",
        ),
    ),
    (PaperKind.NEWS, re.compile(r"(?:消息|简讯|会讯|公告|启事|お知らせ|会告)\s*\Z")),
    (
        PaperKind.NEWS,
        re.compile(
            r"""\b(?:grants?|awards?|prizes?|fellowships?|medals?|workshop|conference|symposium|congress)
            \s(?:programs?|programmes?|announcements?|winners?|recipients?|calls?)\b""",
            _I,
        ),
    ),
)
"""Anywhere in the title of an item that has neither authors nor an abstract."""

LIFE: Final = re.compile(r"(?:[^\W\d_][\w.’'-]*[ ,]{1,2}){2,6}\((1[6-9]\d\d|20\d\d)\s?[–-]\s?((?:1[89]|20)\d\d)\), \w")
"""A name with the years of a life, and who that was, at the beginning: "Frans de Waal (1948–2024), primatologist"."""

_KINDS_OF_REVIEW: Final = (
    r"(?:systematic|systematized|scoping|narrative|critical|literature|comprehensive|mini|umbrella|integrative|brief"
    r"|short|concise|updated|historical|tutorial|selective|rapid|realist|methodological|theoretical|clinical|evidence"
    r"|in-depth|state-of-the-art|thematic|recent|general|broad|extensive|structured|topical|bibliometric|qualitative"
    r"|and|of|the)"
)
# A review of a genus is a revision of it, which is research.
_TAXON: Final = (
    r"(?!\s+(?:(?:the|some|all|\w+)\s+){0,3}(?:genus|genera|subgenus|species|tribes?|subtribe|famil(?:y|ies)|subfamily"
    r"|orders?|complex)\b|.*\bdescriptions?\s+of\b)"
)
REVIEW: Final = re.compile(
    rf"""
    \A(?:an?\s+)?(?:{_KINDS_OF_REVIEW}[\s,-]+){{1,4}}reviews?\b
    | \A(?:an?|the)\s+review\s+(?:of|on)\b{_TAXON}
    | [:.?!–—]\s*(?:an?\s+|the\s+)?(?:{_KINDS_OF_REVIEW}[\s,-]+){{0,4}}reviews?
        (?:\s*\Z|\s*[,(]|\s+(?:and|with|on|from|using|protocol)\b|\s+of\b{_TAXON})
    | \b(?:обзор\s+литературы|literaturübersicht|revue\s+(?:de\s+la\s+)?littérature|revisión\s+(?:sistemática
        |bibliográfica|narrativa)
        |revisão\s+(?:sistemática|integrativa|narrativa|bibliográfica)|revisione\s+sistematica)\b
    | (?:综述|研究进展|総説|レビュー)\s*\Z
    """,
    _I,
)
"""Anywhere."""
SURVEY: Final = re.compile(
    r"""
    (?:\A|[:.?!–—]\s*)(?:an?\s+|the\s+)?
    (?:(?:comprehensive|brief|short|systematic|critical|recent|literature|structured|selective|concise|technical
        |holistic)[\s,]+){0,3}
    survey(?:\s*\Z|\s+(?:of|on|and)\b(?!\s+(?:\d|over|more|practitioners|developers|users|students|engineers
        |scientists)))
    """,
    _I,
)
"""Anywhere; in other fields than computing and mathematics a survey is of stars, or of people."""
