"""Run an evaluation: measure every part of the program that has a labelled set in a folder.

    folder ──► summaries, topics, ranking, phrases, shares, duplicates ──┐
          └──► papers/*.jsonl: the extract, and a model beside it ───────┴─► Evaluation ──► table, or JSON

A set that is damaged is left out, and said so; the others are measured.
"""

from __future__ import annotations

import importlib
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Final

from digest import assets
from digest.core.errors import ConfigError, DigestError
from digest.core.ranking.relevance import Background
from digest.evaluation import judging, sets, upkeep
from digest.evaluation import papers as own_papers
from digest.evaluation.baseline import Key
from digest.evaluation.figures import Figure
from digest.stages.ask import Writer
from digest.summarizers.extract import ExtractiveSummarizer, Extracts

MEASURED: Final = ("summaries", "topics", "ranking", "phrases", "shares", "duplicates")
"""Each is a module here with `measure(data) -> tuple[Figure, ...]`, empty where *data* has no set for it."""
PARTS: Final = (*MEASURED, judging.PART)
SAMPLE: Final = assets.PACKAGE / "sample" / "eval"
"""A few invented papers, to try the evaluation; their figures tell nothing of quality."""
DEFAULT_LIMIT: Final = 50
"""Papers of a set that a model is asked for, unless told otherwise: a first try should not cost much."""
_ABOUT_SAMPLE: Final = (
    "These papers were invented to show how it works: their figures say nothing of how",
    "good it is. Public sets for --data FOLDER, and what they are called there:",
    "  scitldr/A-test.jsonl         github.com/allenai/scitldr, SciTLDR-A",
    "  duplicates/dblp-*-test.txt   github.com/megagonlabs/ditto, er_magellan/Structured",
    "  ratings/*.dat                github.com/js05212/citeulike-t",
    "  topics/*.jsonl               arXiv papers: id, title, abstract, cat; a line each",
    "  keywords/2026-06-01.json …   days of huggingface.co/api/daily_papers",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of the table: the figures of a model on papers that the extract was measured on too."""

    writer: str
    """The model's name; where two configs have the same one, with the config's."""
    figures: tuple[Figure, ...]
    """Those of the extract too, and what it cost."""
    gains: Mapping[Key, tuple[float, float]]
    """For each figure that the extract has too, the 95 % interval of how much higher it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """The result of an evaluation."""

    figures: tuple[Figure, ...]
    """Of the program without a model, in the order of the parts."""
    models: tuple[Column, ...] = ()
    """One for each config that names a model."""
    troubles: tuple[str, ...] = ()
    """What could not be measured, and why, a sentence each."""
    notes: tuple[str, ...] = ()
    """Remarks on the figures, a sentence each."""
    stood_in: int = 0
    """Number of summaries that a model should have written and the extract wrote instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """A config whose model is evaluated."""

    config: str
    """The name of its file."""
    is_model: bool
    """False: it asks no model, so there is nothing to measure."""
    writer: Callable[[], Writer]
    """Makes its summarizer, or raises ConfigError: without a key, a price or a recording."""
    extracts: Callable[[], Extracts]
    """Under its own taxonomy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Model:
    """A contender that has a model."""

    writer: Writer
    extracts: Callable[[], Extracts]


Measure = Callable[[Path], tuple[Figure, ...]]
"""Measures one part on a folder of sets; empty where that has none for it."""


def measure_of(part: str) -> Measure:
    """Return the function that measures one of `MEASURED`; its module is imported only when it is needed."""
    measure: Measure = importlib.import_module(f"digest.evaluation.{part}").measure
    return measure


@dataclass(slots=True, kw_only=True)
class Evaluator:
    """One evaluation."""

    data: Path
    """A folder of sets, or one file of a user's own papers."""
    extracts: Callable[[], Extracts]
    """Makes the extracts that are measured without a model."""
    background: Callable[[], Background]
    progress: Callable[[str], None]
    contenders: Sequence[Contender] = ()
    limit: int | None = None
    """See `digest eval --limit`. None: `DEFAULT_LIMIT`, and of a user's own papers alone."""
    announce: Callable[[own_papers.Forecast], None] = lambda _: None
    """Called with the forecast of a model's cost before the model is asked."""
    measure_of: Callable[[str], Measure] = measure_of
    figures: list[Figure] = field(default_factory=list)
    models: dict[str, Column] = field(default_factory=dict)
    troubles: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    stood_in: int = 0

    def measure(self, parts: Sequence[str]) -> Evaluation:
        """Measure *parts*, in their order.

        Raises:
            ConfigError: There is no such folder or file.
        """
        if not self.data.exists():
            raise ConfigError(f"there is no {self.data}; --data names a folder of labelled sets, or a file of papers")
        if self.data == SAMPLE:
            self.notes += _ABOUT_SAMPLE
        models = self._models()
        for part in parts:
            if part in MEASURED and self.data.is_dir():
                self.progress(f"measuring {part}")
                self._guard(part, partial(self._part, part))
        if judging.PART in parts:
            self._own_papers(models)
        if not self.figures and not self.troubles:
            self.notes.append(
                f"{self.data} has no labelled set for {', '.join(parts)}; `digest eval` without --data names some"
            )
        if self.figures and tuple(parts) == PARTS:
            self._upkeep()
        return Evaluation(
            figures=tuple(self.figures),
            models=tuple(self.models.values()),
            troubles=tuple(self.troubles),
            notes=tuple(self.notes),
            stood_in=self.stood_in,
        )

    def _models(self) -> dict[str, _Model]:
        """Return the models by the names in the table; errors in their configs are raised before any work."""
        found: list[tuple[str, str, _Model]] = []
        for contender in self.contenders:
            writer = contender.writer()
            if contender.is_model:
                name = writer.summarizer.model or writer.summarizer.client
                found.append((name, contender.config, _Model(writer=writer, extracts=contender.extracts)))
            else:
                self.notes.append(f"{contender.config}: [llm] names no model, so none is measured")
        names = [name for name, _, _ in found]
        return {name if names.count(name) == 1 else f"{name}, {config}": model for name, config, model in found}

    def _part(self, part: str) -> None:
        """Measure one part; if a file is damaged, measure again without that file."""
        measure = self.measure_of(part)
        damaged: set[Path] = set()
        while True:
            with _without(self.data, damaged) as data:
                try:
                    self.figures += measure(data)
                    return
                except sets.SetError as error:
                    path = self.data / error.path.relative_to(data)  # the part has looked nowhere else
                    if path in damaged:  # a set of several files cannot do without it
                        return
                    self.troubles.append(f"{part}: {sets.SetError(path, error.message)}")
                    if not path.exists():
                        return
                    damaged.add(path)

    def _guard(self, what: str, work: Callable[[], None]) -> None:
        try:
            work()
        except DigestError as error:
            self.troubles.append(f"{what}: {error}")

    def _upkeep(self) -> None:
        self.progress("measuring sizes and times")
        self.figures += (*upkeep.sizes(), *upkeep.times(self.data, self.extracts(), self.background()))

    def _own_papers(self, models: Mapping[str, _Model]) -> None:
        """A user's own papers; with a model and a limit, papers of SciTLDR as well."""
        if self.data.is_file():
            self._guard(judging.PART, partial(self._compare, self.data.stem, self.data, sets.read_papers, models))
            return
        for path in sets.files(self.data, "papers/*.jsonl"):
            name = sets.name_of(path, self.data)
            self._guard(name, partial(self._compare, name, path, sets.read_papers, models))
        if not models or self.limit is None:
            return
        for path in sets.files(self.data, "scitldr/*.jsonl", but="*train*"):
            name = sets.name_of(path, self.data)
            self._guard(name, partial(self._compare, name, path, _read_tldrs, models))

    def _compare(
        self,
        name: str,
        path: Path,
        read: Callable[[Path], tuple[sets.LabelledPaper, ...]],
        models: Mapping[str, _Model],
    ) -> None:
        """Measure the extract and each model on the papers of one set."""
        papers = read(path)
        limit = self.limit or (DEFAULT_LIMIT if models else len(papers))
        if len(papers) > limit:
            self.notes.append(f"{name}: the first {limit} of {len(papers)} papers; --limit sets how many")
            papers = papers[:limit]
        first = next(iter(models.values()), None)
        made = first.extracts() if first else self.extracts()
        plain = Writer(
            summarizer=ExtractiveSummarizer(extracts=made),
            language=first.writer.language if first else "en",
            store=None,
        )
        self.progress(f"measuring {name}")
        fold = made.taxonomy.fold
        extracts = judging.measures(papers, own_papers.write(plain, papers).summaries, fold)
        self.figures += [measure.figure(name) for measure in extracts]
        for writer, model in models.items():
            self.announce(own_papers.forecast(model.writer, papers))
            self.progress(f"asking {writer} about {name}")
            written = own_papers.write(model.writer, papers)
            self.notes += [f"{name}, {writer}: {warning}" for warning in written.warnings]
            self.stood_in += sum(summary.fell_back is not None for summary in written.summaries.values())
            of_model = judging.measures(papers, written.summaries, fold)
            before = self.models.get(writer) or Column(writer=writer, figures=(), gains={})
            figures = [*(m.figure(name) for m in of_model), *judging.costs(papers, written.usage, data=name)]
            gains = {(judging.PART, name, m.name): m.over(e) for m, e in zip(of_model, extracts, strict=True)}
            self.models[writer] = replace(before, figures=(*before.figures, *figures), gains={**before.gains, **gains})


@contextmanager
def _without(data: Path, damaged: Set[Path]) -> Iterator[Path]:
    """Yield a folder of links like *data*, without the *damaged* files; *data* itself if there are none."""
    if not damaged:
        yield data
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for path in data.glob("*/*"):
            if path not in damaged:
                link = folder / path.relative_to(data)
                link.parent.mkdir(exist_ok=True)
                link.symlink_to(path.resolve())
        yield folder


def _read_tldrs(path: Path) -> tuple[sets.LabelledPaper, ...]:
    return own_papers.labelled(sets.read_tldrs(path))
