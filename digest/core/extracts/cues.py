"""Cues: features of a sentence by its words, as that it announces something new, gives a result, or points to code.

The words are those of English abstracts. Each cue is a function from a sentence to a number; the weights of cues are in
the file of weights, see `features.py`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from digest.core.extracts import claims

_WIDE: Final = "\u2e7f"
"""Characters after this one are Chinese, Japanese or Korean, each as wide as about three Latin letters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """A sentence of an abstract that may be printed, with what its features are computed from."""

    text: str
    """The sentence as it would be printed, without a limit of length."""
    raw: str
    """The sentence as it stands in the abstract, with its lead-in."""
    low: str
    """`raw` in small letters: patterns that need not fold case take half the time."""
    place: int
    """Its position among the abstract's sentences, from 0."""
    of: int
    """How many sentences the abstract has."""
    label: str
    """The heading of a structured abstract it stands under, in small letters: "results"; else empty."""
    name: str
    """What the paper calls its work, in small letters: "openskill" from "OpenSkill: Learning to …", "vase" from "we
    propose Value-Aware Eviction (VaSE)"; else empty."""
    first_named: int
    """The place of the first sentence that has this name; -1 where none does."""
    first_announced: int
    """The place of the first sentence in which the authors say what they do; -1 where none does."""
    announced_by_us: bool = True
    """Whether that sentence has "we" or "this paper": else "is studied" may be what the authors did themselves."""


_WORD: Final = re.compile(r"[^\W_]+")


def words(text: str) -> list[str]:
    """Return the words and numbers of *text* in lower case."""
    return _WORD.findall(text.lower())


def wide_signs(text: str) -> int:
    """Count the Chinese, Japanese and Korean characters of *text*."""
    return 0 if text.isascii() else sum(char > _WIDE for char in text)


def width(text: str) -> int:
    """Return the length of *text* in Latin letters; a wide character counts as three."""
    return len(text) + 2 * wide_signs(text)


# Patterns on `low` are written in small letters and need no flag.

