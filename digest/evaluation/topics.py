"""Measure topics: the classifier by arXiv's categories, and a paper's topics by the keywords that it was given.

On the set that the classifier was trained on, its own answers would look too good. For that set the figures are those
noted at its training: a second model, trained only on the earlier papers, was measured on the later ones.

The keywords are those of Hugging Face's Daily Papers, folded into topics through their aliases and kept from the
tagger. They name methods as well as what a paper is about, so a topic of the same field as one of them is counted
apart. Papers of before 2026-06 were looked at while the tagger was made, and only later ones are measured; where a
folder has none, all are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from digest import assets
from digest.core.errors import ConfigError
from digest.core.models import Paper, PaperId
from digest.core.topics.classifier import Classifier
from digest.core.topics.fold import Taxonomy
from digest.core.topics.guessing import Guesser
from digest.core.topics.tagging import Tagger
from digest.evaluation.figures import Figure, interval, mean
from digest.evaluation.sets import CategoryPaper, ListedPaper, files, keyword_days, name_of, read_categories

PART: Final = "topics"
SETS: Final = "topics/*.jsonl"
FILE: Final = "topics.bin"
SCIENCES: Final = "sciences.bin"
BAGS: Final = "ratings"
"""The folder of the set that the classifier of sciences was trained on."""
_MOST_OF_AN_ARCHIVE: Final = 100
_FEWEST_OF_AN_ARCHIVE: Final = 40
_FROM: Final = "2026-06"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The classifier's answer for one paper, with the right category."""

    right: str
    said: tuple[tuple[str, float], ...]
    """The three likeliest, with their probabilities."""

    @property
    def first(self) -> str:
        """The likeliest; empty if it knew none."""
        return self.said[0][0] if self.said else ""

    def within(self, most: int) -> bool:
        """Whether the right one is among the *most* likely."""
        return self.right in [name for name, _ in self.said[:most]]


def measure(data: Path, classifier: Classifier | None = None) -> tuple[Figure, ...]:
    """Top-1, top-3 and the rest for each set of labelled papers in the folder, and the topics of listed papers.

    Args:
        data: The folder of sets.
        classifier: By default the shipped one.

    Raises:
        ConfigError: A set is damaged, or the shipped file is.
    """
    paths, (listing, listed) = files(data, SETS), _listed(data)
    if not paths and not listed:
        return ()
    guesser = Guesser.parse(assets.trained(SCIENCES), assets.trained(FILE))
    taxonomy = Taxonomy.parse(assets.shipped("taxonomy.toml").read_text(encoding="utf-8"))
    tagger = Tagger(taxonomy, guesser)
    classifier = classifier or guesser.subjects
    found: list[Figure] = []
    for path in paths:
        name, papers = name_of(path, data), read_categories(path)
        is_trained_on = name == classifier.about.get("trained_on")
        found += held_out(classifier) if is_trained_on else judge(classifier, papers, data=name)
        found += judge_fields(tagger, taxonomy, papers, data=name)
    if (data / BAGS).is_dir():
        found += held_out(guesser.sciences)
    if listed:
        found += judge_topics(tagger, taxonomy, listed, data=listing)
    return tuple(found)


def _listed(data: Path) -> tuple[str, tuple[ListedPaper, ...]]:
    """Return the name of the listed papers with keywords, and these papers by their ids; none where there are none."""
    name, days = keyword_days(data, since=_FROM)
    found = {paper.id: paper for day in days for paper in day}
    return name, tuple(found[key] for key in sorted(found))


def judge_topics(tagger: Tagger, taxonomy: Taxonomy, papers: Sequence[ListedPaper], *, data: str) -> tuple[Figure, ...]:
    """Compare the topics of *papers*, by title and abstract alone, with those of their keywords.

    Papers of whose keywords none is a topic are left out.
    """
    topics: list[bool] = []
    fields: list[bool] = []
    first: list[bool] = []
    recalled: list[bool] = []
    numbers: list[int] = []
    for paper in papers:
        right = [topic for topic in taxonomy.homes(paper.keywords) if topic]
        if not right:
            continue
        said = tagger.topics(Paper(id=PaperId(f"list:{paper.id}"), title=paper.title, abstract=paper.abstract))
        near = {taxonomy.field(topic) for topic in right}
        topics += [topic in right for topic in said]
        fields += [topic in right or taxonomy.field(topic) in near for topic in said]
        first.append(bool(said) and said[0] in right)
        recalled.append(right[0] in said)
        numbers.append(len(said))

    def share(name: str, hits: Sequence[bool]) -> Figure:
        low, high = interval(hits, mean)
        return Figure(part=PART, data=data, name=name, value=mean(hits), low=low, high=high, of=len(hits))

    if not numbers:
        return ()
    return (
        share("topics that a keyword names", topics),
        share("topics of a field that a keyword names", fields),
        share("first topics that a keyword names", first),
        share("first keywords whose topic is found", recalled),
        Figure(
            part=PART, data=data, name="topics a paper", value=mean(numbers), of=len(numbers), higher_is_better=None
        ),
    )


