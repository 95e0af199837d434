"""The acceptance tests of the site: strangers who forge links, follow them, flood forms, and break out of fields.

forged  scanned  flooded  broken_out  alike  one_click
"""

from __future__ import annotations

import base64
import random
import re
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from email import message_from_bytes, policy
from itertools import chain, count, islice
from pathlib import Path
from statistics import median
from typing import Final
from urllib.parse import quote

import html5lib
import httpx2

from digest.core.subscribers.subscriber import SubscriberState
from digest.core.subscribers.tokens import Link, Purpose, paper_number
from digest.usecases.preferences import FIELDS
from tests.conftest import paper
from tests.support.desk import CONFIG
from tests.support.payloads import MARK, payloads
from tests.support.serving import serving
from tests.support.store_values import DAY
from tests.support.visiting import SERVED, Visitors, dump, visiting
from tests.torture.figures import Figure, at_least, at_most, equal

PLACES: Final = {
    Purpose.CONFIRM: "/confirm/{}",
    Purpose.UNSUBSCRIBE: "/unsubscribe/{}",
    Purpose.PREFERENCES: "/preferences/{}",
    Purpose.FEEDBACK: "/feedback/{}",
    Purpose.ISSUE: "/mine/{}",
    Purpose.FEED: "/feed/{}.xml",
}
_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_HANDLER: Final = re.compile(r"on[a-z]+", re.IGNORECASE)
_MAILS: Final = "[mail]\nfrom = 'Research digest <digest@example.org>'\n"


@contextmanager
def opened(folder: Path, *, readers: int = 0, papers: int = 0) -> Iterator[Visitors]:
    """A site with so many readers, and an issue of so many papers that was sent to them."""
    with visiting(folder, CONFIG + SERVED + _MAILS) as site:
        for n in range(readers):
            site.subscribed(f"reader{n}@example.org")
        if papers:
            site.feed(DAY, [paper(n) for n in range(1, papers + 1)])
            site.opened.run([], DAY)
        yield site


# -- forged links