_OURSELVES: Final = (
    r"(?:\b(?:we|i)|\b(?:this|the|the present|the current|our) (?:\w+ )?"
    r"(?:paper|work|article|study|letter|report|thesis|survey|review|contribution|note|manuscript))"
    r"(?: (?:\w+ly|here|also|then|first|further|thus|hence|will|can|have|therefore|and|is|was|are|to|aims?)){0,3}"
)
_PROPOSE: Final = (
    r"(?:propos\w+|present(?:s|ed)?|introduc\w+|develop(?:s|ed)?|design(?:s|ed)?|describ\w+|build|built|creat\w+"
    r"|releas\w+|provid\w+|contribut\w+|devis\w+|deriv\w+|formulat\w+|construct(?:s|ed)?|offer(?:s|ed)?"
    r"|suggest(?:s|ed)?|implement\w*|open-?source|establish\w*|put forward|unif(?:y|ies)|extend(?:s|ed)?"
    r"|generali[sz]e[sd]?)\b"
)
_STUDY: Final = (
    r"(?:stud(?:y|ies|ied)|investigat\w+|analy[sz]e[sd]?|examin\w+|explor\w+|consider(?:s|ed)?|address(?:es|ed)?"
    r"|revisit\w*|ask|review(?:s|ed)?|survey(?:s|ed)?|measur\w+|compar\w+|evaluat\w+|tackl\w+|focus\w*|aim(?:s|ed)?"
    r"|seek\w*|assess\w*|characteri[sz]e[sd]?|apply|applied|use[sd]?|train(?:ed)?|perform(?:ed)?|conduct\w*|argue[sd]?"
    r"|discuss\w*|outline[sd]?|sketch\w*)\b"
)
_SHOW: Final = (
    r"(?:show(?:s|ed|n)?|demonstrat\w+|prov(?:e[sdn]?)|find|found|report(?:s|ed)?|observ\w+|discover\w*|reveal\w*"
    r"|identif\w+|obtain(?:s|ed)?|confirm\w*|uncover\w*|achiev\w+|solve[sd]?)\b"
)
_PROPOSES: Final = re.compile(rf"{_OURSELVES} {_PROPOSE}|\b(?:is|are) (?:presented|proposed|introduced|described)\b")
_PROPOSING: Final = re.compile(rf"\b{_PROPOSE}")
_DONE: Final = re.compile(
    r"\b(?:is|are|was|were) (?:\w+ly |here |herein )?(?:describ|present|propos|introduc|report|investigat|illustrat"
    r"|provid|establish|develop|giv|stud|examin|analy[sz]|identifi|evaluat|compar|assess)(?:ed|en|ied)\b"
)
_HABIT: Final = re.compile(
    r"(?!.*\b(?:was|were|we|us|our|i|here(?:in)?|this (?:paper|work|article|study))\b).*"
    r"\b(?:is|are) (?:\w+ly )?(?:investigat|provid|establish|develop|giv|stud|examin|analy[sz]|identifi|evaluat|compar"
    r"|assess)(?:ed|en|ied)\b"
)
_STUDIES: Final = re.compile(rf"{_OURSELVES} {_STUDY}|\b(?:is|are) (?:studied|investigated|considered|analy[sz]ed)\b")
_SHOWS: Final = re.compile(rf"{_OURSELVES} {_SHOW}")
_ANNOUNCES: Final = re.compile(
    rf"{_OURSELVES} (?:{_PROPOSE}|{_STUDY}|{_SHOW})|\bhere,? we\b"
    r"|\b(?:is|are) (?:presented|proposed|introduced|studied(?! to\b))\b"
)
_NAMES_ITSELF: Final = re.compile(
    r"\b(?:this|present|our) (?:\w+ )?(?:paper|work|article|study|letter|survey|review)\b|\bhere,? we\b"
)
_NOVEL: Final = re.compile(r"\b(?:novel|new|first|simple|efficient|unified|end-to-end)\b")
_RESULT: Final = re.compile(
    r"\b(?:outperform\w*|state[- ]of[- ]the[- ]art|improv\w+|achiev\w+|superior|exceed\w*|surpass\w*|competitive"
    r"|reduc(?:es|ed|ing|tion)|results? (?:\w+ )?(?:show|demonstrate|suggest|indicate|reveal|confirm)|faster|higher"
    r"|lower|better|significant(?:ly)?|experiment\w* (?:\w+ ){0,4}(?:show|demonstrat)\w*|gains?|increas(?:es|ed)"
    r"|associated with|only \d"
    r"|(?:find|show|reveal|demonstrat)\w*(?: \w+)? that)\b"
)
_FIGURES: Final = re.compile(r"\d(?:\d| ?(?:\\?%|×|-fold)|(?<![\w.]\d)[.,]\d)")
_MEASURES: Final = re.compile(
    r"\d ?(?:\\?%|×|pp\b|[- ]fold|[- ]?x\b|\\times|(?:percentage )?points?\b)|(?<![\w.])\d+\.\d+"
)
_BACKGROUND: Final = re.compile(
    r"^(?:recent|recently|existing|current|currently|traditional|traditionally|conventional|previous|prior|modern|many"
    r"|most|much|several|while|although|despite|since|due to|as |with the|among|given|unlike|over the|in recent"
    r"|there (?:is|are|has)|it is|one of|understanding|learning|a (?:key|major|common|central|long))\b"
    r"|\b(?:ha(?:s|ve) been|remains?|has become|are widely|is often|little is known|plays? an?"
    r"|have (?:shown|achieved|emerged|become|led))\b"
)
_EARLIER: Final = re.compile(
    r"(?:previous(?:ly)?|recent(?:ly)?|earlier|formerly|traditionally|historically|until|since)\b"
)
_CONTRAST: Final = re.compile(
    r"^(?:however|but|yet|nevertheless|nonetheless|unfortunately|still|on the other hand|in contrast)\b"
)
_LEANS: Final = re.compile(
    r"(?:it|they|this|these|those|such|he|she|both|its|their"
    r"|the (?:proposed|former|latter|resulting|method|model|results?|approach|algorithm|framework))\b"
    r"(?! (?:paper|work|article|study|survey|review|report|letter|thesis))",
    re.IGNORECASE,
)
_POINTS_BACK: Final = re.compile(
    r"\b(?:this|these|such|those) (?:\w+ )?(?:problems?|settings?|issues?|gaps?|bottlenecks?|limitations?|challenges?"
    r"|questions?|tasks?|ends?|needs?|phenomen\w+|assumptions?|effects?|tensions?|conflicts?|shortcomings?"
    r"|weakness(?:es)?|capabilit\w+|ideas?|insights?|observations?|goals?|directions?|paradigms?)\b"
    r"|\bwe \w+ (?:this|these|it|them)\b"
)
# "These findings highlight the need for …" says nothing that is not in the other sentences.
_HOLLOW: Final = re.compile(
    r"(?:(?:these|our|the|this|such)(?: \w+){0,2} )?(?:results?|findings?|work|study|insights?|observations?)"
    r"(?: \w+){0,2} (?:highlight|underscore|call|point|suggest|open|provide|offer|pave|lay|motivate)s?\b",
    re.IGNORECASE,
)
# One word, or a few that are not small: "OpenSkill: …", "Open Skill 2: …", but not "On the use of X: a study".
_TITLE_NAME: Final = re.compile(r"((?=\S*[^\Wa-z])\S+(?: [A-Z0-9]\S*){0,2})(?:: |$)")
_CALLED: Final = re.compile(
    r"\b(?:called|named|dubbed|termed|coined|namely|call|name|term|dub) (?:it |this )?(?:the )?[\"“'‘]*([A-Z][\w+-]+)"
)
_ODD_WORD: Final = re.compile(r"(?<![\w-])[^\W\d_][\w+-]*[A-Z0-9][\w+-]*")
_US: Final = re.compile(
    r"\b(?:we|our|ours|us|i|here)\b|\bthis (?:\w+ )?(?:paper|work|article|study|letter|report|thesis|survey|review)\b"
)
_AVAILABLE: Final = re.compile(
    r"available|release|open-source|found at|open[- ]sourced|http|www|github|project page|accepted"
)
_ON_CODE: Final = re.compile(
    r"https?://|\bwww\.|\bgithub\b|\bproject page\b|\baccepted (?:at|to|by)\b"
    r"|\b(?:code|data(?:set)?s?|models?|implementation|demo|video|project page|software)\b.{0,60}"
    r"\b(?:available|released|found at|open[- ]sourced)\b"
    r"|\bwe (?:\w+ly |also |further )*(?:release|open-source) (?:our|all|both)\b"
)
_OUR_METHOD: Final = re.compile(
    r"\bour (?:\w+ )?(?:method|approach|model|framework|algorithm|system|results?|experiments)\b"
)
_TELLING_LABELS: Final = (
    "conclusion",
    "interpretation",
    "one sentence",
    "one-sentence",
    "highlight",
    "key message",
    "key point",
    "teaser",
)
_AIM_LABELS: Final = ("aim", "objective", "purpose", "goal")
_OTHER_LABELS: Final = (
    "background",
    "introduction",
    "context",
    "method",
    "material",
    "design",
    "setting",
    "participant",
    "patient",
    "rationale",
    "author summary",
)
_ENDED: Final = re.compile(r"(?<!\.\.)[.!?:。！？؟।$][\"'”’»)\]」』）]*$")


