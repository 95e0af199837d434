"""Personal mails beside the bare build of one with the standard library: from picks to bytes, to a sink, to files.

Each measurement is a process of its own and counts its own processor time, on one core; the sink is another process.
`python -m tests.bench.mails [READERS…]`; 1,000 and 20,000 unless told, to see whether memory grows.
"""

from __future__ import annotations

import json
import random
import resource
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from email.message import EmailMessage
from itertools import islice
from pathlib import Path
from typing import Final

from digest.core.issues.personal import Pick, Picks
from digest.core.models import Delivery, DeliveryState, Entry, Mail, PaperId, Signals
from digest.core.ports import Mailer
from digest.core.words.sentences import split
from digest.deliver.outbox import OutboxMailer
from digest.deliver.smtp import SmtpMailer
from digest.stages.letters import Letter, Letters
from tests.conftest import REAL_DATA, ROOT
from tests.support import issues
from tests.support.letters import AT, KEYS, MESSAGE_ID, SITE, part, read, subscription

SIZES: Final = (1_000, 20_000)
CANDIDATES: Final = 300
PRINTED: Final = 30
LEADS: Final = 5
_CHUNK: Final = 100
"""Mails that the stage claims at once."""
_TOPICS: Final = ("Agents", "Reasoning", "Vision", "Speech", "Robotics", "Theory", "Retrieval", "Safety", "Biology")


def main() -> None:
    """Print a line for each way and number of readers."""
    match sys.argv[1:]:
        case ["child", way, readers]:
            print(json.dumps(_measure(way, int(readers))))
        case ["sink"]:
            _sink()
        case sizes:
            compare([int(size) for size in sizes] or list(SIZES))


def compare(sizes: Collection[int] = SIZES) -> None:
    """Measure all ways with all numbers of readers, one after another."""
    for readers in sizes:
        bare = _child("bare", min(readers, 1_000))
        for way in ("bare", *_WAYS):
            figures = bare if way == "bare" else _child(way, readers)
            print(
                f"{readers:,} readers, {_SAID[way]}: {figures['mails_a_second']:,.0f} mails a second of one core, "
                f"{figures['mails_a_second'] / bare['mails_a_second']:.1f} times the bare build; "
                f"{figures['bytes_a_mail']:,.0f} bytes a mail, {figures['peak_mb']:.0f} MB"
            )


def _child(way: str, readers: int) -> dict[str, float]:
    command = [sys.executable, "-m", "tests.bench.mails", "child", way, str(readers)]
    figures: dict[str, float] = json.loads(subprocess.check_output(command, cwd=ROOT, text=True))
    return figures


# --- readers and their picks ------------------------------------------------------------------------------------------


def candidates() -> tuple[Entry, ...]:
    """Papers of a recorded day with sentences of their abstracts for summaries, or made-up ones."""
    day = REAL_DATA / "arxiv-days" / "2026-04-01.jsonl"
    if not day.is_file():
        return tuple(issues.entry(n) for n in range(CANDIDATES))
    with day.open(encoding="utf-8") as lines:
        items = [json.loads(line) for line in islice(lines, CANDIDATES)]
    return tuple(map(_entry, range(CANDIDATES), items))


def _entry(n: int, item: Mapping[str, object]) -> Entry:
    said = split(str(item["summary"]))
    arxiv_id = str(item["id"])
    return issues.entry(
        n + 1,
        paper={
            "id": PaperId(f"arxiv:{arxiv_id}"),
            "title": item["title"],
            "abstract": item["summary"],
            "authors": tuple(item["authors"]),  # type: ignore[arg-type]
            "url": f"https://arxiv.org/abs/{arxiv_id}",
        },
        summary={"tldr": said[0], "points": tuple(said[1:4]), "topics": (_TOPICS[n % len(_TOPICS)],)},
        signals=Signals(upvotes=n % 5),
    )


@dataclass(frozen=True, slots=True)
class Shelf:
    """Answers like the store: makes the picks of a reader by the reader's number."""

    entries: Mapping[PaperId, Entry]

    def picks_by_pk(self, pks: Collection[int]) -> Mapping[int, Picks]:
        """See `digest.stages.letters.Store`."""
        return {pk: self._picks(pk) for pk in pks}

    def picked(self, _edition: str, _day: date, _language: str) -> Mapping[PaperId, Entry]:
        """See `digest.stages.letters.Store`."""
        return self.entries

    def _picks(self, pk: int) -> Picks:
        chance = random.Random(pk)
        papers = chance.sample(sorted(self.entries), PRINTED)
        return Picks(
            pk=pk,
            edition="daily",
            day=issues.WEDNESDAY,
            language="en",
            profile=str(pk),
            picks=tuple(
                Pick(paper=p, reason=f"matches “interest {chance.randrange(10**6)} of one”", score=0.5) for p in papers
            ),
            leads=tuple(papers[:LEADS]),
            covers_since=issues.WEDNESDAY,
            considered=CANDIDATES,
        )


