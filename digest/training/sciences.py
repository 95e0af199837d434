"""Train the classifier of sciences: `python -m digest.training sciences --data FOLDER`.

    citeulike-t: bags of words, and readers' tags ──► the sciences that the tags name (`_TAGS`)
    arXiv papers, by their archives               ──► the sciences of these (`ARCHIVES`)
    descriptions of species, from recorded feeds  ──► systematics
                                                        └──► one linear model over single words

The bags have no stop words and no order. Only words of their vocabulary count, so that a text is not told by how it
came to us but by what it says; for systematics, which that vocabulary lacks, its own words are added.

The quality is measured with a second model, trained without a third of the bags and without the latest arXiv papers,
and noted in the file. Of the recorded feeds, PhytoKeys' and PubMed's are not read here: they are for checking.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np

from digest.core.errors import SourceError
from digest.core.topics.classifier import MOST_WORDS, counts, singular
from digest.core.topics.weighing import with_archive
from digest.evaluation.figures import Figure, interval, mean
from digest.evaluation.sets import CategoryPaper, read_categories, read_ratings, read_tags
from digest.evaluation.topics import BAGS
from digest.sources.feed import FeedSource
from digest.training import topics

_FEEDS: Final = "journals/pubmed-and-others"
"""The folder of recorded feeds, beside that of the labelled sets."""
_SYSTEMATIC: Final = ("aby.xml", "canent.xml", "ejb.xml", "taxon.xml", "zookeys.xml", "zootaxa.rdf")
_COMMAND: Final = "python -m digest.training sciences --data FOLDER"
_PART: Final = "topics"
_SETTINGS: Final = topics.Settings(words=MOST_WORDS, pairs=False, parts=(("means", 40.0), ("words", 0.67)))
_FEWEST_WORDS: Final = 25
"""Bags with fewer words are left out: there was no abstract."""
_MOST_COMPUTING: Final = 3_000
"""Papers of arXiv's computing that are read: there are four times as many, as many as of all else."""
_COMMON: Final = 500
"""The most frequent words of arXiv are no words of systematics."""
_FEWEST_OWN: Final = 3
_KEPT_APART: Final = 3
"""Every third bag is kept apart."""

