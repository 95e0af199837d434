"""Draws the sample and two times four recorded days with the program, and says what came out: a hash per page and mail.

`tests/end_to_end/test_drawn.py` compares that with what is kept in `tests/data/drawn.txt`. Where pages or mails change
on purpose, look at what changed, write the file anew, and commit both together:

    python -m tests.support.drawn --keep

Nothing here knows the parts of the program: its command line is run day by day, in a process of its own. `april` is of
arXiv, Hugging Face and others with a model that fails at some papers; `march` of journals, preprint servers and later
versions without one. They read recorded feeds, which are not part of the repository.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
KEPT: Final = ROOT / "tests" / "data" / "drawn.txt"
_MODULE, _, _FUNCTION = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"][
    "digest"
].partition(":")
_RUNNER: Final = f"""
import json, sys
from {_MODULE} import {_FUNCTION}
for words in json.loads(sys.argv.pop()):
    sys.argv[1:] = words
    try:
        status = {_FUNCTION}()
    except SystemExit as end:
        status = end.code
    if status not in (None, 0, 3):
        sys.exit(f"digest {{' '.join(words)}} ended with {{status}}")
"""
"""Calls the program with one list of words after another, for importing it takes longer than many a call."""
_A_DAY: Final = 80
"""Of a day's JSON lines the test takes so many, for it is to take seconds."""

WITH_A_SAY: Final = (
    "bpe-openai",
    "feedparser",
    "jinja2",
    "latex2mathml",
    "lxml",
    "pylatexenc",
    "tiktoken",
)
"""Packages whose next version may draw, read or count otherwise without anything being wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """Days of recorded feeds, and the config that reads them from the folder `feeds` beside it."""

    name: str
    days: tuple[date, ...]
    config: str
    feeds: tuple[tuple[str, str], ...]
    """Recorded file → what it is called in `feeds`; `{date}` stands for each day there is a file of."""
    recorded_from: date | None = None
    """The day whose files stand for the first of *days*, where they are of another time."""
    has_model: bool = False
    """`{base_url}` in *config* is that of a model's server."""
    likes: tuple[str, ...] = ()
    """Words of titles of which there should be more, said after the second day."""


def _days(first: date, count: int) -> tuple[date, ...]:
    return tuple(first + timedelta(days=n) for n in range(count))


APRIL: Final = Week(
    name="april",
    days=_days(date(2026, 4, 16), 4),
    feeds=(
        ("arxiv-days/{date}.jsonl", "arxiv-{date}.jsonl"),
        ("huggingface-daily/{date}.json", "huggingface-{date}.json"),
        ("arxiv-announce/{date}.json", "announced-{date}.json"),
        ("arxiv-rss/stat_2024-03-26.rss.xml", "stat.xml"),
        ("huggingface-listing/000_838a1dba4ce238c4.txt", "page.txt"),
    ),
    has_model=True,
    config="""
[digest]
title = "Recorded digest"
timezone = "Europe/Berlin"

[[source]]
name = "arXiv"
kind = "jsonl"
url = "feeds/arxiv-{{date}}.jsonl"
fields = {{ abstract = "summary", url = "abs" }}

[[source]]
name = "Hugging Face"
kind = "huggingface"
url = "feeds/huggingface-{{date}}.json"

[[source]]
name = "announced"
kind = "jsonl"
url = "feeds/announced-{{date}}.json"
items = "papers"
fields = {{ id = "arxiv_id" }}

[[source]]
name = "statistics"
kind = "arxiv"
url = "feeds/stat.xml"

[[source]]
name = "a saved page"
kind = "listing"
url = "feeds/page.txt"

[llm]
client = "openai"
model = "gpt-5-mini"
base_url = "{base_url}"
batch_tokens = 8000
max_papers_per_request = 12
budget_usd_per_month = 10.0
overview = true

[[edition]]
name = "daily"
title = "Models & methods"
interests = ["test-time training", "retrieval for long documents", "reinforcement learning", "library.bib"]
avoid = ["remote sensing"]
exploration = 0.1
max_papers = 25
days = "mon-fri"
recipients = ["ada@example.org", "Emmy.Noether@example.org", "sofia@example.net"]
changes = ["withdrawn", "rising", "revised"]

[[edition]]
name = "statistics"
title = "Statistik täglich"
sources = ["statistics", "arXiv"]
interests = ["causal inference", "author: Donald Rubin"]
max_papers = 10
recipients = ["ada@example.org", "thomas@example.org"]

[topics.Language."Diffusion language models"]
aliases = ["diffusion llm", "masked diffusion language model"]
[topics.rename]
"Test-time scaling" = "Inference-time compute"

[mail]
from = "Recorded digest <digest@example.org>"
transport = "outbox"

[site]
base_url = "https://digest.example.org/papers"
""",
)