def is_by_us(low: str) -> bool:
    """Whether a sentence, given in lower case, has "we", "here" or "this paper"."""
    return bool(_US.search(low))


def speaks_up(low: str) -> bool:
    """Whether the authors say in a sentence, given in lower case, what they do."""
    return bool(_ANNOUNCES.search(low)) or claims.tells_aim(low)


def place_of_news(lows: Sequence[str]) -> int:
    """Return the position of the first sentence, of *lows* in lower case, that tells the paper's own work; -1 for none.

    Where the authors never say "we" or "this paper", it is the first in which something was done, found or named.
    """
    own = next((place for place, low in enumerate(lows) if speaks_up(low)), -1)
    if own >= 0:
        return own
    told = (claims.names_taxa, claims.tells_finding, claims.is_passive, claims.did)
    news = (place for place, low in enumerate(lows) if not _EARLIER.match(low) and any(tells(low) for tells in told))
    return next(news, -1)


def name_of_work(title: str, sentences: Sequence[str]) -> str:
    """What the paper calls its work, in small letters; empty where it has no name.

    The title may have it before a colon, or be nothing else. Else it is new in a sentence that proposes something: a
    word behind "called", or one with a capital inside or a figure, if the title has it too or a later clause opens
    with it.
    """
    titled = _TITLE_NAME.match(title)
    if titled and any(titled[1].lower() in sentence.lower() for sentence in sentences):
        return titled[1].lower()
    for place, sentence in enumerate(sentences):
        if not _PROPOSES.search(sentence.lower()):
            continue
        called: list[str] = _CALLED.findall(sentence)
        odd: list[str] = _ODD_WORD.findall(sentence)
        for name in called + odd:
            if any(name in earlier for earlier in sentences[:place]):
                continue
            opens = re.compile(rf"(?:^|, )(?:The |Our )?{re.escape(name)}\b")
            if name in called or name in title.split() or any(map(opens.search, sentences[place + 1 :])):
                return name.lower()
    return ""


