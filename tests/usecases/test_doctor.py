"""What each check of the doctor says of what it is shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pytest

from digest.config.read import load
from digest.config.settings import Config, LLMConfig
from digest.core.errors import ConfigError, SourceError
from digest.core.models import Document, Edition, Paper
from digest.core.ranking.profile import Liked, Profile
from digest.core.ranking.relevance import Background
from digest.core.subscribers.addresses import parse_address
from digest.core.subscribers.subscriber import Origin, SubscriberState
from digest.llm.prices import Price
from digest.sources.jsonl import JsonlSource
from digest.store import SqlStore
from digest.usecases import doctor
from digest.usecases.doctor import Doctor, Doubt, Finding, examine
from digest.usecases.finds import Counting, Finds
from digest.usecases.interests import WrittenInterest
from tests.conftest import NOON, paper
from tests.support.desk import CONFIG

OWN = LLMConfig(client="openai", model="own")


def test_a_config_that_cannot_be_used_is_a_finding_for_each_fault() -> None:
    @contextmanager
    def opened() -> Iterator[Doctor]:
        raise ConfigError("config.toml: a\nconfig.toml: b")
        yield

    assert examine(Path("config.toml"), opened(), offline=True) == [
        Finding(subject="config", level="wrong", said="config.toml: a"),
        Finding(subject="config", level="wrong", said="config.toml: b"),
    ]


def test_a_folder_in_which_a_file_stands_in_the_way_is_wrong(tmp_path: Path) -> None:
    assert "GB free" in str(doctor.data_folder(tmp_path / "new"))
    (tmp_path / "site").write_text("in the way")

    with pytest.raises(ConfigError, match="site is a file"):
        doctor.data_folder(tmp_path)
    with pytest.raises(ConfigError, match="cannot be written"):
        doctor.data_folder(tmp_path / "site")


def test_a_model_without_a_price_is_a_doubt_and_with_a_budget_wrong() -> None:
    price = Price(input=1.0, cached_input=0.1, output=2.0)
    priced = LLMConfig(client="openai", model="own", prices={"own": price})
    budgeted = LLMConfig(client="openai", model="own", budget_usd_per_month=1.0)

    assert doctor.prices(priced) == "own, from the config: $1 in, $0.1 cached, $2 out per million tokens"
    assert isinstance(doctor.prices(OWN), Doubt)
    with pytest.raises(ConfigError, match="so no budget can hold"):
        doctor.prices(budgeted)


def test_a_model_without_a_ceiling_is_a_doubt_only_where_somebody_is_paid() -> None:
    ours = LLMConfig(client="openai", model="own", base_url="http://127.0.0.1:9/v1")

    assert isinstance(doctor.budget(OWN), Doubt)
    assert doctor.budget(ours) == "none is set"


def test_a_hook_without_its_secret_is_wrong_and_one_in_the_clear_a_doubt(tmp_path: Path) -> None:
    hook = '[[hook]]\nname = "team"\nkind = "slack"\nurl_env = "TEAM_URL"\n'
    (tmp_path / "config.toml").write_text(f"{CONFIG}\n{hook}", encoding="utf-8")
    config = load(tmp_path / "config.toml")
    [one] = config.hooks

    with pytest.raises(ConfigError, match="TEAM_URL must be set"):
        doctor.hook(config, one, {})
    with pytest.raises(ConfigError, match="must hold an address"):
        doctor.hook(config, one, {"TEAM_URL": "geheim"})
    clear = doctor.hook(config, one, {"TEAM_URL": "http://x.example/geheim"})
    assert isinstance(clear, Doubt)
    assert "geheim" not in clear.said
    assert doctor.hook(config, one, {"TEAM_URL": "https://x.example/geheim"}) == "slack, gets the issues of daily"


def test_a_source_says_how_much_it_lists_what_it_cannot_read_and_where_it_moved() -> None:
    source = JsonlSource("a", url="https://example.org/a.jsonl")

    def looked(*lines: str, moved: str | None = None) -> Doubt | str:
        def get(url: str) -> Document:
            return Document(url=url, content="\n".join(lines).encode())

        return doctor.source(source, get, today=date(2026, 6, 3), now=NOON, moved_to=lambda _: moved)

    good = '{"id": "2603.00001", "title": "A title", "abstract": "We do."}'

    assert looked(good) == "1 paper at https://example.org/a.jsonl"
    assert "and 1 items that cannot be read" in str(looked(good, "{}"))
    assert "has moved for good to https://example.com/b" in str(looked(good, moved="https://example.com/b"))
    with pytest.raises(SourceError):
        looked("<html>")


# -- what interests found


class Lists:
    """A store with the lists of some days; counts how often it is asked."""

    def __init__(self, lists: Mapping[date, Sequence[Paper]]) -> None:
        self.lists, self.asked = lists, 0

    def news(self, sources: Sequence[str], *, since: date, until: date) -> dict[date, tuple[Paper, ...]]:
        self.asked += 1
        return {day: tuple(papers) for day, papers in self.lists.items() if since <= day <= until}


RIVERS, ROBOTS = (
    paper(n, title=f"On {what}", abstract=f"We study {what} and what they do.", authors=("Emmy Noether",))
    for n, what in ((1, "gravel bed rivers"), (2, "walking robots"))
)
OTHERS = [paper(n) for n in range(10, 20)]
WEEK = {date(2026, 5, 25 + n): [*OTHERS[2 * n : 2 * n + 2], *([RIVERS] if n == 1 else ())] for n in range(5)}
"""Monday to Friday."""
SATURDAY = date(2026, 5, 30)


def counted(
    lists: Lists, *interests: WrittenInterest, today: date = SATURDAY, sources: tuple[str, ...] = ("a",)
) -> Finds:
    counting = Counting(store=lists, interests=lambda _: interests, background=Background, today=today)
    return counting.of(Edition(name="daily", title="Daily", sources=sources))


def words(text: str) -> WrittenInterest:
    return WrittenInterest(text=text, name=f"“{text}”", profile=Profile(words=(text,)))


def liking(one: Paper) -> WrittenInterest:
    name = f"“{one.title}”"
    return WrittenInterest(text=one.id, name=name, profile=Profile(liked=(Liked(paper=one, name=name),)))


def test_each_interest_says_how_many_papers_of_the_last_day_it_found() -> None:
    lists = Lists({**WEEK, date(2026, 5, 29): [RIVERS, *OTHERS]})
    author = WrittenInterest(text="author: E. Noether", name="E. Noether", profile=Profile(authors=("E. Noether",)))

    found = doctor.papers_found(counted(lists, words("gravel bed rivers"), author))

    # Of the other papers Emmy Noether is an author too.
    assert found == "“gravel bed rivers”: 1 of 11 papers yesterday; E. Noether: 11"


def test_an_interest_that_found_nothing_for_a_week_is_a_doubt_with_what_to_do() -> None:
    known = liking(ROBOTS)

    found = doctor.papers_found(counted(Lists(WEEK), words("gravel bed rivers"), words("whale song"), known))

    assert isinstance(found, Doubt)
    assert found.said.startswith("“gravel bed rivers”: 0 of 2 papers yesterday; “whale song”: 0; ")
    assert "None for a week: “whale song”" in found.said
    assert "“gravel bed rivers”" not in found.said.partition("None for a week")[2]
    assert '`digest preview daily --interests "…"`' in found.said


def test_in_the_first_days_nothing_is_said_of_interests_that_found_nothing() -> None:
    lists = Lists({day: papers for day, papers in WEEK.items() if day >= date(2026, 5, 28)})

    assert doctor.papers_found(counted(lists, words("whale song"))) == "“whale song”: 0 of 2 papers yesterday"
    assert doctor.papers_found(counted(Lists({}), words("whale song"))) == "no list was read within a week"


def test_a_paper_does_not_find_itself_and_one_that_is_not_known_yet_is_left_out() -> None:
    itself = liking(RIVERS)
    unknown = WrittenInterest(text="2604.99999", name="2604.99999", profile=Profile())

    found = counted(Lists({SATURDAY: [RIVERS, ROBOTS]}), itself, unknown)

    assert [(one.interest, one.of_week) for one in found.interests] == [(itself, 0)]


def test_editions_with_the_same_sources_are_counted_from_one_index() -> None:
    lists = Lists(WEEK)
    counting = Counting(
        store=lists, interests=lambda _: (words("gravel bed rivers"),), background=Background, today=SATURDAY
    )

    for name, sources in (("daily", ("a", "b")), ("weekly", ("b", "a")), ("other", ("a",))):
        counting.of(Edition(name=name, title=name, sources=sources))

    assert lists.asked == 2


# -- mail


def addressed(folder: Path, mail: str = "", more: str = "") -> Config:
    (folder / "config.toml").write_text(f"{CONFIG}{more}\n[mail]\n{mail}\n", encoding="utf-8")
    return load(folder / "config.toml")


OVER_SMTP = 'transport = "smtp"\nhost = "smtp.example.org"\n'


def test_where_mails_go_is_told_for_each_transport(tmp_path: Path) -> None:
    def said(mail: str, more: str = "") -> str:
        return str(doctor.mail(addressed(tmp_path, mail, more), {}))

    assert said("") == f"1 recipient; mails are written to {tmp_path / 'var' / 'outbox'} and not sent"
    assert said(OVER_SMTP) == "1 recipient over smtp.example.org:587 (starttls)"
    assert said('transport = "sendmail"\nsendmail = "/bin/true"') == "1 recipient by the program /bin/true"
    with pytest.raises(ConfigError, match="the program '/none' is not there"):
        said('transport = "sendmail"\nsendmail = "/none"')
    served = '[serve]\nbase_url = "https://digest.example.org"\n'
    assert said(OVER_SMTP, served) == "1 recipient, and who subscribes, over smtp.example.org:587 (starttls)"


def test_subscribers_are_counted_and_recipients_who_get_nothing_are_named(tmp_path: Path) -> None:
    config = addressed(tmp_path, f'{OVER_SMTP}operator = "me@example.org"\n')
    with SqlStore.open("sqlite://", clock=lambda: NOON) as store:
        assert doctor.subscribers(store, config) == "none yet"
        ada, _ = store.save_subscriber(
            parse_address("Ada@example.org"), origin=Origin.OPERATOR, state=SubscriberState.CONFIRMED, at=NOON
        )
        daily = store.save_subscription(ada.pk, "daily", at=NOON, confirmed_at=NOON)
        assert doctor.subscribers(store, config) == "1 confirmed"
        store.save_subscription(ada.pk, "other", at=NOON, confirmed_at=NOON)
        assert "1 of 'other' get nothing, for there is no such edition in config.toml" in str(
            doctor.subscribers(store, config)
        )
        store.stop_subscription(daily.pk, at=NOON)
        stopped = doctor.subscribers(store, config)
        store.set_subscriber_state(ada.pk, SubscriberState.BOUNCED, at=NOON)
        bounced = doctor.subscribers(store, config)

    assert isinstance(stopped, Doubt)
    assert stopped.said.startswith(
        "1 confirmed; ada@example.org is a recipient of daily in config.toml, and has stopped it: nothing is sent there"
    )
    assert isinstance(bounced, Doubt)
    assert bounced.said.startswith("1 bounced; ada@example.org is a recipient of daily in config.toml, and cannot be")


def test_subscribers_without_anybody_who_is_told_of_bounces_are_a_doubt_where_mails_go_out(tmp_path: Path) -> None:
    with SqlStore.open("sqlite://", clock=lambda: NOON) as store:
        store.save_subscriber(
            parse_address("bob@example.org"), origin=Origin.FORM, state=SubscriberState.PENDING, at=NOON
        )

        assert "set [mail] operator" in str(doctor.subscribers(store, addressed(tmp_path, OVER_SMTP)))
        assert doctor.subscribers(store, addressed(tmp_path)) == "1 pending"