MARCH: Final = Week(
    name="march",
    days=_days(date(2025, 3, 1), 4),
    recorded_from=date(2025, 2, 9),
    feeds=(
        ("arxiv-versions/{date}.rss.xml", "arxiv-{date}.xml"),
        ("biorxiv/2025-03-01.atom.xml", "amyloid-2025-03-01.xml"),
        ("biorxiv/2025-03-02.atom.xml", "amyloid-2025-03-02.xml"),
        ("biorxiv/2025-03-03.atom.xml", "amyloid-2025-03-03.xml"),
        ("journals/nature/2024-04-15.rdf", "nature-2025-03-01.xml"),
        ("journals/nature/2024-04-16.rdf", "nature-2025-03-02.xml"),
        ("journals/nature/2024-04-17.rdf", "nature-2025-03-03.xml"),
        ("journals/nature/2024-04-18.rdf", "nature-2025-03-04.xml"),
        ("biorxiv/plant-biology.rdf", "plants.rdf"),
        ("journals/pubmed-and-others/native-pubmed.xml", "pubmed.xml"),
        ("journals/pubmed-and-others/phytokeys.xml", "phytokeys.xml"),
        ("arxiv-rss/cs.CL_2026-04-27.cut3.rss.xml", "cut.xml"),
    ),
    likes=("amyloid", "protein"),
    config="""
[digest]
title = "Wöchentliches: “Leben”, und was es kostet"
timezone = "UTC"

[[source]]
name = "arXiv"
kind = "arxiv"
url = "feeds/arxiv-{date}.xml"

[[source]]
name = "amyloid"
kind = "feed"
url = "feeds/amyloid-{date}.xml"

[[source]]
name = "plants"
kind = "biorxiv"
url = "feeds/plants.rdf"

[[source]]
name = "Nature"
kind = "feed"
url = "feeds/nature-{date}.xml"

[[source]]
name = "PubMed"
kind = "feed"
url = "feeds/pubmed.xml"

[[source]]
name = "PhytoKeys"
kind = "feed"
url = "feeds/phytokeys.xml"

[[source]]
name = "lab"
kind = "command"
command = ["cat", "lab.jsonl"]

[[source]]
name = "cut off"
kind = "arxiv"
url = "feeds/cut.xml"

[[edition]]
name = "life"
sources = ["amyloid", "plants", "Nature", "PubMed", "PhytoKeys", "lab"]
interests = ["amyloid fibrils", "protein structure", "author: Michel Goedert"]
avoid = ["cryo-EM"]
max_papers = 20
carry_days = 3
recipients = ["ada@example.org", "emmy@example.org"]

[[edition]]
name = "machines"
title = "Machines"
sources = ["arXiv", "cut off", "lab"]
interests = ["large language models", "library.bib"]
exploration = 0.2
max_papers = 15
days = "mon-fri"
recipients = ["emmy@example.org"]
changes = ["revised"]

[mail]
from = "digest@example.org"
transport = "outbox"
""",
)
WEEKS: Final = (APRIL, MARCH)
MANIFEST: Final = "site/.manifest.json"
SAMPLE: Final = "sample"
DRAWN_WITH: Final = "drawn with"
"""The section of what `surroundings` found."""
NAMES: Final = (SAMPLE, *(week.name for week in WEEKS))

_LIBRARY: Final = """
@article{a, title={Attention Is All You Need}, author={Vaswani, Ashish and Shazeer, Noam}, year={2017},
  abstract={We propose a new simple network architecture, the Transformer, based solely on attention mechanisms.}}
@article{b, title={Test-Time Training with Self-Supervision}, author={Sun, Yu and Wang, Xiaolong}, year={2020},
  abstract={We turn a single unlabeled test sample into a self-supervised learning problem and update the model.}}
"""
_LAB: Final = [
    {
        "id": "lab-1",
        "title": "A balance for $10^{-9}$ g & less: <i>in vitro</i>",
        "abstract": "We present a balance for very small masses. It weighs 3 ng with an error of 2%. It needs an hour.",
        "authors": ["Ada Lovelace", "José Álvarez"],
        "url": "https://lab.example.org/1?a=1&b=2",
    },
    {"id": "lab-2", "title": "No abstract yet", "abstract": "", "authors": [], "url": "https://lab.example.org/2"},
    {"id": "lab-3", "abstract": "It has no title, so it is no paper."},
]


