"""A desk on which there is something to show."""

from __future__ import annotations

from pathlib import Path

from tests.conftest import paper
from tests.support.desk import CONFIG, Desk
from tests.support.issues import WEDNESDAY

LONG = "A study of sediment, rivers and gravel, and of everything else that water has ever carried to any delta at all"


def desk_with_an_issue(folder: Path) -> Desk:
    """A desk with an issue of one paper, and two that had no room."""
    desk = Desk(folder)
    (desk.folder / "config.toml").write_text(
        CONFIG + 'max_papers = 1\ninterests = ["sediment"]\navoid = ["author: Ann Other"]\n', encoding="utf-8"
    )
    names = tuple(f"Person Number{n} With A Long Name" for n in range(4))
    titles = (LONG, f"{LONG}, revisited", "Gravel that was never asked for")
    desk.feed(
        WEDNESDAY, [paper(n, title=t, abstract=f"{t}. {t} 5.", authors=names) for n, t in enumerate(titles, start=1)]
    )
    desk.run(WEDNESDAY)
    return desk