def place_of_name(name: str, sentences: Iterable[str]) -> int:
    """Return the position of the first of *sentences* that has *name* as a word; -1 if none does."""
    found = re.compile(rf"(?<![\w-]){re.escape(name)}(?!\w)", re.IGNORECASE)
    return next((place for place, sentence in enumerate(sentences) if name and found.search(sentence)), -1)


def announces(s: Sentence) -> float:
    """1 for the first sentence in which the authors say what they do."""
    return float(s.place == s.first_announced)


def proposes(s: Sentence) -> float:
    """1 if the sentence proposes something: "we propose", "is introduced"."""
    return float(bool(_PROPOSES.search(s.low)))


def studies(s: Sentence) -> float:
    """1 if the sentence says what is studied or examined."""
    return float(bool(_STUDIES.search(s.low)))


def shows(s: Sentence) -> float:
    """1 if the sentence says what is shown, found or proved."""
    return float(bool(_SHOWS.search(s.low)))


def names_itself(s: Sentence) -> float:
    """1 if the sentence has "this paper" or "here we"."""
    return float(bool(_NAMES_ITSELF.search(s.low)))


def introduces_its_work(s: Sentence) -> float:
    """1 for the first sentence with the name of the work, if it proposes the work: "we propose VaSE"."""
    return float(s.place == s.first_named and bool(_PROPOSING.search(s.low) and _US.search(s.low)))


def opens_with_its_name(s: Sentence) -> float:
    """1 if the sentence begins with the name of the work: "VaSE protects …"."""
    return float(bool(s.name) and s.text.lower().removeprefix("the ").removeprefix("our ").startswith(s.name))


def is_hollow(s: Sentence) -> float:
    """1 if the sentence has no content of its own: "these findings highlight the need for …"."""
    found = _HOLLOW.match(s.text)
    # "This work offers a method" says what is new; its results offering insights do not.
    return float(bool(found) and not _NAMES_ITSELF.search(s.low))


def claims_novelty(s: Sentence) -> float:
    """1 if the sentence claims that something is new."""
    return float(bool(_NOVEL.search(s.low)))