# -- drawing


def call(folder: Path, *calls: Sequence[str]) -> None:
    """Run the program in *folder*, as a shell would, once with each list of words.

    Raises:
        AssertionError: One of them failed; a warning is no failure.
    """
    kept = {k: v for k, v in os.environ.items() if k in ("PATH", "TMPDIR", "SYSTEMROOT")}
    done = subprocess.run(
        [sys.executable, "-c", _RUNNER, json.dumps(calls)],
        cwd=folder,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=600,
        check=False,
        # With a HOME of its own, where nothing is remembered.
        env={**kept, "PYTHONPATH": str(ROOT), "HOME": str(folder), "LANG": "C.UTF-8"},
    )
    if done.returncode != 0:
        raise AssertionError(f"{done.stdout}\n{done.stderr}")


def draw_sample(folder: Path) -> None:
    """Both days of the sample, below *folder*."""
    call(folder, ["run", "--sample"], ["run", "--sample"])


def draw_week(week: Week, folder: Path, recorded: Path) -> None:
    """Lay out *week* in *folder* and run it."""
    with server_of(week) as base_url:
        lay_out(week, folder, recorded, base_url=base_url, a_day=_A_DAY)
        runs = [["run", "--date", str(day)] for day in week.days]
        call(folder, *runs[:2])
        call(folder, *(["feedback", printed_on(folder, word), "--more"] for word in week.likes), *runs[2:])


def lay_out(week: Week, folder: Path, recorded: Path, *, base_url: str, a_day: int | None = None) -> None:
    """Write the config of *week* and put its feeds beside it; of JSON lines no more than *a_day*."""
    config = week.config.format(base_url=base_url) if week.has_model else week.config
    (folder / "config.toml").write_text(config, encoding="utf-8")
    (folder / "library.bib").write_text(_LIBRARY, encoding="utf-8")
    (folder / "lab.jsonl").write_text("".join(f"{json.dumps(item)}\n" for item in _LAB), encoding="utf-8")
    feeds = folder / "feeds"
    feeds.mkdir()
    earlier = (week.days[0] - week.recorded_from) if week.recorded_from else timedelta()
    for source, name in week.feeds:
        for day in week.days if "{date}" in source else week.days[:1]:
            file = recorded / source.replace("{date}", str(day - earlier))
            if file.is_file():
                lines = file.read_bytes().splitlines(keepends=True)
                is_cut = file.suffix == ".jsonl"
                (feeds / name.replace("{date}", str(day))).write_bytes(b"".join(lines[:a_day] if is_cut else lines))


def printed_on(folder: Path, word: str) -> str:
    """The id of the first printed paper whose title has *word*; issues are read as a program would read them."""
    for path in sorted((folder / "var" / "site").glob("*/*/issue.json")):
        document = json.loads(path.read_text(encoding="utf-8"))
        for entry in (e for section in document["sections"] for e in section["entries"]):
            if word in entry["title"].lower():
                return str(entry["id"])
    raise LookupError(f"no printed title has the word {word!r}")


@contextmanager
def server_of(week: Week) -> Iterator[str]:
    """The address of a model for *week*, if it has one; for papers on diffusion it writes nothing that can be read."""
    if not week.has_model:
        yield ""
        return
    from tests.servers.flaky_llm import FlakyLLM, Rule

    with FlakyLLM(Rule("broken_json", contains="iffusion", asks="summaries")) as server:
        yield server.base_url


# -- what came out


def drawn(data: Path) -> dict[str, bytes]:
    """Pages and mails below *data*, a `data_dir`, without what is chance or the clock in them; by name."""
    site, outbox = data / "site", data / "outbox"
    pages = {f"site/{p.relative_to(site).as_posix()}": p.read_bytes() for p in site.rglob("*") if p.is_file()}
    # The archive notes a hash of all versions, that of the program too.
    pages = {n: re.sub(rb'"drawn_with": "[0-9a-f]*"', b"", c) if n == MANIFEST else c for n, c in pages.items()}
    mails = {f"outbox/{mail_name(p.name)}": same_mail(p.read_bytes()) for p in outbox.iterdir()}
    return dict(sorted({**pages, **mails}.items()))