SYSTEMATICS: Final = "Systematics and new species"
ARCHIVES: Final = {
    "cs": "cs",
    "eess": "cs",
    "stat.ml": "cs",
    "stat": "stat",
    "math.st": "stat",
    "econ.em": "stat",
    "math": "math",
    "econ": "econ",
    "q-fin": "econ",
    "astro-ph": "physics",
    "cond-mat": "physics",
    "gr-qc": "physics",
    "hep-ex": "physics",
    "hep-ph": "physics",
    "hep-th": "physics",
    "physics": "physics",
    "quant-ph": "physics",
    "q-bio.bm": "biochemistry",
    "q-bio.gn": "genomics",
    "q-bio.nc": "neuroscience",
    "q-bio.pe": "evolutionary biology",
}
"""Archive or category of arXiv → its science; q-bio.QM is of none."""
_TAGS: Final = {
    "genomics": """genomics genome genomes genomic ngs gwas snp snps rna-seq rnaseq rna_seq genetics qtl eqtl
        human_genetics humgen exome illumina next_generation_sequencing next-generation-sequencing sequencing assembly
        haplotype cnv genotyping metagenomics hapmap population_genetics popgen heritability structural_variation
        transcriptomics""",
    "molecular biology": """tfbs transcription gene_expression gene-expression chromatin epigenetics methylation mirna
        microrna yeast splicing alternative_splicing enhancer promoter promoters histone nucleosome
        transcription_factors chip-seq gene_regulation cis-regulatory mrna rna rnai ncrna drosophila signaling
        signalling cell cells ctcf""",
    "biochemistry": """protein proteins protein_structure membrane docking md molecular_dynamics folding
        protein_folding electrostatics solvation lipid enzyme drug-design drug_design proteomics metabolism
        metabolomics gromacs biomembranes nmr pdb protein_dynamics binding cheminformatics free_energy kinetics
        drug-discovery drug_discovery metabolic""",
    "neuroscience": """neuroscience cortex fmri brain electrophysiology spiking neural_coding hippocampus neuron
        thalamus auditory v1 dopamine retina eeg neuroimaging neocortex pfc computational_neuroscience cns synchrony
        plasticity spikes motor""",
    "ecology": """ecology biodiversity mammals fish biogeography species mate_choice animal ecosystem primates primate
        monkey behaviour""",
    "evolutionary biology": """evolution phylogenetics phylogeny coevolution evolvability epistasis recombination
        mutation fitness comparative_genomics genome_evolution""",
    "plant biology": "plants plant arabidopsis",
    "microbiology": """bacteria microbiome microbes microbiology 16s microbial gut fungi virus ecoli e_coli resistance
        immunology hiv""",
    "cancer biology": "cancer breast breast_cancer breast-cancer",
    "medicine": """rct health disease mortality medicine clinical diabetes chronic treatment diagnosis epidemiology
        vitamin_d medical prognosis survival blood stress schizophrenia autism drugs aging ageing medical_education
        children""",
    "psychology": """psychology cognition perception emotion personality motivation attention gender memory identity
        decision_making decision-making""",
    "education": """education teaching elearning e-learning higher_education pedagogy students student teacher teachers
        school k-12 literacy information_literacy""",
    "physics": """physics quantum thermodynamics lbm lattice-boltzmann plasmonics friction fluid-dynamics laser astro-ph
        cosmology dft statistical_mechanics quantum-information nanoparticles entanglement chaos""",
    "earth": "climate climate_change climate-change ocean gcm water environment geography",
    "society": "sociology politics philosophy history culture policy ethnography economics money urban",
    "cs": """algorithm algorithms programming architecture wireless fpga mobile privacy information-retrieval ir
        recommender recommendation gpu parallel database databases web internet security cryptography indexing search
        tagging folksonomy cloud mapreduce multicore vision robot hci nlp machine-learning machine_learning svm
        data-mining semantic-web social_networks software-engineering social-networks dsl haskell cuda hadoop p2p
        routing kdd sigir facebook twitter online-social-networks information-theory topic""",
    "stat": "statistics stats mcmc regression bayesian lasso econometrics multivariate nonparametric",
}
"""The tags that name a science, written as readers write them; a science is called as the taxonomy's categories are."""
_SHARED: Final = frozenset({"cs", "stat", "education", "psychology", "society"})
"""Sciences of which arXiv's classifier knows something, or whose words computing uses its own way: "teacher"."""
OUTSIDE: Final = (*(name for name in _TAGS if name not in _SHARED), SYSTEMATICS)
"""The sciences of which the classifier of arXiv's categories knows little or nothing."""

Labelled: TypeAlias = tuple[Counter[str], str]
"""The words of a paper, and its science."""