def forgeries(valid: Sequence[tuple[Purpose, str]], seed: int) -> Iterator[tuple[Purpose, str]]:
    """Tokens that nobody signed, without end: altered, cut, longer, of another purpose, spelled otherwise, random."""
    chance = random.Random(seed)
    for n in count():
        purpose, token = chance.choice(valid)
        at = chance.randrange(len(token))
        letter = chance.choice(_LETTERS.replace(token[at], ""))
        raw = bytearray(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        raw[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)
        match n % 6:
            case 0:
                yield purpose, token[:at] + letter + token[at + 1 :]
            case 1:
                yield purpose, base64.urlsafe_b64encode(bytes(raw)).rstrip(b"=").decode()
            case 2:
                yield purpose, token[:at] + chance.choice(("", token[at] * 2, "=", "%00", "+", "/"))
            case 3:
                yield chance.choice([other for other in Purpose if other is not purpose]), token
            case 4:
                yield purpose, token + chance.choice(("=", "==", "A", ".", "%20"))
            case _:
                yield purpose, "".join(chance.choices(_LETTERS, k=len(token)))


def forged(folder: Path, *, tokens: int = 100_000, visits: int = 3_000) -> Iterator[Figure]:
    """Tokens that nobody signed, read as the site reads them, and some of them sent to it."""
    with opened(folder, readers=20) as site:
        store = site.opened.store
        valid = [
            (purpose, site.keys.token(purpose, Link(subscription=pk, day=site.now.date()), now=site.now))
            for pk in range(1, 21)
            for purpose in Purpose
        ]
        before, known = dump(store), set(valid)
        tried = [one for one in islice(forgeries(valid, 1), tokens) if one not in known]
        yield at_least("forged tokens", len(tried), tokens * 0.99)
        yield equal("taken for valid", sum(site.opened.linking.open(*one) is not None for one in tried), 0)
        statuses = Counter(
            answer.status_code
            for purpose, token in tried[:visits]
            for path in [PLACES[purpose].format(quote(token, safe="%/"))]
            for answer in (site.client.get(path), site.client.post(path, data={"List-Unsubscribe": "One-Click"}))
        )
        yield equal("answers that are not 404 or 405", sum(n for s, n in statuses.items() if s not in (404, 405)), 0)
        yield equal("the database is as it was", dump(store) == before, True)


# -- links that are followed


def scanned(folder: Path, *, mails: int = 20, papers: int = 30, gets: int = 20) -> Iterator[Figure]:
    """Every link of mails is followed over and over, by GET and HEAD, as scanners of mail do.

    A half of the mails are issues, the others ask to confirm or bring lost links.
    """
    with opened(folder, readers=mails // 2, papers=papers) as site:
        for n in range(mails // 4):
            site.client.post("/lost", data={"email": f"reader{n}@example.org"})
            site.client.post("/subscribe", data={"email": f"new{n}@example.org"})
        written = [mail for mail in site.mails() if mail["To"] != "ada@example.org"]
        links = sorted({link for mail in written for link in _links(mail.as_bytes())})
        kinds = {link.split("/")[3] for link in links}
        yield equal("mails", len(written), mails)
        wanted = {"confirm", "unsubscribe", "preferences", "feedback", "mine", "feed"}
        yield equal("kinds of links that they lack", wanted - kinds, set())
        yield at_least("links in them", len(links), 2 * mails)
        before = dump(site.opened.store)
        worst = 0
        for link in links:
            path = link.removeprefix("https://digest.example.org")
            for n in range(gets):
                answer = site.client.head(path) if n % 5 == 4 else site.client.get(path)
                worst = max(worst, answer.status_code)
        yield at_most("the worst status", worst, 404)
        yield equal("the database is as it was", dump(site.opened.store) == before, True)
        gone = [s for s in site.opened.store.subscribers() if s.state is SubscriberState.UNSUBSCRIBED]
        yield equal("unsubscribed by GET", len(gone), 0)


def _links(mail: bytes) -> set[str]:
    message = message_from_bytes(mail, policy=policy.default)
    texts = [part.get_content() for part in message.walk() if part.get_content_maintype() == "text"]
    return {link.rstrip(">") for text in texts for link in re.findall(r"https://digest\.example\.org/[^\s\"<]+", text)}


# -- forms that are flooded


def flooded(folder: Path, *, sign_ups: int = 10_000) -> Iterator[Figure]:
    """One network signs up addresses of others, as fast as it can."""
    with opened(folder) as site:
        answers = Counter()
        for n in range(sign_ups):
            answer = site.client.post("/subscribe", data={"email": f"victim{n}@example.org"})
            answers[answer.status_code, answer.text] += 1
        mails = site.mails()
        stored = str(dump(site.opened.store))
        yield equal("kinds of answers", len(answers), 1)
        yield equal("mails of this hour", len(mails), 20)
        yield equal("addresses that were kept", len(set(re.findall(r"victim\d+@", stored))), 20)
        one = site.subscribed()
        site.now += timedelta(hours=1)
        for _ in range(sign_ups // 100):
            site.client.post("/lost", data={"email": "ada@example.org"})
        yield equal("mails to one mailbox within the next hour", len(site.mails()), 1)
        yield equal("the reader's subscription is as it was", site.opened.store.subscription(one.pk) == one, True)


# -- fields that are broken out of


def faults_of_page(html: str) -> list[str]:
    """What of a page would run, or lead to another site, after it is parsed as browsers do."""
    found = []
    for element in html5lib.parse(html, namespaceHTMLElements=False).iter():
        name = element.tag if isinstance(element.tag, str) else ""
        if name in ("iframe", "object", "embed", "base", "svg", "math", "img", "video", "audio"):
            found.append(name)
        if name == "script" and not re.fullmatch(r"(\.\./)*(keys|search)\.js", element.get("src", "")):
            found.append(f"script {element.get('src')}")
        for attribute, value in element.attrib.items():
            if _HANDLER.fullmatch(str(attribute)):
                found.append(f"{name} {attribute}")
            if attribute in ("href", "src", "action", "formaction", "srcdoc") and (
                re.match(r"\s*(javascript|data|vbscript):", value, re.IGNORECASE) and value != "data:,"
            ):
                found.append(f"{name} {attribute}={value}")
            if attribute in ("href", "src", "action") and "evil.example" in value:
                found.append(f"{name} {attribute}={value}")
    return found


def forms(site: Visitors) -> list[tuple[str, tuple[str, ...]]]:
    """Every form of the site: its path, and its fields."""
    one = site.opened.store.subscriptions_of(1)[0]
    link = Link(subscription=one.pk, day=DAY, paper=paper_number(paper(1).id))
    paths = {p: PLACES[p].format(site.keys.token(p, link, now=site.now)) for p in Purpose}
    return [
        ("/subscribe", ("email", "edition", "cadence", "website")),
        ("/lost", ("email", "website")),
        (paths[Purpose.CONFIRM], ("confirm",)),
        (paths[Purpose.PREFERENCES], (*FIELDS, "edition", "try", "do", "forget", "remove_library")),
        (paths[Purpose.FEEDBACK], ("mark", "paper")),
        (paths[Purpose.UNSUBSCRIBE], ("pause", "List-Unsubscribe")),
    ]


def broken_out(folder: Path, *, every: int = 1) -> Iterator[Figure]:
    """Payloads through every field of every form, through queries and paths, and in names of headers."""
    texts = payloads()[::every]
    with opened(folder, readers=1, papers=3) as site:
        secret = next(iter(site.opened.store.link_secrets().values())).hex()
        pages: list[tuple[int, str, dict[str, str]]] = []
        site.mails()  # the issue's
        for text in texts:
            for path, fields in forms(site):
                good = {"email": "ada@example.org", "cadence": "daily"}
                for name in fields:
                    answer = site.client.post(path, data={**good, name: text})
                    pages.append((answer.status_code, answer.text, dict(answer.headers)))
                if path.startswith("/preferences/"):
                    upload = {"library": (text[:200] or "x", f"@article{{x, title={{{text}}}}}".encode(), "text/plain")}
                    answer = site.client.post(path, files=upload)
                    pages.append((answer.status_code, answer.text, dict(answer.headers)))
            said = quote(text)
            asked = (f"/subscribe?edition={said}", f"/search?q={said}&edition={said}&topic={said}", f"/{said}")
            for path in (*asked, f"/confirm/{quote(text, safe='')}", f"/feed/{quote(text, safe='')}.xml"):
                answer = site.client.get(path, headers={"User-Agent": "x", "X-Forwarded-Prefix": quote(text)})
                pages.append((answer.status_code, answer.text, dict(answer.headers)))
            # One an hour to each address: the next payload is to be written down too.
            site.now = site.now.replace(day=1 + site.now.day % 28, month=1 + (site.now.month + site.now.day // 28) % 12)
        site.client.post("/subscribe", data={"email": "last@example.org"})
        mails = site.mails()
        yield at_least("mails", len(mails), 1)
        yield at_least("payloads", len(texts), 250 // every)
        yield equal("answers of 500 or above", sum(status >= 500 for status, _, _ in pages), 0)
        yield equal(
            "what would run in pages", sorted(set(chain(*map(faults_of_page, {html for _, html, _ in pages})))), []
        )
        yield equal("templates evaluated", sum("49x55" in html or "<class" in html for _, html, _ in pages), 0)
        yield equal("secrets told", sum(secret in html or str(folder) in html for _, html, _ in pages), 0)
        names = {name.lower() for _, _, headers in pages for name in headers}
        yield equal("headers of strangers", names & {"bcc", "subject", MARK, "set-cookie", "location"}, set())
        heads = Counter(name.lower() for mail in mails for name in mail.keys())  # noqa: SIM118 -- each as often as it stands
        yield equal("headers in mails", {n for n in heads if heads[n] != len(mails)}, set())
        yield equal("mails to others", [m["To"] for m in mails if "evil" in str(m["To"])], [])
        html = [part.get_content() for m in mails for part in m.walk() if part.get_content_type() == "text/html"]
        yield equal("what would run in mails", sorted(set(chain(*map(faults_of_page, html)))), [])


# -- answers that tell nothing


def alike(folder: Path, *, each: int = 1_000) -> Iterator[Figure]:
    """Whether the time of an answer tells known addresses from unknown ones: a rank test over interleaved visits.

    The share of pairs in which the known address's answer took longer is one half where nothing is told. Over so many
    it strays by three standard errors of chance in one trial of 370; half of that again is what is refused.
    """
    with opened(folder, readers=each) as site:
        took: dict[tuple[str, bool], list[float]] = {}
        chance = random.Random(7)
        order = [(path, known, n) for path in ("/subscribe", "/lost") for known in (True, False) for n in range(each)]
        chance.shuffle(order)
        texts: dict[str, set[str]] = {}
        for path, known, n in order:
            # Equal in length; each once, as a stranger would who asks for many.
            email = f"{'reader' if known else 'nobody'}{n}@example.org"
            began = time.perf_counter()
            answer = site.client.post(path, data={"email": email})
            took.setdefault((path, known), []).append(time.perf_counter() - began)
            texts.setdefault(path, set()).add(answer.text)
            if len(took[path, known]) % 10 == 0:
                site.now = site.now.replace(year=site.now.year + 1 if site.now.year < 2090 else 2026)
        for path in ("/subscribe", "/lost"):
            known, unknown = took[path, True], took[path, False]
            yield equal(f"{path}: kinds of answers", len(texts[path]), 1)
            share = _longer(known, unknown)
            error = ((2 * each + 1) / (12 * each * each)) ** 0.5
            yield Figure(
                what=f"{path}: median of known and unknown, ms; share in which the known took longer",
                found=f"{median(known) * 1000:.3f}, {median(unknown) * 1000:.3f}; {share:.4f}",
                wanted=f"0.5 ± {4.5 * error:.4f}",
                holds=abs(share - 0.5) <= 4.5 * error,
            )


# -- one click under load


def one_click(folder: Path, *, readers: int = 2_000, at_once: int = 8) -> Iterator[Figure]:
    """Readers stop by the header's one click, many at the same moment, at a server in a process of its own."""
    with opened(folder, readers=readers) as site:
        tokens = [site.keys.token(Purpose.UNSUBSCRIBE, Link(subscription=pk)) for pk in range(1, readers + 1)]
    said = {"List-Unsubscribe": "One-Click"}
    with serving(site) as (_, address), httpx2.Client(timeout=60) as client, ThreadPoolExecutor(at_once) as pool:

        def click(token: str) -> tuple[float, int, bool]:
            began = time.perf_counter()
            answer = client.post(f"{address}/unsubscribe/{token}", data=said)
            headers = {"set-cookie", "location"} & {name.lower() for name in answer.headers}
            return time.perf_counter() - began, answer.status_code, not headers

        answers = list(pool.map(click, tokens))
    took = sorted(seconds for seconds, _, _ in answers)
    with opened(folder) as site:
        states = site.opened.store.count_subscribers()
    yield equal(
        "answers that are 200, without redirect and cookie", Counter(a[1:] for a in answers), {(200, True): readers}
    )
    yield equal("readers who are unsubscribed", states, {SubscriberState.UNSUBSCRIBED: readers})
    yield at_most("the 95th of 100 answers, s", took[readers * 95 // 100], 0.2)


def _longer(some: Sequence[float], others: Sequence[float]) -> float:
    """Mann and Whitney's U of *some* over *others*, as a share."""
    ranked = sorted([(value, 1) for value in some] + [(value, 0) for value in others])
    ranks = sum(rank for rank, (_, is_some) in enumerate(ranked, 1) if is_some)
    return (ranks - len(some) * (len(some) + 1) / 2) / (len(some) * len(others))