def mail_name(name: str) -> str:
    """The name of a mail's file without the hash of its Message-ID."""
    return re.sub(r"-[0-9a-f]{8}(?=\.eml$)", "", name)


def same_mail(content: bytes) -> bytes:
    """A mail without Date, Message-ID, which a secret of the database makes, and the boundary that follows from it."""
    head, blank, body = content.partition(b"\r\n\r\n")
    if boundary := re.search(rb'boundary="([^"]+)"', head):
        head, body = head.replace(boundary[1], b"BOUNDARY"), body.replace(boundary[1], b"BOUNDARY")
    head = re.sub(rb"(?m)^Date: [^\r]*", b"Date: DATE", head)
    head = re.sub(rb"(?m)^Message-ID: <[0-9a-f]{32}@", b"Message-ID: <ID@", head)
    return head + blank + body


def hashes(files: Mapping[str, bytes]) -> dict[str, str]:
    """Name → the first 16 digits of the SHA-256; search files, of which there are many, are one of their folder."""
    together: dict[str, list[bytes]] = {}
    for name, content in files.items():
        folder = re.fullmatch(r"(site/search/[^/]+/).*", name)
        together.setdefault(folder[1] if folder else name, []).append(name.encode() + b"\0" + content)
    return {name: hashlib.sha256(b"\0".join(parts)).hexdigest()[:16] for name, parts in together.items()}


def surroundings() -> dict[str, str]:
    """What may draw otherwise although nothing is wrong: Python, the machine, and packages with a say."""
    found = {"python": "{}.{}".format(*sys.version_info), "machine": f"{sys.platform} {platform.machine()}"}
    for package in WITH_A_SAY:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "none"
    return found


# -- what is kept


def kept(path: Path = KEPT) -> dict[str, dict[str, str]]:
    """Section → name → hash, or, in the section `DRAWN_WITH`, version."""
    sections: dict[str, dict[str, str]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            section = sections.setdefault(line.strip("[]"), {})
        elif line and not line.startswith("#"):
            value, _, name = line.partition("  ")
            section[name] = value
    return sections


def keep(sections: Mapping[str, Mapping[str, str]], path: Path = KEPT) -> None:
    """Write what `kept` reads."""
    lines = ["# What tests/support/drawn.py drew; `python -m tests.support.drawn --keep` writes it anew."]
    for section, values in sections.items():
        lines += ["", f"[{section}]", *(f"{value}  {name}" for name, value in values.items())]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def differences(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """What is not the same in both, one line each."""
    said = []
    for name in sorted(before.keys() | after.keys()):
        if name not in after:
            said.append(f"{name} is not drawn any more")
        elif name not in before:
            said.append(f"{name} is new")
        elif before[name] != after[name]:
            said.append(f"{name} is drawn otherwise")
    return said


def result_of(name: str, folder: Path, recorded: Path) -> dict[str, str]:
    """Draw one of `NAMES` below *folder*; its hashes."""
    if name == SAMPLE:
        draw_sample(folder)
        return hashes(drawn(folder / "digest-sample"))
    [week] = [w for w in WEEKS if w.name == name]
    draw_week(week, folder, recorded)
    return hashes(drawn(folder / "var"))


def main() -> None:
    """Draw everything, and compare it with what is kept or keep it."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.support.drawn", description=__doc__.split("\n\n")[0] if __doc__ else ""
    )
    parser.add_argument("--keep", action="store_true", help=f"write {KEPT.relative_to(ROOT)} anew")
    parser.add_argument("--out", type=Path, help="draw into this new folder and leave what was drawn there")
    options = parser.parse_args()
    from tests.conftest import REAL_DATA

    if not REAL_DATA.is_dir():
        parser.error(f"recorded feeds are not at {REAL_DATA} (set DIGEST_TEST_DATA)")
    with tempfile.TemporaryDirectory() as temporary:
        out = options.out or Path(temporary)
        found = {}
        for name in NAMES:
            (out / name).mkdir(parents=True)
            found[name] = result_of(name, out / name, REAL_DATA)
    if options.keep:
        keep({DRAWN_WITH: surroundings(), **found})
        return
    before = kept()
    lines = [f"{name}: {line}" for name in NAMES for line in differences(before.get(name, {}), found[name])]
    print("\n".join(lines) or "all is drawn as before")
    sys.exit(1 if lines else 0)


if __name__ == "__main__":
    main()
