"""Make the extractive summary of a paper, without a model: a sentence on what the paper does, and up to three more.

    abstract ──► sentences, trimmed of lead-ins and citations ──► variants, shorter ones beside each
                                                                └─► features × weights ──► the best one is the tldr
             └─► method, result, limitation, of the other sentences ──► the points

Words are only ever left out, never changed: but for a capital at the front and a "…" at the end, what comes out stands
in the abstract. Text that is no prose gives no sentence: journals send "Volume 56, Issue 3" for an abstract.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Final

from digest.core.errors import ConfigError
from digest.core.extracts import claims, cues, other_languages, standing
from digest.core.extracts.cues import Sentence
from digest.core.extracts.features import STOP, Context, of_sentence, of_variant
from digest.core.extracts.trimming import Variant, shorten, trim, variants
from digest.core.words.language import language_of
from digest.core.words.sentences import formulas, split

VERSION: Final = "6"
"""Part of the key under which a summary is stored: raise it with every change that alters what comes out. The weights
are another part of it."""

_TLDR_AT_MOST: Final = 400
_POINT_AT_MOST: Final = 320
_POINTS: Final = 3
_STRONG_RESULT: Final = 3.0
"""Score from which a result may be a third point."""
# Longer texts are not abstracts; what a paper does stands at the front of them.
_READ_AT_MOST: Final = 12_000
_SENTENCES_AT_MOST: Final = 100
_LETTERS_AT_LEAST: Final = 6
_NAMES_ALONE: Final = 7
"""Words below which a lead says little but a name: "We propose SkillOpt-Lite."."""
_BARE_RESULT: Final = ("we show that",)
"""What is left out of a point: "Experiments demonstrate that X improves recall" says no more without its front."""
_MAY_GAIN: Final = 0.5
"""The most that a sentence's score may gain by leaving words out, when it is compared with other sentences."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A candidate for the summary's sentence: a variant of a sentence of the abstract, whole or with words left out."""

    sentence: Sentence
    variant: Variant
    features: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Extractor:
    """Chooses the sentences of extractive summaries by trained weights of features."""

    weights: Mapping[str, float]
    """Weights of features by their names: `position.first of few`. A feature without a weight counts 0."""

    @classmethod
    def parse(cls, text: str) -> Extractor:
        """Read weights: TOML, a table for each group of features.

        Raises:
            ConfigError: *text* is no TOML, or has other values than numbers.
        """
        try:
            tables = tomllib.loads(text)
            weights = {f"{group}.{name}": float(w) for group, table in tables.items() for name, w in table.items()}
        except (tomllib.TOMLDecodeError, AttributeError, TypeError, ValueError) as exc:
            raise ConfigError(f"the weights of summaries cannot be read: {exc}; install the package again") from exc
        return cls(weights)

    def summarize(self, title: str, abstract: str) -> tuple[str, tuple[str, ...]]:
        """Return a sentence that says what the paper does, and up to three further ones in the abstract's order.

        `("", ())` for an abstract that has no sentence: an empty one, formulas alone, or a volume and its page numbers.
        """
        sentences = read(title, abstract)
        if not sentences:
            return "", ()
        if not (english := is_english(abstract)):
            elsewhere = other_languages.choose(sentences, language_of(abstract))
            if elsewhere is not None:
                return elsewhere
        context = Context.of(title, sentences)
        of_all = [self._weigh(of_sentence(s, context)) for s in sentences]
        scores = [self._score(of_all[s.place], Variant(s.text), s, context) for s in sentences]
        if english:
            chosen, text = self._choose(sentences, of_all, scores, context)
        else:  # The cues are English words: without them, what a paper is about stands at the front.
            chosen = next((s for s in sentences if 60 <= cues.width(s.text) <= _TLDR_AT_MOST), sentences[0])
            text = chosen.text
        lead = shorten(text, _TLDR_AT_MOST) or shorten(chosen.text, _TLDR_AT_MOST)
        lead, joined = _filled(lead, chosen, sentences)
        return lead, _points(sentences, chosen, scores, joined)

    def _choose(
        self, sentences: Sequence[Sentence], of_all: Sequence[float], scores: Sequence[float], context: Context
    ) -> tuple[Sentence, str]:
        """Return the sentence that has the best variant, and the text of that variant; of equal scores, the first."""
        worth = _better_leads(_worth_choosing(sentences), scores)
        least = max(scores[s.place] for s in worth) - _MAY_GAIN
        found = [
            (self._score(of_all[s.place], variant, s, context), s, variant.text)
            for s in worth
            if scores[s.place] >= least
            for variant in variants(s.text)
        ]
        _, chosen, text = max(found, key=itemgetter(0))
        return chosen, text

    def _score(self, of_all: float, variant: Variant, s: Sentence, context: Context) -> float:
        """Return the score of a variant of *s*, rounded, so that it is the same on every machine."""
        return round(of_all + self._weigh(of_variant(variant, s, context)), 6)

    def _weigh(self, features: Mapping[str, float]) -> float:
        weights = self.weights
        return sum([value * weights[name] for name, value in features.items() if name in weights])


def candidates(title: str, sentences: tuple[Sentence, ...]) -> tuple[Candidate, ...]:
    """Return every variant of every sentence, in order, with its features."""
    context = Context.of(title, sentences)
    found = []
    for s in sentences:
        of_all = of_sentence(s, context)
        found += [
            Candidate(sentence=s, variant=v, features=of_all | of_variant(v, s, context)) for v in variants(s.text)
        ]
    return tuple(found)


def _worth_choosing(sentences: Sequence[Sentence]) -> Sequence[Sentence]:
    """Drop the sentences on earlier work and problems, which stand before the paper's own news, if enough follows.

    This costs 0.05 of ROUGE-1 on SciTLDR-A's development part.
    """
    later = [s for s in sentences if not cues.is_of_others(s)]
    told = any(not (cues.is_hollow(s) or cues.is_on_code(s) or cues.asks(s) or cues.leads_nowhere(s)) for s in later)
    return later if told else sentences


def _better_leads(sentences: Sequence[Sentence], scores: Sequence[float]) -> Sequence[Sentence]:
    """Drop sentences that say a hope, a gap or a bare outcome, and those that hang, if one is left that says as much.

    As much: its score is no further below than such sentences cost on SciTLDR-A, which is hardly anything.
    """
    for drop, may_lose in _WORSE_LEADS:
        rest = [s for s in sentences if not drop(s)]
        best = max((scores[s.place] for s in sentences), default=0.0)
        stands = any(not standing.opens_in_the_air(s.text) for s in rest)
        if stands and max(scores[s.place] for s in rest) >= best - may_lose:
            sentences = rest
    return _proofs_before_scenes(sentences, scores)


def _proofs_before_scenes(sentences: Sequence[Sentence], scores: Sequence[float]) -> Sequence[Sentence]:
    """Keep only what was proved or found, if the best sentence is a setting and one of these says about as much."""
    best = max(sentences, key=lambda s: scores[s.place], default=None)
    if best is None or not claims.sets_scene(best.low):
        return sentences
    for tells, may_lose in ((claims.is_theorem, _THEOREM_MAY_LOSE), (claims.proves, _PROOF_MAY_LOSE)):
        found = [s for s in sentences if tells(s.low) and scores[s.place] >= scores[best.place] - may_lose]
        if found:
            return found
    return sentences


_THEOREM_MAY_LOSE: Final = 1.5
"""How much lower the score of "we prove uniqueness" may be than that of "we consider a problem"."""
_PROOF_MAY_LOSE: Final = 0.5
"""The same for "we find …" and "we derive …"."""
_WORSE_LEADS: Final[Sequence[tuple[Callable[[Sentence], bool], float]]] = (
    (lambda s: bool(cues.is_extra(s)), 1.5),
    (lambda s: bool(cues.promises(s)), 0.5),
    (standing.is_poor_lead, 1.5),
    (lambda s: standing.opens_in_the_air(s.text) or standing.is_damaged(s.text), 1.5),
    (lambda s: standing.hangs(s.text) and not claims.is_theorem(s.low), 0.4),
    (standing.is_bare_figure, 1.0),
)


_SMALL: Final = re.compile(r"^(?:Our|The|We|This)\b")


def _filled(lead: str, chosen: Sentence, sentences: Sequence[Sentence]) -> tuple[str, Sentence | None]:
    """Return a lead that only gives the work's name with the next sentence that tells of it, and that sentence."""
    if len(cues.words(lead)) >= _NAMES_ALONE or not is_english(lead) or lead.endswith("…"):
        return lead, None
    for s in sentences[chosen.place + 1 :]:
        joined = f"{lead.rstrip('.')}; {_SMALL.sub(lambda found: found[0].lower(), s.text, count=1)}"
        tells = cues.opens_with_its_name(s) or cues.speaks_of_its_method(s)
        if tells and len(joined) <= _TLDR_AT_MOST and not standing.is_poor_lead(s):
            return joined, s
    return lead, None


