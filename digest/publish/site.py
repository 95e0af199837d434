"""The static archive (web site) of issues: pages that open from the file system, drawn from the stored issues only.

    index.html                      the newest issue of each edition, with links to all others
    EDITION/index.html              the archive of an edition, by month
    EDITION/feed.xml, feed.json     the edition's newest issues
    EDITION/YYYY-MM-DD/index.html   one issue, and issue.json
    topics/, topics/TOPIC/          papers by topic, newest first; a renamed topic's old page leads to its new page
    papers/PAPER/                   one paper, with the issues that printed it
    search/                         the search; it runs in the reader's browser

The same issues give the same bytes: no clock, no chance, everything sorted. A new issue causes only the pages to be
drawn that it touches (its own, its neighbours, its papers, topics and month), and unchanged files are not written.

The pages of an issue that the store does not have are its last copy: they are kept, and stay on the lists.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date
from pathlib import Path

from digest import __version__
from digest.publish import catalogue
from digest.publish.catalogue import IssueKey
from digest.publish.drawing import Drawing, Issues
from digest.publish.folder import Folder
from digest.publish.kept import find_kept
from digest.publish.links import issue_path
from digest.publish.render import Templates
from digest.publish.sign_up_form import SignUpForm


class StaticSite:
    """The archive in one folder."""

    def __init__(
        self,
        folder: Path,
        templates: Templates,
        store: Issues,
        *,
        title: str,
        titles: Mapping[str, str] | None = None,
        base_url: str | None = None,
        form: SignUpForm | None = None,
        former: Collection[str] = (),
        current: Callable[[str], str | None] = lambda _: None,
        field_of: Callable[[str], str] = lambda topic: topic,
    ) -> None:
        """Args:
        titles: Titles of editions that differ from their names.
        base_url: The URL where the folder is served, if it is; feeds then have absolute URLs.
        form: The form to subscribe, on the front page and on those of issues; None: there is none.
        former: Former names of topics; their pages lead to the present topics.
        current: Gives the present name of a topic that no issue has any more; None if there is none.
        field_of: Gives the field of a topic, by which topics are listed; a topic without one is a field of its own.
        """
        self._folder = folder
        self._templates = templates
        self._store = store
        self._title = title
        self._titles = dict(titles or {})
        self._base_url = base_url.rstrip("/") + "/" if base_url else None
        self._form = form
        self._former = former
        self._current = current
        self._field_of = field_of

    def stale(self, editions: Sequence[str], *, recheck: bool = False, accept: Collection[str] = ()) -> tuple[str, ...]:
        """The paths that are out of date with the stored issues, in the order in which `draw` draws them.

        A path stands for a page with what lies beside it: an issue's for its `issue.json` too, an edition's for its
        feeds. A month's folder of the search stands for all files in it. The arguments are those of `draw`.

        Raises:
            DigestError: The folder cannot be read.
        """
        probe = _Probe(self._folder)
        drawing = self._drawing(probe, recheck=recheck, accept=accept)
        plan = drawing.plan(editions)
        return tuple(path for path in plan if path in drawing.due or _would_write(probe, plan[path]))

    def draw(
        self,
        editions: Sequence[str],
        *,
        paths: Collection[str] | None = None,
        recheck: bool = False,
        accept: Collection[str] = (),
    ) -> int:
        """Bring pages up to date with the stored issues; how many files were written.

        One process draws at a time. If only some paths are drawn, that is remembered, and they are not drawn again
        unless an issue comes or goes meanwhile.

        Args:
            editions: All configured editions: they come first on the front page, in this order. Issues of editions that
                are no longer configured stay where they are.
            paths: Paths from `stale` to draw; others are left alone. None: all that are out of date.
            recheck: Compare old issues too, as after topics were renamed.
            accept: Editions for which a person accepted that the archive has issues which the store lacks.

        Raises:
            DigestError: The folder cannot be read or written.
        """
        folder = Folder(self._folder)
        drawing = self._drawing(folder, recheck=recheck, accept=accept)
        wanted = None if paths is None else frozenset(paths)
        # Last: a run that died before is repeated by the next one.
        folder.write(catalogue.MANIFEST, catalogue.write_manifest(drawing.draw(editions, wanted)))
        return folder.written

    def _drawing(self, folder: Folder, *, recheck: bool, accept: Collection[str]) -> Drawing:
        return Drawing(
            folder=folder,
            templates=self._templates,
            store=self._store,
            title=self._title,
            titles=self._titles,
            base_url=self._base_url,
            form=self._form,
            former=self._former,
            current=self._current,
            field_of=self._field_of,
            old=catalogue.read_manifest(folder.read(catalogue.MANIFEST)),
            drawn_with=self._fingerprint(),
            recheck=recheck,
            accept=accept,
        )

    def lost(self) -> dict[IssueKey, bool]:
        """The issues with papers that the archive holds and the store lacks → whether a person accepted that.

        Raises:
            DigestError: The folder cannot be read.
        """
        folder = Folder(self._folder)
        notes = catalogue.read_manifest(folder.read(catalogue.MANIFEST)).notes
        stored = {IssueKey(day, edition): n for edition, day, n in self._store.issue_dates()}
        return {key: note.accepted for key, note in find_kept(folder, notes, stored).items() if note.entries}

    def page(self, edition: str, day: date) -> Path:
        """Return the path of an issue's page."""
        return self._folder / issue_path(edition, day)

    def _fingerprint(self) -> str:
        names = [self._title, self._base_url or "", repr(sorted(self._titles.items()))]
        if self._form:
            names.append(repr(self._form))
        parts = (self._templates.fingerprint(), __version__, *_library_versions(), *names)
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()


class _Probe(Folder):
    """A folder for a dry run: nothing is written or removed; `written` counts the files that would be."""

    def write(self, path: str, content: bytes) -> None:
        self.written += self.read(path) != content

    def remove(self, path: str) -> None:
        self.written += self.read(path) is not None


def _would_write(probe: _Probe, draw: Callable[[], None]) -> bool:
    before = probe.written
    draw()
    return probe.written > before


def _library_versions() -> tuple[str, ...]:
    """Return names and versions of the libraries whose output is in the pages."""
    from importlib.metadata import version

    return tuple(f"{name} {version(name)}" for name in ("jinja2", "latex2mathml", "pylatexenc"))
