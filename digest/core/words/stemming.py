"""Stems: Porter's whole algorithm, as the ROUGE script has it, and a light one that keeps different things apart.

M. F. Porter, "An algorithm for suffix stripping", Program 14(3), 1980. ROUGE 1.5.5 departs from it in step 4, where a
word may lose more than one ending; figures that are to stand beside published ones must do the same. Of `light_stem`
only the first two steps are Porter's: the others make one word of computer and computational, or general and generator.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

_CONSONANTS: Final = "[^aeiou][^aeiouy]*"
_VOWELS: Final = "[aeiouy][aeiou]*"

# Porter's measure m counts the pairs of vowels and consonants that a stem has.
_ONE_PAIR: Final = re.compile(f"(?:{_CONSONANTS})?{_VOWELS}{_CONSONANTS}")
_JUST_ONE_PAIR: Final = re.compile(f"(?:{_CONSONANTS})?{_VOWELS}{_CONSONANTS}(?:[aeiouy])?$")
_TWO_PAIRS: Final = re.compile(f"(?:{_CONSONANTS})?{_VOWELS}{_CONSONANTS}{_VOWELS}{_CONSONANTS}")
_HAS_VOWEL: Final = re.compile(f"(?:{_CONSONANTS})?[aeiouy]")
_SHORT: Final = re.compile(f"{_CONSONANTS}[aeiouy][^aeiouwxy]$")
"""Ends in consonant, vowel, consonant, as "hop": what lost its ending gets its e back."""

_STEP_2: Final = {
    "ational": "ate",
    "tional": "tion",
    "enci": "ence",
    "anci": "ance",
    "izer": "ize",
    "bli": "ble",
    "alli": "al",
    "entli": "ent",
    "eli": "e",
    "ousli": "ous",
    "ization": "ize",
    "ation": "ate",
    "ator": "ate",
    "alism": "al",
    "iveness": "ive",
    "fulness": "ful",
    "ousness": "ous",
    "aliti": "al",
    "iviti": "ive",
    "biliti": "ble",
    "logi": "log",
}
_STEP_3: Final = {"icate": "ic", "ative": "", "alize": "al", "iciti": "ic", "ical": "ic", "ful": "", "ness": ""}
_STEP_4: Final = re.compile("(?:al|ance|ence|er|ic|able|ible|ant|ement|ou|ism|ate|iti|ous|ive|ize)$")
_BRITISH: Final = (
    (re.compile("(?<=[a-z])[ao]e(?=[bcdfgklmnprstvz][a-z])|^oe(?=[ds][a-z]{4})"), "e"),
    (re.compile("(?<=[a-z]{3})our(?=$|al|ed$|ing$)"), "or"),
    (re.compile("(?<=[a-z]{2}[bt])re$"), "er"),
    (re.compile("(?<=[a-z]{3}[aeiou]l)l(?=ed$|ing$)"), ""),
    (re.compile("(?<=[a-z]{4})is(?=ed$|ing$|e$|ation)"), "iz"),
    (re.compile("(?<=[a-z]{2}ly)s(?=ed$|ing$|e$)"), "z"),
)
"""What British spelling has otherwise: haemoglobin, behaviour, fibre, modelling, organised."""
_FAMILIES: Final[Mapping[str, str]] = {
    word: family.split()[0]
    for family in (
        "bacterium bacterial",
        "mitochondrion mitochondrial",
        "fungus fungal",
        "virus viral",
        "microbe microbial",
        "archaea archaeal archaeon",
        "alga algal",
        "larva larval",
        "glia glial",
        "microglia microglial",
        "astrocyte astrocytic",
        "neuron neuronal neurone",
        "axon axonal",
        "dendrite dendritic",
        "synapse synaptic",
        "hippocampus hippocampal",
        "thalamus thalamic",
        "cortex cortical",
        "cerebellum cerebellar",
        "retina retinal",
        "neurodegeneration neurodegenerative",
        "inflammation inflammatory",
        "neuroinflammation neuroinflammatory",
        "genome genomic genomics",
        "metagenome metagenomic metagenomics",
        "epigenome epigenomic epigenomics",
        "proteome proteomic proteomics",
        "transcriptome transcriptomic transcriptomics",
        "metabolome metabolomic metabolomics",
        "phylogenome phylogenomic phylogenomics",
        "phylogeny phylogenetic phylogenetics",
        "chromosome chromosomal",
        "ribosome ribosomal",
        "allele allelic",
        "clone clonal",
        "embryo embryonic",
        "enzyme enzymatic",
        "parasite parasitic",
        "symbiosis symbiotic symbiont",
        "taxonomy taxonomic",
        "biogeography biogeographic biogeographical",
        "ecology ecological",
        "morphology morphological",
        "physiology physiological",
        "immunity immune",
        "autoimmunity autoimmune",
        "diabetes diabetic diabete",
        "surgery surgical",
        "catalysis catalytic catalyst",
        "polymer polymeric",
        "colloid colloidal",
        "crystal crystalline",
        "anisotropy anisotropic",
        "asymmetry asymmetric",
        "entropy entropic",
        "photonic photonics",
        "superconductor superconducting superconductivity",
        "semiconductor semiconducting",
        "turbulence turbulent",
        "topology topological",
        "geometry geometric geometrical",
        "algebra algebraic",
        "cryptography cryptographic",
        "galaxy galactic",
        "planet planetary",
        "volcano volcanic",
        "ocean oceanic",
        "econometric econometrics",
        "linguistic linguistics",
        "programme program",
    )
    for word in family.split()
}
"""Nouns and adjectives of one thing, which no rule makes alike: each stands for the first of its line."""
_LONGEST: Final = 30
"""Letters of the longest word that `light_stem` changes."""
_ENDINGS_2: Final = re.compile(f"({'|'.join(_STEP_2)})$")
_ENDINGS_3: Final = re.compile(f"({'|'.join(_STEP_3)})$")


@lru_cache(maxsize=100_000)
def stem(word: str) -> str:
    """The stem of a word in small letters of ASCII."""
    if len(word) < 3:
        return word
    if word.startswith("y"):
        # A first y is no vowel; as a capital it matches none of the patterns of vowels.
        return "y" + _steps("Y" + word[1:])[1:]
    return _steps(word)


@lru_cache(maxsize=100_000)
def light_stem(word: str) -> str:
    """What is left of a word in small letters without number, -ing and -ed, and of a noun of the verb it is made from.

    "generation" and "generator" become as "generate", "detection" as "detect", "retrieval" as "retrieve". British and
    American spelling are the same, and so are some nouns and their adjectives, "mitochondrial" as "mitochondrion".
    Words with other signs, and words of more than thirty letters, stay as they are.
    """
    if not 2 < len(word) <= _LONGEST or not (word.isascii() and word.isalpha()) or word.startswith("y"):
        return word
    if word in _FAMILIES:
        return _FAMILIES[word]
    light = _swap(_inflection(_american(word)), _ENDINGS_2, _STEP_2)
    if light.endswith("ction"):
        return light[:-3]
    if light.endswith("val") and len(light) > 5:
        return light[:-2]
    if len(light) < 3:
        return light + "e"  # of "using", as of "use"
    return light[:-1] if light.endswith("e") and len(light) > 3 else light


def _american(word: str) -> str:
    for british, american in _BRITISH:
        word = british.sub(american, word)
    return word


def _steps(word: str) -> str:
    word = _inflection(word)
    word = _swap(word, _ENDINGS_2, _STEP_2)
    word = _swap(word, _ENDINGS_3, _STEP_3)
    word = _strip(word)
    if word.endswith("e"):
        rest = word[:-1]
        if _TWO_PAIRS.match(rest) or (_JUST_ONE_PAIR.match(rest) and not _SHORT.match(rest)):
            word = rest
    return word[:-1] if word.endswith("ll") and _TWO_PAIRS.match(word) else word


def _inflection(word: str) -> str:
    """Step 1: plurals, -ed and -ing, and y for i."""
    if word.endswith(("sses", "ies")):
        word = word[:-2]
    elif word.endswith("s") and not word.endswith("ss"):
        word = word[:-1]
    if word.endswith("eed"):
        if _ONE_PAIR.match(word[:-3]):
            word = word[:-1]
    elif word.endswith(("ed", "ing")):
        rest = word.removesuffix("ed") if word.endswith("ed") else word.removesuffix("ing")
        if _HAS_VOWEL.match(rest):
            word = _mended(rest)
    if word.endswith("y") and _HAS_VOWEL.match(word[:-1]):
        word = word[:-1] + "i"
    return word


def _mended(rest: str) -> str:
    """What is left without -ed or -ing: conflat(ed) → conflate, hopp(ing) → hop, fil(ing) → file."""
    if rest.endswith(("at", "bl", "iz")):
        return rest + "e"
    if len(rest) > 1 and rest[-1] == rest[-2] and rest[-1] not in "aeiouylsz":
        return rest[:-1]
    return rest + "e" if _SHORT.match(rest) else rest


def _swap(word: str, endings: re.Pattern[str], instead: dict[str, str]) -> str:
    """Steps 2 and 3: double suffixes to single ones."""
    found = endings.search(word)
    if found and _ONE_PAIR.match(word[: found.start()]):
        return word[: found.start()] + instead[found[0]]
    return word


def _strip(word: str) -> str:
    """Step 4: single suffixes go, where enough of the word is left."""
    found = _STEP_4.search(word)
    if found and _TWO_PAIRS.match(word[: found.start()]):
        word = word[: found.start()]
    if word.endswith("ment") and _TWO_PAIRS.match(word[:-4]):
        word = word[:-4]
    if word.endswith("ent"):
        return word[:-3] if _TWO_PAIRS.match(word[:-3]) else word
    if word.endswith(("sion", "tion")) and _TWO_PAIRS.match(word[:-3]):
        return word[:-3]
    return word