def judge_fields(
    tagger: Tagger, taxonomy: Taxonomy, papers: Sequence[CategoryPaper], *, data: str
) -> tuple[Figure, ...]:
    """Return how often a paper's first topic is of a field that its category speaks the language of.

    With the category given, for some papers of each archive, and without it for all of these together. On the set that
    the classifier was trained on the latter is too good.
    """
    by_archive: dict[str, list[CategoryPaper]] = {}
    for paper in papers:
        if taxonomy.knows_any([paper.category]):
            by_archive.setdefault(paper.category.partition(".")[0], []).append(paper)
    found: list[Figure] = []
    unaided: list[bool] = []
    for archive, all_of_it in sorted(by_archive.items()):
        step = max(1, len(all_of_it) // _MOST_OF_AN_ARCHIVE)
        some = all_of_it[::step][:_MOST_OF_AN_ARCHIVE]
        if len(some) >= _FEWEST_OF_AN_ARCHIVE:
            found.append(_share([_is_at_home(tagger, taxonomy, p, (p.category,)) for p in some], archive, data))
            unaided += [_is_at_home(tagger, taxonomy, p, ()) for p in some]
    return (*found, _share(unaided, "any archive, category unknown", data)) if unaided else ()


def _is_at_home(tagger: Tagger, taxonomy: Taxonomy, paper: CategoryPaper, categories: tuple[str, ...]) -> bool:
    said = tagger.topics(
        Paper(id=PaperId(f"set:{paper.id}"), title=paper.title, abstract=paper.abstract, categories=categories)
    )
    return bool(said) and taxonomy.speaks(said[0], paper.category)


def _share(hits: Sequence[bool], of: str, data: str) -> Figure:
    low, high = interval(hits, mean)
    name = f"first topics of the own field, {of}"
    return Figure(part=PART, data=data, name=name, value=mean(hits), low=low, high=high, of=len(hits))


def held_out(classifier: Classifier) -> tuple[Figure, ...]:
    """Return the figures that were noted at the classifier's training."""
    try:
        return tuple(Figure(**fields) for fields in classifier.about["held_out"])
    except (KeyError, TypeError) as exc:
        raise ConfigError(f"{FILE}: its first line lacks the figures of its training ({exc}): train it again") from exc


def judge(classifier: Classifier, papers: Sequence[CategoryPaper], *, data: str) -> tuple[Figure, ...]:
    """Return the figures over those *papers* whose category the classifier knows, and the share of these papers."""
    known = [paper for paper in papers if paper.category in classifier.categories]
    answers = [Answer(right=p.category, said=classifier.classify(p.title, p.abstract)) for p in known]

    def share(name: str, hits: Sequence[bool]) -> Figure:
        low, high = interval(hits, mean)
        return Figure(part=PART, data=data, name=name, value=mean(hits), low=low, high=high, of=len(hits))

    low, high = interval(answers, macro_f1)
    return (
        share("top-1", [answer.within(1) for answer in answers]),
        share("top-3", [answer.within(3) for answer in answers]),
        Figure(part=PART, data=data, name="macro-F1", value=macro_f1(answers), low=low, high=high, of=len(answers)),
        Figure(
            part=PART,
            data=data,
            name="error of its probabilities",
            value=miscalibration(answers),
            of=len(answers),
            higher_is_better=False,
        ),
        Figure(
            part=PART,
            data=data,
            name=f"papers of its {len(classifier.categories)} categories",
            value=len(known) / len(papers) if papers else 0.0,
            of=len(papers),
            higher_is_better=None,
        ),
    )


def macro_f1(answers: Sequence[Answer]) -> float:
    """The mean over the categories in *answers* of each one's F1: small ones count as much as large ones."""
    right: dict[str, int] = {}
    said: dict[str, int] = {}
    both: dict[str, int] = {}
    for answer in answers:
        right[answer.right] = right.get(answer.right, 0) + 1
        said[answer.first] = said.get(answer.first, 0) + 1
        if answer.first == answer.right:
            both[answer.right] = both.get(answer.right, 0) + 1
    return mean([2 * both.get(name, 0) / (count + said.get(name, 0)) for name, count in sorted(right.items())])


def miscalibration(answers: Sequence[Answer], bins: int = 10) -> float:
    """Return how far the probability of the likeliest category is off: 0 if eight in ten answers with "0.8" are right.

    This is the expected calibration error over *bins* of equal width.
    """
    gaps = [0.0] * bins
    for answer in answers:
        if answer.said:
            probability = answer.said[0][1]
            gaps[min(int(probability * bins), bins - 1)] += probability - (answer.first == answer.right)
    return sum(map(abs, gaps)) / len(answers) if answers else 0.0