def train(data: Path) -> bytes:
    """The trained file, from the sets in *data* and the feeds beside it. Twice from the same: the same bytes.

    Raises:
        ConfigError: A set is not there, or broken.
    """
    bags, known = _bags(data)
    papers = topics.ordered(read_categories(data / f"{topics.SET}.jsonl"))
    early, late = topics.split(papers)
    species = _species(data)
    known |= _own_words(species, papers)
    described = [(_some(words, known), SYSTEMATICS) for words in species]
    seen = [bag for number, bag in bags if number % _KEPT_APART]
    apart = [bag for number, bag in bags if not number % _KEPT_APART]
    twin = _fitted([*seen, *_of_arxiv(early, known), *described])
    later = _of_arxiv(late, known)
    # As many of the one as of the other: the tags are less sure, and there are more sciences.
    part = [*apart, *later[:: max(1, len(later) // max(1, len(apart)))]]
    sharpness = topics.sharpness_of(
        twin.scores_of([words for words, _ in part]), [twin.categories.index(science) for _, science in part]
    )
    figures = [*_judged(twin, apart, "readers' tags"), *_judged(twin, later, "arXiv")]
    whole = [*(bag for _, bag in bags), *_of_arxiv(papers, known), *described]
    return topics.pack(_fitted(whole), sharpness, _about(whole, figures))


def _fitted(papers: Sequence[Labelled]) -> topics.Fitted:
    return topics.learn([words for words, _ in papers], [science for _, science in papers], _SETTINGS)


def _about(papers: Sequence[Labelled], figures: Sequence[Figure]) -> dict[str, Any]:
    return {
        "note": f"Weights of a linear classifier of sciences, made by `{_COMMAND}` from {len(papers):,} papers of"
        f" citeulike-t, {topics.SET} and feeds of descriptions of species. held_out: by a twin that was trained"
        " without a third of the first and the latest of the second.",
        "archives": ARCHIVES,
        "outside": OUTSIDE,
        "held_out": [topics.noted(one) for one in figures],
    }


def _bags(data: Path) -> tuple[list[tuple[int, Labelled]], set[str]]:
    """Return citeulike-t's papers of one science, by number, and all words of its vocabulary."""
    ratings = read_ratings(data / BAGS)
    words = [_word(word) for word in ratings.words]
    votes: dict[int, Counter[str]] = {}
    tags = read_tags(data / BAGS)
    for science, names in _TAGS.items():
        for tag in names.split():
            for paper in tags.get(tag, ()):
                votes.setdefault(paper, Counter())[science] += 1
    found = []
    for paper, science in sorted((paper, _winner(each)) for paper, each in votes.items()):
        bag: Counter[str] = Counter()
        for word, count in ratings.papers[paper].items() if paper < len(ratings.papers) else ():
            if words[word]:
                bag[words[word]] += count
        if science and bag.total() >= _FEWEST_WORDS:
            found.append((paper, (bag, science)))
    return found, set(filter(None, words))


def _word(written: str) -> str:
    """Return a word of the vocabulary as `counts` has it; empty for a number, or for what `counts` would divide."""
    word = singular(html.unescape(written).lower())
    return word if re.fullmatch(r"[^\W_]+", word) and not word.isdigit() else ""


def _winner(votes: Mapping[str, int]) -> str:
    """Return the science with the most votes; empty if two have as many."""
    best = max(votes.values())
    names = [name for name, count in votes.items() if count == best]
    return names[0] if len(names) == 1 else ""


def _of_arxiv(papers: Sequence[CategoryPaper], known: set[str]) -> list[Labelled]:
    """Return arXiv's papers with their sciences; those of computing thinned out evenly."""
    found = [(paper, science) for paper in papers if (science := _science(paper.category))]
    computing = sum(science == "cs" for _, science in found)
    step = max(1, round(computing / _MOST_COMPUTING))
    kept, seen = [], 0
    for paper, science in found:
        seen += science == "cs"
        if science != "cs" or seen % step == 0:
            kept.append((_some(counts(paper.title, paper.abstract), known), science))
    return kept


def _science(category: str) -> str:
    return next((ARCHIVES[name] for name in with_archive(category) if name in ARCHIVES), "")


def _species(data: Path) -> list[Counter[str]]:
    """Return the words of the recorded papers that describe species; none where no feeds are recorded."""
    found = []
    for name in _SYSTEMATIC:
        path = data.parent / _FEEDS / name
        if path.is_file():
            url = f"https://recorded.test/{name}"
            try:
                parsed = FeedSource(name, url=url).parse(path.read_bytes(), url=url)
            except SourceError:
                continue  # recorded as it came
            papers = (record.paper for record in parsed.records)
            found += [counts(paper.title, paper.abstract) for paper in papers if len(paper.abstract) > 100]
    return found


def _own_words(species: Sequence[Counter[str]], papers: Sequence[CategoryPaper]) -> set[str]:
    """Return the words of systematics, without those that are common anywhere."""
    elsewhere = Counter(word for paper in papers for word in counts(paper.title, paper.abstract) if " " not in word)
    common = {word for word, _ in elsewhere.most_common(_COMMON)}
    found = Counter(word for words in species for word in words if " " not in word and not word.isdigit())
    return {word for word, n in found.items() if n >= _FEWEST_OWN and len(word) > 1} - common


def _some(words: Counter[str], known: set[str]) -> Counter[str]:
    return Counter({word: count for word, count in words.items() if word in known})


def _judged(twin: topics.Fitted, papers: Sequence[Labelled], data: str) -> list[Figure]:
    """Return how often the twin is right, and how often it sees whether arXiv's classifier knows the science."""
    best = [twin.categories[at] for at in np.argmax(twin.scores_of([words for words, _ in papers]), axis=1)]
    pairs = [(said, science) for said, (_, science) in zip(best, papers, strict=True)]

    def share(name: str, hits: Sequence[bool]) -> list[Figure]:
        if not hits:
            return []
        low, high = interval(hits, mean)
        return [Figure(part=_PART, data=data, name=name, value=mean(hits), low=low, high=high, of=len(hits))]

    return [
        *share("sciences", [said == science for said, science in pairs]),
        *share("sciences outside seen as such", [s in OUTSIDE for s, science in pairs if science in OUTSIDE]),
        *share("sciences inside seen as such", [s not in OUTSIDE for s, science in pairs if science not in OUTSIDE]),
    ]
