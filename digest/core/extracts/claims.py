"""What a sentence claims, in the ways of the fields: a theorem, a new species, a result; or nothing of its own.

Each function takes a sentence in small letters. The words are those of English abstracts of mathematics, of physics, of
economics, of medicine and of biology with its nomenclature.
"""

from __future__ import annotations

import re
from typing import Final

_BE: Final = r"(?:is|are|was|were|has been|have been)(?: \w+ly| also| here| herein| then| further| first){0,2}"
_PASSIVE: Final = re.compile(
    rf"\b{_BE} (?:describ|present|propos|introduc|report|recorded|investigat|provid|establish|develop|design|examin"
    rf"|analy[sz]"
    r"|identif|evaluat|compar|assess|studied|review|revis|re-?assess|measur|determin|characteri[sz]|isolat|sequenc"
    r"|survey"
    r"|demonstrat|observ|detect|erect|reinstat|resurrect|typified|lectotypif|neotypif|designat|recogni[sz]|transferr"
    r"|synonymi[sz]|confirm|derived|obtained|constructed|proved|shown|found|solved|discuss|given|summari|carried out"
    r"|conducted"
    r"|performed|undertaken|tested|computed|calculated|simulated)\w*\b"
)
_AIM: Final = re.compile(
    r"\b(?:aims?|objectives?|goals?|purpose)s? of (?:this|the present|the current|our) (?:\w+ )?(?:study|paper|work"
    r"|article"
    r"|research|review|trial|investigation)\b|\b(?:led|leads|lead) us to\b|\bthis (?:study|paper|work) is the first\b"
)
_RESULTS: Final = re.compile(
    r"\b(?:results?|findings|analys[ei]s|experiments?|data|simulations?|calculations|measurements|observations"
    r"|evidence)"
    r"(?: (?!is|are)\w+){0,6}? (?:show|demonstrat|suggest|indicat|reveal|confirm|support|impl|establish|uncover)\w*\b"
)
_FOUND: Final = re.compile(
    r"(?!.{0,30}\b(?:recent|previous|earlier|prior|past|other|several|many|former|two decades)\b).*"
    r"\b(?:results?|analys[ei]s|experiments?|simulations?|calculations|measurements|observations|examination"
    r"|comparisons?)"
    r"(?: (?!is|are)[\w,]+){0,8}? (?:showed|demonstrated|suggested|indicated|revealed|confirmed|supported|led"
    r"|yielded)\b"
)
_DID: Final = re.compile(r"\b(?:we|i) (?:\w+ly )?\w+ed\b")
_NAMING: Final = re.compile(
    r"\b(?:sp|spec|gen|comb|stat|syn|nom|fam|trib|subgen|subsp|var|spp)\. ?(?:n|nov|rev|rest|et sp\. nov)\b|\bn\. ?sp\b"
    r"|(?<!\bthe )(?<!\bthis )(?<!\bthese )(?<!\bour )(?<!\beach )\bnew (?:\w+ ){0,2}(?:species|genus|genera"
    r"|combinations?|records?|synonyms?|subspecies|family|tribe|taxon|taxa"
    r"|names?)\b|\b(?:lecto|neo|epi|holo)?typifi(?:ed|cations?)\b|\b(?:lecto|neo|epi)types?\b|\bsynonym(?:y|i[sz]ed)\b"
    r"|\b(?:is|are) (?:\w+ )?(?:reinstated|resurrected|erected|transferred to|excluded from|recogni[sz]ed)\b"
    r"|\bnewly (?:recorded|described|reported)\b|\b(?:first|new) (?:\w+ ){0,3}records?\b|\b(?:novel"
    r"|undescribed) species\b"
    r"|\b(?:genus|family|species|taxonomy) (?:\w+ ){0,8}(?:is|are) (?:\w+ )?(?:revised|reviewed)\b"
)
_EXTRAS: Final = re.compile(
    r"\b(?:keys?|illustrations?|maps?|photographs?|photoplates?|plates?|images?|catalogues?|redescriptions?"
    r"|descriptions?"
    r"|examples|differences|applications|directions|implications|limitations|details|supplementary material|phylogeny"
    r"|relationships|affinities|ornamentation|distributions?|appendix)\b.{0,200}?\b(?:is|are) (?:also |here |herein "
    r"|further |briefly |then )*"
    r"(?:provided|presented|given|included|listed|discussed|illustrated|shown|featured|mapped)\b"
    r"|\bwe (?:also |here |further |finally |then |will )*(?:provide|present|give|include) (?:(?!that\b)[\w-]+,? ){0,4}"
    r"(?:keys?|illustrations?|maps?|photographs?|images|descriptions?|figures|notes?)\b"
    r"|\b(?:is|are) (?:also |briefly |then |finally )*discussed\b"
    r"|\b(?:is|are) (?:also |then )?(?:illustrated|demonstrated|corroborated|validated|verified|confirmed|exemplified)"
    r" (?:by|with|in|on|through|using) (?:\w+ ){0,4}(?:examples?|simulations?|stud(?:y|ies)|experiments?|exercises?)\b"
)
_KEY: Final = re.compile(r"(?:an? |the )?(?:\w+ ){0,2}(?:keys?|checklists?|illustrations?|photographs|maps?)\b")
_BARE: Final = re.compile(
    r"(?:to (?:illustrate|demonstrate|show|verify|validate) [^,]{0,60}, )?(?:finally,? |lastly,? |also,? )?(?:we|i)"
    r" (?:also |then |further |finally |now |\w+ly )*(?:illustrate|evaluate|test|apply|exemplify|discuss|demonstrate"
    r"|provide|compare|validate|conduct(?:ed)?|perform(?:ed)?|carr(?:y|ied) out|made?)"
    r" (?:the |our |its |an? |this |these |some |several |many |various |numerous |extensive |both |detailed "
    r"|further )*"
    r"(?:proposed |numerical |empirical |theoretical |practical |real |synthetic |simulated )*"
    r"(?:usefulness|effectiveness|performance|approach|methods?|methodology|models?|proposal|theory|procedure|results?"
    r"|examples?|experiments?|simulations?|comparisons?|evidence|justification|practical designs?|finite[- ]sample"
    r"|efficiency|applications?|implications|limitations|findings|consequences|algorithms?|efficacy|empirical study)\b"
    r"(?!.*\b(?:that|than|outperform\w*|faster|improv\w+|reduc\w+|increas\w+|by \d|\d ?%|show\w*|find|reveal\w*)\b)"
)
_BARE_AT_MOST: Final = 130
"""Letters above which a sentence says more than that something was tried."""
_PROVES: Final = re.compile(
    r"\b(?:we|i)(?: \w+ly| also| then| first| further| here| thus| hence| therefore| can| will){0,3} (?:prove|show"
    r"|find|found"
    r"|disprove|establish|characteri[sz]e|derive|obtain|determine|construct|solve|resolve|complete|classify|compute"
    r"|improve"
    r"|demonstrate|discover|identify|identified|confirm|reveal|conclude|observe|uncover(?:ed)?|showed|report"
    r"|document|recogni[sz]ed?|detect(?:ed)?|infer(?:red)?|estimate[sd]?)\b"
    r"|\bour (?:\w+ )?(?:results?|findings?|analys[ei]s|contributions?) (?:\w+ )?(?:is|are|show|establish|prov"
    r"|impl)\w*\b"
    r"|\b(?:it|this) is (?:shown|proved|proven|found) that\b|\b(?:is|are) (?:shown|proved|proven|found) to\b"
)
_THEOREM: Final = re.compile(
    r"\b(?:we|i)(?: \w+ly| also| then| first| further| here| thus| hence| therefore| can){0,3} (?:prove[sd]?|disprove"
    r"|establish|classify|resolve|settle|refute)\b|\bi (?:\w+ly |also |then )?(?:show|find|document|estimate|argue)\b"
    r"|\b(?:it is|is|are) (?:shown|proved|proven)\b|\bour (?:main|key|central) (?:results?|theorem|findings?)\b"
)
_SCENE: Final = re.compile(
    r"\b(?:we|i)(?: \w+ly| also| then| first| further| here){0,2} (?:consider|study|define|assume|focus|recall"
    r"|review|revisit|look at"
    r"|investigate|explore|examine|allow|let|make|address|deal|work)\b"
    r"|\bthis (?:paper|work|article|note|study) (?:\w+ly )?(?:considers|studies|focuses|deals|is about|is concerned"
    r"|examines"
    r"|addresses|takes up|investigates|explores)\b"
    r"|\b(?:is|are|was|were) (?:\w+ly |here )*(?:studied|considered|investigated|discussed|examined)(?:[.,]|$| in)"
)
_PROMISES: Final = re.compile(
    r"\b(?:results|findings|works?|stud(?:y|ies)|data|database|framework|formalism|approach|observations|insights"
    r"|knowledge"
    r"|toolkit|method|methods|methodolog\w+|principles|diversity|genome|mitogenome|atlas|technique|tool)\b[^,;]{0,80}?"
    r"\b(?:provid\w+|offer\w*|serv\w+ as|represents?|marks?|shed\w*|pav\w+|open\w*|lay\w*|contribut\w+|giv\w+|has|have"
    r"|could|can|may|might|deserves?|highlights?|underscores?|warrants?|will|should|enrich\w*|expands?)\b"
    r"(?: \w+){0,6} (?:insights?|resources?|understanding|basis|foundations?|perspectives?|steps?|light|way|potential"
    r"|avenues?|possibilit\w+|implications|groundwork|blueprint|guidance|reference|knowledge|study|importance|need"
    r"|significance|applicable|applied|adoption|used in|useful)\b"
    r"|\bsheds? (?:\w+ )?light\b|\bwe (?:believe|hope|anticipate|expect|envision)\b|\bwarrants?\b|\bdeserves? further\b"
    r"|\bfuture (?:work|research|studies|analyses|directions)\b|\bconclusions? and prospects\b"
    r"|\bpotential applications?\b"
    r"|\b(?:further|more|additional|larger|future) (?:\w+ ){0,2}(?:studies|trials|research|work|investigations?|data)"
    r" (?:is|are|will be) (?:\w+ )?(?:needed|required|necessary)\b|\bin its infancy\b"
    r"|\bneed for (?:\w+ ){0,3}(?:understanding|research|studies|work)\b"
)