def gives_result(s: Sentence) -> float:
    """0.5 for one word of results in the sentence, 1 for two or more."""
    return min(2, len(_RESULT.findall(s.low))) / 2


def gives_figures(s: Sentence) -> float:
    """1 if the sentence has measured figures."""
    return float(bool(_FIGURES.search(s.low)))


def speaks_of_its_method(s: Sentence) -> float:
    """1 if the sentence speaks of the authors' own method: "our method"."""
    return float(bool(_OUR_METHOD.search(s.low)))


def comes_before_news(s: Sentence) -> float:
    """1 if the sentence stands before the news and does not tell the authors' own work.

    The news is the first sentence in which the authors say what they do, or the first with the name of the work.
    """
    news = s.first_announced if s.first_announced >= 0 else s.first_named
    if s.place >= news or 0 <= s.first_named <= s.place or s.label:
        return 0.0
    is_own = _US.search(s.low) or _DONE.search(s.low) or claims.describes_taxa(s.low) or claims.found_before(s.low)
    return float(not is_own)


def is_of_others(s: Sentence) -> bool:
    """Whether the sentence stands before the news and tells what others did or usually do: "X is evaluated on …"."""
    if comes_before_news(s):
        return True
    is_habit = s.announced_by_us and s.first_named < 0 and not s.label and bool(_HABIT.match(s.low))
    return s.place < s.first_announced and is_habit


def comes_long_after_news(s: Sentence) -> float:
    """From 0 for the news itself to 1 for a sentence five or more places after it."""
    return min(max(s.place - s.first_announced, 0), 5) / 5 if s.first_announced >= 0 else 0.0


def is_background(s: Sentence) -> float:
    """1 if the sentence is background: what is known, common or hard."""
    return float(bool(_BACKGROUND.search(s.low)))


def contrasts(s: Sentence) -> float:
    """1 if the sentence begins with a contrast, as "however"."""
    return float(bool(_CONTRAST.match(s.low)))


def leans_on_another(s: Sentence) -> float:
    """1 if the sentence, as printed, begins with "it" or "these", so that it can't stand alone."""
    return float(bool(_LEANS.match(s.text)))


def points_back(s: Sentence) -> float:
    """1 if the sentence, as printed, refers to the one before it: "we address this problem"."""
    return float(bool(_POINTS_BACK.search(s.text.lower())))


def is_on_code(s: Sentence) -> float:
    """1 if the sentence says where code or data are available."""
    # The short pattern first: it takes a sixth of the time, and mostly there is nothing.
    return float(bool(_AVAILABLE.search(s.low) and _ON_CODE.search(s.low)))


def label_tells(s: Sentence) -> float:
    """Return how far the heading of a structured abstract promises the paper's line.

    1 below "Conclusions" or "One sentence summary", 0.6 below "Aim", 0.5 below "Results", -1 below "Background" or
    "Methods".
    """
    if s.label.startswith(_TELLING_LABELS):
        return 1.0
    if s.label.startswith(_AIM_LABELS):
        return 0.6
    if s.label.startswith(("result", "finding", "outcome")):
        return 0.5
    return -float(s.label.startswith(_OTHER_LABELS))


def asks(s: Sentence) -> float:
    """1 if the sentence is a question."""
    return float(s.text.rstrip('"”’)').endswith(("?", "？")))


def leads_nowhere(s: Sentence) -> float:
    """1 if the sentence ends in a colon, so that what it announces stands in the next one."""
    return float(s.text.endswith((":", "：")))


def is_cut_off(s: Sentence) -> float:
    """1 for a last sentence without an end: the feed cut off the abstract."""
    return float(s.place == s.of - 1 and s.of > 1 and not _ENDED.search(s.text))


def proves(s: Sentence) -> float:
    """1 if the authors give what they found or proved: "we prove that …"."""
    return float(claims.proves(s.low))