def _letter(shelf: Shelf) -> Letter:
    return Letters(
        store=shelf,
        templates=issues.templates,
        field_of=lambda topic: topic,
        base=Path("/nowhere"),
        sender="digest@example.org",
        sender_name="Research digest",
        site_url=SITE,
        serve_url=SITE,
        keys=lambda: KEYS,
        progress=lambda _: None,
    ).of("daily")


def mails(readers: int) -> Iterator[Mail]:
    """A personal mail for each reader, composed as the stage does: by chunks."""
    entries = candidates()
    shelf = Shelf({entry.paper.id: entry for entry in entries})
    base = issues.issue(entries[:PRINTED])
    letter = _letter(shelf)
    for start in range(0, readers, _CHUNK):
        chunk = [_delivery(n) for n in range(start + 1, min(start + _CHUNK, readers) + 1)]
        letter.expect(chunk)
        for delivery in chunk:
            yield letter(base, delivery, subscription(delivery.id))


def _delivery(n: int) -> Delivery:
    return Delivery(
        id=n,
        edition="daily",
        date=issues.WEDNESDAY,
        recipient=f"reader{n}@example.org",
        state=DeliveryState.SENDING,
        message_id=f"<{n:064x}@example.org>",
        queued_at=AT,
        subscription=n,
        picks=n,
    )


# --- ways -------------------------------------------------------------------------------------------------------------


def _measure(way: str, readers: int) -> dict[str, float]:
    """Count the processor time for all mails but the first, which compiles templates."""
    if way == "bare":
        [one] = mails(1)
        text, html = (part(read(one), kind) for kind in ("plain", "html"))
        subject = str(read(one)["Subject"])
        made: Iterator[int] = (len(_bare(n, subject, text, html)) for n in range(readers + 1))
        figures = _timed(made, readers)
    else:
        with _WAYS[way]() as send:
            figures = _timed((send(mail) for mail in mails(readers + 1)), readers)
    return {**figures, "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def _timed(sizes: Iterator[int], readers: int) -> dict[str, float]:
    next(sizes)
    started = time.process_time()
    total = sum(sizes)
    return {"mails_a_second": readers / (time.process_time() - started), "bytes_a_mail": total / readers}


def _bare(n: int, subject: str, text: str, html: str) -> bytes:
    """What the standard library makes of a mail whose text and HTML are there already."""
    message = EmailMessage()
    message["From"] = "Research digest <digest@example.org>"
    message["To"] = f"reader{n}@example.org"
    message["Subject"] = subject
    message["Message-ID"] = MESSAGE_ID
    message.set_content(text)
    message.add_alternative(html, subtype="html")
    return message.as_bytes()


Send = Callable[[Mail], int]


@contextmanager
def _to_bytes() -> Iterator[Send]:
    yield lambda mail: len(mail.content)


@contextmanager
def _to_files() -> Iterator[Send]:
    with tempfile.TemporaryDirectory() as folder, OutboxMailer(Path(folder)) as mailer:
        yield lambda mail: _handed_over(mailer, replace(mail, label=f"{mail.label} {mail.recipient}"))


@contextmanager
def _to_sink() -> Iterator[Send]:
    command = [sys.executable, "-m", "tests.bench.mails", "sink"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as sink:
        assert sink.stdout is not None
        port = int(sink.stdout.readline())
        with SmtpMailer(host="127.0.0.1", port=port, security="none") as mailer:
            yield lambda mail: _handed_over(mailer, mail)


def _handed_over(mailer: Mailer, mail: Mail) -> int:
    mailer.send(mail, before_dot=lambda: None)
    return len(mail.content)


_WAYS: Final = {"bytes": _to_bytes, "sink": _to_sink, "files": _to_files}
_SAID: Final = {
    "bare": "the bare build of such a mail",
    "bytes": "from picks to bytes",
    "sink": "from picks to an SMTP sink",
    "files": "from picks to files",
}


def _sink() -> None:
    """Take mails from one client and throw them away."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        print(server.getsockname()[1], flush=True)
        connection, _ = server.accept()
        with connection, connection.makefile("rb") as lines:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.sendall(b"220 sink\r\n")
            in_data = False
            for line in lines:
                if in_data:
                    in_data = line != b".\r\n"
                    if not in_data:
                        connection.sendall(b"250 taken\r\n")
                elif line[:4].upper() == b"DATA":
                    in_data = True
                    connection.sendall(b"354 go on\r\n")
                elif line[:4].upper() == b"QUIT":
                    connection.sendall(b"221 bye\r\n")
                    return
                else:
                    connection.sendall(b"250 yes\r\n")


if __name__ == "__main__":
    main()
