"""Does a paper's own text speak to a language model, or look like our prompt or its answer?

A paper that does is asked about alone, so that whatever a model makes of it reaches no other paper of a batch. That
costs a request; so a false alarm is cheap, and papers *about* such attacks may well be one. No pattern finds every
attack: what the model then says is checked like any other answer.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

from digest.core.words.text import one_line, strip_invisible

# Tags and bidirectional controls are there to be read by a program and not by a person, and so is a row of joiners. A
# single soft hyphen, joiner or byte order mark comes with honest text.
_HIDDEN: Final = re.compile("[\u202a-\u202e\u2066-\u2069\U000e0000-\U000e0fff]|[\u200b-\u200d\u2060-\u2064]{4}")
# A Latin word with a Cyrillic or Greek letter that looks like one of its own ("ignоre").
_LOOKALIKE: Final = re.compile(r"[a-z]{2}[\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u03bf][a-z]")

_THING: Final = r"(?:paper|abstract|item|entr(?:y|ie)|block|summar(?:y|ie)|article|document|answer)s?"
_READER: Final = (
    r"(?:an? |the |any |all |every |dear )?(?:ai |llm )?(?:ai|llm|(?:large )?language model|chat ?bot|gpt|chatgpt|"
    r"claude|gemini|assistant|summari[sz]er|reviewer)s?"
)
# What our request and its answer are made of.
_PARTS: Final = r"(?:summar(?:y|ies)|tldrs?|entr(?:y|ies)|abstracts?|papers?|articles?|answers?|repl(?:y|ies)|output)"
_MANY: Final = r"(?:(?:all|every|each|any|of|the|these|those|your) )*"
_READERS: Final = (
    r"(?:(?:all |every |the |any |each )?(?:readers?|subscribers?|editors?|recipients?)|everyone|everybody|anyone)"
)
_MUST: Final = (
    r"(?:should|shall|must|can|may|ha(?:s|ve) to|needs? to|ought to|wish to|will want to|"
    r"(?:are|is) (?:advised |asked |urged |invited |encouraged )?to)"
)
# Where a sentence begins.
_OPENING: Final = r"(?:\A|[.!?:;\"”)\]>*#-] |[\[(\"“>*])"
_SOFTENER: Final = r"(?:(?:please|now|then|instead|also|always|just|simply|first|finally|next|and),? )*"

# Each with the letters one of which must be there at all, between blanks or bars: looking for those is fifty times as
# fast.
_INJECTIONS: Final = (
    # What was said before is to be forgotten.
    (
        "ignor disregard forget overrid overrule bypass neglect skip drop omit stop follow obey heed",
        r"\b(?:ignore|disregard|forget|override|overrule|bypass|neglect|skip|drop|omit|stop following|(?:do not|don't|"
        r"never) (?:follow|obey|heed))(?: \S+){0,5}? (?:instructions?|prompts?|directions?|guidelines?|commands?|rules|"
        rf"messages?|(?:the |all |every |any )?(?:other|remaining|rest of the) {_THING})\b",
    ),
    (
        "ignore disregard forget",
        r"\b(?:ignore|disregard|forget) (?:(?:all|everything|anything|whatever|what) )+(?:(?:of|the|that|was|is|you) )*"
        r"(?:above|before|previous|preceding|prior|so far|earlier|said|were told|told|written)",
    ),
    (
        "instruction command order directive",
        r"\b(?:new|updated|actual|real|revised|hidden|secret|special|following|my|these|system|developer) "
        r"(?:instructions?|commands?|orders|directives?) ?(?::|follow\b|are\b|from\b)",
    ),
    # Someone is spoken to.
    (
        "you",
        r"\b(?:you are|you're) (?:now|an?|the|no longer|not|reading|asked|required|instructed|being|to|free|allowed|my|"
        r"chatgpt|gpt|claude|gemini)\b",
    ),
    ("you", r"(?<!all )(?<!thing )\byou (?:must|should|shall|will|have to|need to|may not|can now|ought to)\b"),
    (
        "your",
        r"\byour (?:\w+ )?(?:tasks?|summar(?:y|ies)|answers?|outputs?|repl(?:y|ies)|instructions?|job|role|prompt|"
        r"guidelines|training|json|reviews?)\b",
    ),
    (
        " ai| llm|language model|chat|gpt|claude|gemini|assistant|summari|reviewer",
        rf"(?:\bdear|\battention|\bhey|\bhello|\b(?:note|message|notice|memo) (?:to|for)|{_OPENING}(?:to|for)|"
        rf"\bif you are)[,:]? {_READER}(?: ?[:!,—–]| reading| that read| processing| summari[sz]ing| reviewing| who)",
    ),
    ("as a", r"\bas an? (?:ai|artificial intelligence)(?: language)?(?: model| assistant)?,"),
    (
        "act behave respond answer speak talk write",
        r"\b(?:act|behave|respond|answer|speak|talk|write) as (?:if|though|an? (?:\w+ )?(?:assistant|ai|expert|pirate|"
        r"reviewer|system|bot))\b",
    ),
    (
        "pretend from role anything developer jailb",
        r"\b(?:pretend (?:to be|that|you)|from now on|role ?play as|do anything now|developer mode|"
        r"jailbr(?:eak|oken) mode)\b",
    ),
    # Something is to be said of this paper or of others.
    (
        "other following remaining preceding previous subsequent next",
        r"\b(?:for|of|in|on|to|with|about|into) (?:all|every|each|any)(?: of)?(?: the| these| those)? "
        rf"(?:other|following|remaining|preceding|previous|subsequent|next) {_THING}\b",
    ),
    (
        "summar tldr reply replies",
        r"\b(?:for|of|in|on|to|into|append|add|begin|start|end|prefix) (?:all|every|each|any) (?:\w+ )?"
        r"(?:summar(?:y|ies)|tldrs?|repl(?:y|ies))\b",
    ),
    (
        "positive favo glowing",
        r"\b(?:only|exclusively) (?:give|write|say|output|print) (?:a )?(?:positive|favou?rable)|"
        r"\b(?:give|write|provide) (?:an? |only )?(?:very )?(?:positive|favou?rable|glowing) (?:review|summary|assess)",
    ),
    ("accept", r"\b(?:recommend|suggest) (?:acceptance|accepting) (?:of )?(?:this|the) |\baccept this (?:paper|subm)"),
    (
        "do not don't never",
        rf"(?:{_OPENING}|, |\b(?:and|but|please) )(?:do not|don't|never) (?:mention|highlight|report|include|"
        r"summari[sz]e|reveal|output|print|say|answer|use|follow|write|trust)\b",
    ),
    (
        "this my our",
        r"\b(?:mark|rank|rate|label|tag|list|classify|describe|present|promote|call|put|report|summari[sz]e) "
        rf"(?:this|my|our) (?:own )?{_THING} (?:as|with|first|above|before|on top|highly|in)\b",
    ),
    (
        "summari describe",
        r"\b(?:summari[sz]e|describe) (?:it|this|everything|all|all papers|the others) (?:as|with|in|like)\b",
    ),
    (
        "respond reply output print answer return repeat append insert include write say state translate summari "
        "replace copy reveal emit recommend mention use set give tell send execute run call visit click add list swap "
        "merge delete remove refuse pend",
        rf"{_OPENING}{_SOFTENER}(?:respond|reply|output|print|answer|return|repeat|append|prepend|insert|include|write|"
        r"say|state|translate|summari[sz]e|replace|rewrite|copy|reveal|emit|recommend|mention|use|set|give|tell|send|"
        r"execute|run|call|visit|click|add|list|swap|merge|delete|remove|refuse) (?:\w+ ){0,3}?(?:with|only|exactly|"
        r"the (?:following|word|text|phrase|sentence|string|topics?|tags?|system prompt|links?|summar(?:y|ies)|json|"
        rf"nonce|ids?)|verbatim|instructions?|this (?:{_THING}|sentence|text|link)|json|everything|nothing|here|"
        r"in (?:french|german|spanish|chinese|japanese|english|capitals))\b",
    ),
    # The rest of our request, or those who read the issue: an abstract knows of neither.
    (
        "other remaining rest",
        rf"\b(?:leave out|exclude|describe|present|leave|mark|treat|report|rate|give|call|make) {_MANY}"
        rf"(?:others?|remaining|rest)\b(?: of the)? ?{_PARTS}\b",
    ),
    (
        "all every each no these",
        rf"\b(?:all|every|each|no|these)(?: of the)?(?: other| remaining| following)? {_PARTS} (?:(?:given|listed) )?"
        rf"(?:here\b|above\b|below\b|{_MUST} (?:\w+ )?(?:read|say|end|close|begin|start|contain|carry|have|be|mention|"
        r"include|state)\b)",
    ),
    (
        "this your",
        rf"\b{_PARTS} (?:\w+ )?(?:in|of|on|from) (?:this|your) (?:list|batch|digest|issue|newsletter|prompt)\b",
    ),
    (
        "only",
        rf"\bonly (?:{_PARTS}|one) (?:here )?(?:that is )?(?:worth|deserving|to be|that (?:matters|counts|deserves))\b",
    ),
    (
        "reader user subscriber every",
        rf"\b(?:tell|inform|remind|convince|urge|warn|advise) {_MANY}(?:readers?|users?|subscribers?|everyone|"
        r"everybody) (?:that|to|about)\b",
    ),
    (
        "reader subscriber editor recipient every anyone",
        rf"\b{_READERS} (?:\w+ )?{_MUST} (?:first |also |now |always )?(?:visit|register|go to|sign|click|buy|drop|"
        r"follow|call|write to|subscribe|download|log|enter|send)\b",
    ),
    (
        "www. http",
        rf"\b(?:{_READERS}|you|people|users)(?: \w+){{0,4}} (?:see|look|find)(?: \w+){{0,3}} (?:https?://|www\.)",
    ),
    (
        "summar tldr answer output",
        r"\b(?:its|this paper's|our|the|each|every) (?:own )?(?:summar(?:y|ies)|tldrs?|answers?|output) "
        r"(?:(?:with|the|this|these|following|words?|sentence) )*[\"“‘']",
    ),
    (
        "topic tag label categor keyword",
        rf"\b(?:topic|tag|label|category|keyword)s? (?:of|for|to|on|under) (?:all|every|each|any)"
        rf"(?: \w+){{0,2}}? {_PARTS}\b",
    ),
    (
        "summar tldr entr abstracts",
        rf"\bthe other (?:abstracts|summaries|entries|tldrs)\b|\b(?:summar(?:y|ies)|tldrs?|entr(?:y|ies)) (?:{_MUST} "
        r"(?:end|begin|start|close|say|read|mention)\b|(?:no\. ?|number )?\d{1,2}\b)",
    ),
    # Orders that a paper has no use for.
    (
        "say make finish end close start begin",
        rf"{_OPENING}{_SOFTENER}(?:say that|make sure|(?:finish|end|close|start|begin) with the words?)\b",
    ),
    (
        "id entries answers papers summar tldr",
        rf"\b(?:swap|exchange|switch|rotate|shuffle|permute|mix up|reorder|shift|reassign|interchange) {_MANY}"
        r"(?:ids?|identifiers|summar(?:y|ies)|entries|answers|papers|tldrs?)\b",
    ),
    (
        "your answer|your output|your reply|this |first|our |every |each |all |summaries|empty|blank",
        rf"(?:{_OPENING}|: |, (?:so |and |then )?){_SOFTENER}(?:write|use|put|place|leave|stop|end|finish|close|"
        r"conclude|change|set|tag|label|wrap|assign|give|format|surround|start|begin|fill|keep) (?:\S+ ){0,4}?"
        r"(?:your (?:answer|output|reply)|(?:after|with|before) (?:this|the first|our) (?:paper|abstract|one|entry)|"
        rf"(?:every|each|all)(?: of the)?(?: other)? {_PARTS}|(?:other |the )summaries|"
        r"(?:entries|fields?|rest) (?:empty|blank))\b",
    ),
    (
        "number figure percentages",
        rf"\b(?:replace|change|set|report|write|round|turn) {_MANY}(?:numbers?|figures?|percentages) (?:\w+ ){{0,3}}?"
        r"(?:as|by|with|to|into) \d[\d.,]*(?:\s|\Z)",
    ),
    (
        "words characters pages sentences",
        r"\b(?:write|use|produce|give|answer|reply)(?: \w+){0,3}? (?:at least |exactly |more than |over )?"
        r"(?:\d[\d,]{2,}|\w+ (?:thousand|hundred)) (?:words|characters|pages|sentences)\b",
    ),
    (
        "html markdown bold italics <",
        rf"{_OPENING}{_SOFTENER}(?:answer|write|reply|respond|format|use|output|wrap)(?: \w+){{0,4}}? "
        r"(?:html|markdown|bold|italics|<\w)",
    ),
    (
        "literally|as is|word for word|<",
        rf"{_OPENING}{_SOFTENER}(?:include|insert|embed|output|print|show|write|append|add|put|say)(?: \w+){{0,4}}?:? ?"
        r"(?:literally|as is\b|word for word|<\w)",
    ),
    (
        "link url address mail image http @",
        rf"{_OPENING}{_SOFTENER}(?:append|add|include|insert|put|attach|render|show|load|fetch|display|embed|send|post|"
        r"e?-?mail|report|carry|forward|upload)(?: \S+){0,6}? (?:(?:link|url|mail|address(?:es)?):|"
        r"image\b(?: \w+){0,4}:|https?://|to \S+@)",
    ),
    (
        "end begin start",
        r"(?<!-)\b(?:end|begin|(?:end|start|beginning) of) (?:the )?(?:system prompt|abstracts|papers|instructions|"
        r"data|prompt|user message|batch)\b",
    ),
    ("prompt message", r"\b(?:system|hidden|developer|user) (?:prompt|message) ?(?:[:=]|says|is\b|has\b)"),
    # The same in other languages of those who write papers.
    (
        "ignor",
        r"\bignor(?:ez|e|iere?n?|a|ar|i|uj|eer|era) (?:(?:sie|alle|toutes?|todas?|tutte|as|le|les|las|los|die|bitte|"
        r"vorherigen|obigen|précédentes|anteriores) )+(?:\w+ )?(?:instru|anweis|consign|vorgab|istruz|anvis)",
    ),
    (
        "répond écri antwort schreib fass respond escrib scriv riassum",
        rf"{_OPENING}(?:répond(?:ez|s)|écri(?:vez|s)|antworte(?:n sie|t)?|schreibe?(?:n sie|t)?|fassen? sie|"
        rf"respond(?:e|a|an|ete)|escrib(?:e|a|an)|scriv(?:i|ete)|riassum(?:i|ete)) (?:\w+ ){{0,5}}?"
        r"(?:en|auf|in|solo|nur|seulement|uniquement|toutes?|todos?|todas?|tutt[io]|alle|que) ",
    ),
    (
        "忽略 无视 無視 忘记 不要理会 무시 игнор забудь",
        r"(?:忽略|无视|無視|忘记|不要理会)\S{0,12}(?:指令|提示|指示|说明|以上|之前|内容)|指示を(?:すべて|全て)?無視|"
        r"\b(?:про)?игнорируй|\bзабудь|(?:지시|명령)\w*\s?(?:를|을)?\s?(?:모두 )?무시",
    ),
    # What looks like a conversation, our prompt or its answer.
    (
        "< [ `",
        r"<\|?/?(?:im_start|im_end|system|assistant|user|human|endoftext|eot_id|start_header_id|end_header_id|inst|sys|"
        r"instructions?|prompt|papers?|abstract|admin|important)\|?>|\[/?inst\]|<</?sys>>|</s>|```",
    ),
    (
        ":",
        rf"{_OPENING}(?:system|assistant|user|human|developer|ai|admin)(?: prompt| message| note)?\s?: "
        r"|[\"'“”‘’](?:id|tldr|papers|points|topics|summary)[\"'“”‘’]\s?:|\{\s?(?:id|tldr|papers|points|topics)\b",
    ),
    (
        "# nonce",
        r"(?<!#)#{2,}+ ?(?:system|instructions?|response|user|assistant|human|new|end|papers?|abstracts?)\b|"
        r"(?:\A|\s)#\s?(?:\d{1,3}|end) ?[a-z]{4}\b|#end\b|\bnonce (?:is\b|=|:)",
    ),
    # Something written so that only a program reads it.
    ("", r"(?<![\w/+.-])(?=[a-z/+]*\d)[a-z0-9+/]{40,}={0,2}(?:\s|\Z)"),
)


def reads_like_an_injection(title: str, abstract: str) -> bool:
    """Whether a model could take something in this text for an instruction, or for a part of our prompt or its answer.

    Any text is allowed; it takes linear time.
    """
    return any(_HIDDEN.search(text) or _is_injection(_folded(text)) for text in (title, abstract))


def _folded(text: str) -> str:
    """*text* as it reads: in small letters of the usual shape, on one line."""
    return one_line(unicodedata.normalize("NFKC", strip_invisible(text)).lower())


def _is_injection(text: str) -> bool:
    if not text.isascii() and _LOOKALIKE.search(text):
        return True
    return any(pattern.search(text) for letters, pattern in _COMPILED if not letters or _any_of(letters, text))


def _any_of(letters: Iterable[str], text: str) -> bool:
    return any(each in text for each in letters)


_COMPILED: Final = tuple(
    (tuple(letters.split("|" if "|" in letters else None)), re.compile(pattern)) for letters, pattern in _INJECTIONS
)