def _points(
    sentences: tuple[Sentence, ...], chosen: Sentence, scores: list[float], joined: Sentence | None = None
) -> tuple[str, ...]:
    """Choose result, limitation and method if the abstract has them, else other sentences after the news, in order."""
    texts = {s.place: _point(s, sentences, chosen) for s in sentences if s is not joined}
    free = [s for s in sentences if s is not chosen and texts.get(s.place) and _may_be_point(s, chosen)]
    results = {s.place: cues.tells_result(s) for s in free}
    picked: list[Sentence] = []
    for role in (cues.tells_result, cues.tells_limitation, cues.tells_method):
        value, _, best = max(((role(s), -s.place, s) for s in free), key=itemgetter(0, 1), default=(0.0, 0, chosen))
        if value >= 1:
            picked.append(best)
            free.remove(best)
    for s in sorted(free, key=lambda s: (-results[s.place] - scores[s.place], s.place)):
        if len(picked) < (_POINTS if results[s.place] >= _STRONG_RESULT else _POINTS - 1):
            picked.append(s)
    said: list[str] = []
    for s in sorted(picked, key=lambda s: s.place):
        text = texts[s.place]
        # One that brought the sentence before it along makes that one's own point needless.
        if said and said[-1].casefold().rstrip(".") in text.casefold():
            said[-1] = text
        else:
            said.append(text)
    return tuple(said)