def sets_scene(s: Sentence) -> float:
    """1 if the sentence gives a setting or a subject and no outcome: "we consider a problem"."""
    return float(claims.sets_scene(s.low))


def tells_finding(s: Sentence) -> float:
    """1 if the sentence gives what was found: "the results show that …"."""
    return float(claims.tells_finding(s.low))


def names_taxa(s: Sentence) -> float:
    """1 if the sentence describes a species or changes a name."""
    return float(claims.names_taxa(s.low))


def is_extra(s: Sentence) -> float:
    """1 if the sentence only lists what else stands in the paper, or that something was tried."""
    return float(claims.is_extra(s.low) or claims.is_bare(s.low))


def promises(s: Sentence) -> float:
    """1 if the sentence praises the work or hopes for more of it: "our results shed light on …"."""
    return float(claims.promises(s.low))


CUES: Final[tuple[Callable[[Sentence], float], ...]] = (
    announces,
    proposes,
    studies,
    shows,
    names_itself,
    introduces_its_work,
    opens_with_its_name,
    is_hollow,
    claims_novelty,
    gives_result,
    gives_figures,
    speaks_of_its_method,
    comes_before_news,
    comes_long_after_news,
    is_background,
    contrasts,
    points_back,
    leans_on_another,
    label_tells,
    proves,
    sets_scene,
    tells_finding,
    names_taxa,
    is_extra,
    promises,
    is_on_code,
    asks,
    leads_nowhere,
    is_cut_off,
)
"""All cues; each gives -1 to 1. The functions' names are those of the weights."""


_METHOD: Final = re.compile(
    r"\b(?:our (?:\w+ )?(?:method|approach|model|framework|algorithm|system|key|core|main)|the key (?:idea|insight)"
    r"|consists? of|is based on|builds? on|relies on|leverag\w+|combin\w+|compris\w+|integrat\w+|decompos\w+|couples?"
    r"|works? by|trained (?:on|with|using)|by \w+ing|using a|specifically|we (?:first|then|use|train|apply|combine"
    r"|leverage|construct|design|formulate|collect|measured|performed|conducted|used))\b"
)
_LIMITATION: Final = re.compile(
    r"\b(?:limitations?|limited (?:to|by)|only (?:when|if|for|under|on)|does not|do not|fails?|cannot|struggl\w+"
    r"|caveats?|at the (?:cost|expense) of|trade-?offs?|future (?:work|research)|degrad\w+|far from|falls? short"
    r"|room for improvement"
    r"|remain(?:s|ing)? (?:open|challeng\w+|difficult|unsolved|far|unclear|unresolved|limited|substantial))\b"
)


def tells_method(s: Sentence) -> float:
    """Return how far the sentence tells the method: 0 for not at all."""
    if s.label.startswith(("method", "material", "approach", "design")):
        return 2.0
    found = len(_METHOD.findall(s.low))
    if opens_with_its_name(s) and not _RESULT.search(s.low):
        found += 1  # "VaSE protects …"
    return found + 0.5 * (proposes(s) + studies(s)) if found else 0.0


def tells_result(s: Sentence) -> float:
    """Return how far the sentence tells a result: 0 for not at all. Measured results count most."""
    found = min(2, len(_RESULT.findall(s.low))) + shows(s) + min(3, len(_MEASURES.findall(s.low)))
    if s.label.startswith(("result", "finding", "outcome")):
        found += 1.5
    return 0.3 * found if _HOLLOW.match(s.text) else found


def tells_limitation(s: Sentence) -> float:
    """Return how far the sentence tells a limitation: 0 for not at all.

    Limits of earlier work, at the front, don't count.
    """
    if s.label.startswith("limitation"):
        return 3.0
    is_late = s.place > s.first_announced >= 0 and s.place >= s.of / 2
    found = len(_LIMITATION.findall(s.low)) if is_late else 0
    return 0.5 * found if _HOLLOW.match(s.text) else float(found)