def is_passive(low: str) -> bool:
    """Whether the sentence tells in the passive what was done: "the outflow was measured", "a new genus is erected"."""
    return bool(_PASSIVE.search(low))


def tells_aim(low: str) -> bool:
    """Whether the sentence says what the paper is for: "the aim of this study was to …"."""
    return bool(_AIM.search(low))


def tells_finding(low: str) -> bool:
    """Whether the sentence gives what was found: "the results show …", "phylogenetic analysis revealed …"."""
    return bool(_RESULTS.search(low))


def found_before(low: str) -> bool:
    """Whether the sentence tells, in the past tense, what the authors' own analyses showed."""
    return bool(_FOUND.match(low))


def did(low: str) -> bool:
    """Whether the authors say in the past tense what they did: "we benchmarked a server"."""
    return bool(_DID.search(low))


def names_taxa(low: str) -> bool:
    """Whether the sentence describes a species or changes a name: "sp. nov.", "is lectotypified", "new records"."""
    return bool(_NAMING.search(low))


def describes_taxa(low: str) -> bool:
    """Whether the sentence names taxa, and not only which others recognize."""
    return "recogni" not in low and names_taxa(low)


def is_extra(low: str) -> bool:
    """Whether the sentence only lists what else stands in the paper: "a key is provided", "examples are given"."""
    if not _EXTRAS.search(low) or low.startswith(("a new", "a novel")):
        return False
    return bool(_KEY.match(low)) or not _NAMING.search(low)


def is_bare(low: str) -> bool:
    """Whether the sentence names a task and no outcome: "we illustrate our proposal in simulations"."""
    return len(low) <= _BARE_AT_MOST and bool(_BARE.match(low))


def proves(low: str) -> bool:
    """Whether the authors give what they found or proved, and not only what they look at."""
    return bool(_PROVES.search(low))


def is_theorem(low: str) -> bool:
    """Whether the sentence gives what was proved, or what a single author shows, as economists write."""
    return bool(_THEOREM.search(low))


def sets_scene(low: str) -> bool:
    """Whether the sentence gives a setting, a subject or an aim, and no outcome: "we consider a problem"."""
    return bool(_SCENE.search(low) or _AIM.search(low)) and not bool(_PROVES.search(low))


def promises(low: str) -> bool:
    """Whether the sentence praises the work or hopes for more of it: "our results shed light on …"."""
    return bool(_PROMISES.search(low))