def _point(s: Sentence, sentences: Sequence[Sentence], chosen: Sentence) -> str:
    """Return a sentence as a point: whole, and with the one before it if it needs that; empty if that is too long."""
    if standing.is_item(s) or standing.is_empty(s.text) or standing.is_gap(s) or _says_nothing(s):
        return ""
    text = s.text
    if standing.hangs(text):
        before = sentences[s.place - 1] if s.place else None
        if before is None or before is chosen or standing.hangs(before.text) or not _may_be_point(before, chosen):
            return ""
        if standing.is_item(before) or standing.is_empty(before.text):
            return ""
        text = f"{before.text} {s.text}"
    else:
        text = next((v.text for v in variants(text) if v.cut == _BARE_RESULT), text)
    return text if len(text) <= _POINT_AT_MOST else ""


def _says_nothing(s: Sentence) -> bool:
    """Whether a sentence only praises, hopes, or says that something was tried or discussed."""
    return bool(claims.promises(s.low) or claims.is_bare(s.low) or (claims.is_extra(s.low) and "key" not in s.low))


def _may_be_point(s: Sentence, chosen: Sentence) -> bool:
    """Whether a sentence may be a point: no background, pointer to code, question or opening of a list."""
    if cues.is_on_code(s) or cues.asks(s) or cues.leads_nowhere(s) or cues.is_cut_off(s):
        return False
    news = min(chosen.place, s.first_announced) if s.first_announced >= 0 else chosen.place
    return s.place > news or cues.speaks_up(s.low) or s.label.startswith(_TELLING_PARTS)


# Text that publishers put before an abstract, or in its place.
_FRONT_MATTER: Final = re.compile(
    r"(?:[^.;\n]{0,120}?\bPublished online: [^;\n]{0,40}; *doi: ?\S+"  # Nature
    r"|Publication date: .{0,300}?\bAuthor\(s\): .*"  # Elsevier
    # Taylor & Francis, Wiley
    r"|[^.;\n]{0,120}?\bVolume \d+\w*,? (?:Issue|Number|No\.?|Pages?|Article)\b[^\n]{0,120}?(?:\.(?!\d)|$)"
    r"|[^.;\n]{0,80}?, (?:EarlyView|Ahead of Print)\b\.?"
    r"|.{0,1000}?\bAbstract: )",  # Pensoft: pages, DOI and authors first
    re.DOTALL,
)
_NO_CONTENT: Final = re.compile(
    r"(?:\S+ [\d.v]+; )?doi\b|IS[SB]N\b|.*\bAdd to Selected Citations\b|©|Copyright (?:©|\(c\)|\d)"
    r"|\(?No abstract\b.{0,20}$|Abstract (?:is )?not available\b|\(c\) (?:19|20)\d\d|All rights reserved\b"
    r"|This article is protected by copyright\b|This is an open[- ]access article\b|Published by\b|Key ?words?\b ?[:—–]"
    r"|(?:Graphical|Visual|Video) abstract\b.{0,40}$|JEL\b|(?:20\d\d )?(?:MSC|Mathematics Subject Classification)\b",
    re.IGNORECASE,
)
_LABEL: Final = (
    r"(?i:(?:study |main |primary )?(?:abstract|summary|background|introduction|context|motivation|rationale"
    r"|significance(?: statement)?|aims?|objectives?|purpose|goals?|hypothesis|design|settings?|participants|patients"
    r"|populations?|subjects|interventions?|exposures?|materials|methodology|approach|methods?|search methods"
    r"|data sources?"
    r"|study selection|data extraction|measures?|measurements|findings|results?|outcomes?|outcome measures?"
    r"|case (?:report|presentation)|conclusions?|discussion|interpretation|relevance|limitations?|implications"
    r"|importance"
    r"|availability|one[- ]sentence summary|plain language summary|author summary|highlights?|key (?:messages?|points)"
    r"|teaser|graphical abstract|key ?words|abbreviations|funding|(?:trial |clinical trial )?registration))"
)
_TELLING_PARTS: Final = ("result", "finding", "outcome", "main result", "method", "material", "intervention")
"""Headings, as they begin, under which any sentence may be a point."""
_NO_PART: Final = (
    "keyword",
    "key word",
    "abbreviation",
    "funding",
    "registration",
    "trial",
    "clinical trial",
    "graphical",
)
"""Headings, as they begin, under which stand no sentences of the abstract."""
_HEADINGS: Final = rf"(?P<label>{_LABEL}(?:(?:,? and |/| & |, ){_LABEL}){{0,3}})"
_HEADING: Final = re.compile(
    rf"(?:\d[.)] )?{_HEADINGS}(?:: ?|\. (?=[A-Z])|\s?[—–]\s?(?=[A-Z])|(?<=[A-Z]{{5}}) (?=[A-Z])|$)"
)
# "Objective To assess … Results Metformin was …", as the BMJ sends it: only where several sentences open so.
_BARE_HEADING: Final = re.compile(rf"(?=[A-Z]){_HEADINGS} (?=[A-Z0-9])")
_BARE_FROM: Final = 3
"""Headings without a mark behind them that make an abstract a structured one."""
_FOREIGN_FROM: Final = 8
"""Words from which a sentence of English has a function word."""
_BINDING: Final = frozenset("the of and to is are we with that this for by from our it which".split())


def read(title: str, abstract: str) -> tuple[Sentence, ...]:
    """Return the sentences of *abstract* that may be printed, in order, each with what its features need."""
    head = abstract[:_READ_AT_MOST].strip()
    front = _FRONT_MATTER.match(head)
    texts: list[tuple[str, str, str]] = []
    label, title_words, english = "", cues.words(title), is_english(abstract)
    raw_sentences = split(head[front.end() :] if front else head)
    bare = sum(bool(_BARE_HEADING.match(raw)) for raw in raw_sentences) >= _BARE_FROM
    for raw in raw_sentences:
        heading = _HEADING.match(raw) or (_BARE_HEADING.match(raw) if bare else None)
        elsewhere, begins = ("", 0) if heading or english else other_languages.heading_of(raw)
        label = heading["label"].lower() if heading else elsewhere or label
        text = trim(raw[heading.end() if heading else begins :])
        if label.startswith(_NO_PART) or (english and _is_foreign(text)):
            continue
        if _is_prose(text) and cues.words(text) != title_words and shorten(text, _TLDR_AT_MOST):
            texts.append((text, raw, label))
        if len(texts) == _SENTENCES_AT_MOST:
            break
    announced = cues.place_of_news([raw.lower() for _, raw, _ in texts])
    raws = [raw for _, raw, _ in texts]
    name = cues.name_of_work(title, raws)
    first_named = cues.place_of_name(name, raws)
    return tuple(
        Sentence(
            text=text,
            raw=raw,
            low=raw.lower(),
            place=place,
            of=len(texts),
            label=label,
            name=name,
            first_named=first_named,
            first_announced=announced,
            announced_by_us=announced >= 0 and cues.is_by_us(raws[announced].lower()),
        )
        for place, (text, raw, label) in enumerate(texts)
    )


def _is_foreign(text: str) -> bool:
    """Whether a longer sentence has no English function word: a second abstract in another language, or a list."""
    words = cues.words(text)
    return len(words) >= _FOREIGN_FROM and not STOP.intersection(words)


def _is_prose(text: str) -> bool:
    """Whether *text* has enough letters outside formulas, and small words between capital ones, unlike author lists."""
    if _NO_CONTENT.match(text):
        return False
    prose = _prose(text)
    wide = cues.wide_signs(prose)
    words = [word.strip(".,;:()[]\"'“”‘’") for word in prose.split()]
    small = wide + sum(word.isalpha() and not word[0].isupper() for word in words)
    letters = sum(map(str.isalpha, prose)) + 2 * wide
    return letters >= _LETTERS_AT_LEAST and (prose.isupper() or small >= max(1, len(words) / 4))


def _prose(text: str) -> str:
    """Return *text* without its formulas."""
    for start, end in reversed(formulas(text)):
        text = f"{text[:start]} {text[end:]}"
    return text


def is_english(text: str) -> bool:
    """Whether at least every 16th word is an English function word; in English text every fourth or fifth is."""
    words = cues.words(_prose(text[:_READ_AT_MOST]))
    return 16 * sum(word in _BINDING for word in words) >= len(words)
