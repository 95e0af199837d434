"""config.toml: what is wrong is said with file, table, key and the nearest known name, before anything runs."""

from __future__ import annotations

from datetime import time
from pathlib import Path

import pytest

from digest import assets
from digest.app.host import Host
from digest.app.usecases import examine
from digest.config.read import load
from digest.config.settings import Config
from digest.core.database_address import parse_database
from digest.core.errors import ConfigError, StoreError
from digest.store import SqlStore
from tests.conftest import ROOT
from tests.support.desk import Desk

MINIMAL = """
[[source]]
name = "papers"
kind = "jsonl"
url = "{date}.jsonl"

[[edition]]
name = "daily"
"""


def load_text(tmp_path: Path, text: str) -> Config:
    path = tmp_path / "config.toml"
    path.write_text(text, encoding="utf-8")
    return load(path)


def test_two_blocks_are_a_config(tmp_path: Path) -> None:
    config = load_text(tmp_path, MINIMAL)

    assert config.database == f"sqlite:///{tmp_path.resolve() / 'var' / 'digest.db'}"
    assert config.llm.client == "extractive"
    [edition] = config.editions
    assert (edition.sources, edition.at, edition.days) == (("papers",), time(7, 0), frozenset(range(5)))


def test_the_shipped_config_is_valid() -> None:
    config = load(ROOT / "config.toml")

    assert [s.kind for s in config.sources] == ["arxiv", "huggingface"]


def test_an_edition_prints_some_languages_unless_a_model_tells_of_all_in_its_own(tmp_path: Path) -> None:
    text = MINIMAL.replace("[[edition]]", '[[edition]]\nlanguages = ["en", "de"]')

    assert load_text(tmp_path, text).editions[0].languages == ("en", "de")
    assert load_text(tmp_path, text + '[llm]\nclient = "openai"\nmodel = "gpt-5-mini"').editions[0].languages == ()


@pytest.mark.parametrize(
    ("keys", "lead", "upvotes"),
    [
        ("", 5, None),
        ("lead = 0", 0, None),
        ("max_papers = 3", 3, None),  # an issue of three has no five leads
        ("max_papers = 3\nlead = 2\navoid_unless_upvotes = 100", 2, 100),
    ],
)
def test_an_edition_says_how_many_papers_lead_and_which_votes_outweigh_what_is_avoided(
    tmp_path: Path, keys: str, lead: int, upvotes: int | None
) -> None:
    [edition] = load_text(tmp_path, f"{MINIMAL}{keys}\n").editions

    assert (edition.lead, edition.avoid_unless_upvotes) == (lead, upvotes)


@pytest.mark.parametrize(
    ("addition", "message"),
    [
        ('[mail]\nhots = "x"', "config.toml: [mail] hots: unknown key; did you mean host?"),
        ("[diget]\n", "config.toml: diget: unknown key; did you mean digest?"),
        ("[mail]\nport = '25'", "config.toml: [mail] port: must be a whole number, not '25'"),
        ("[mail]\nport = true", "config.toml: [mail] port: must be a whole number, not True"),
        ("[mail]\nport = 99999", "config.toml: [mail] port: must be from 1 to 65535, not 99999"),
        ('[mail]\ntransport = "smpt"', "transport: 'smpt' is not one of outbox, smtp, sendmail; did you mean smtp?"),
        ('[mail]\nfrom = "nobody"', "[mail] from: must be an address"),
        ('[mail]\nfrom = "a@b.c, d@e.f"', "[mail] from: 'a@b.c, d@e.f' has 2 addresses; a mail comes from one"),
        ('[mail]\nfrom = "Team: a@b.c, d@e.f;"', "has 2 addresses"),
        ('[mail]\nfrom = "Research, digest <a@b.c>"', "a name with a comma or brackets stands in quotes"),
        ('[mail]\nfrom = "ACME [x] <a@b.c>"', "a name with a comma or brackets stands in quotes"),
        ('[mail]\nfrom = "a@b.c d@e.f"', "[mail] from: must be an address"),
        ('[mail]\nfrom = "x <a@b.c> y"', "[mail] from: must be an address"),
        ('[mail]\nfrom = "x <ä@b.c>"', "[mail] from: must be an address"),
        ('[mail]\ntransport = "smtp"', '[mail] host: is missing: transport smtp needs one, as in host = "smtp'),
        ('[llm]\nclient = "openai"', "[llm] model: is missing"),
        ('[llm]\nclient = "replay"', "[llm] recording: is missing"),
        ('[llm]\nservice_tier = "flux"', "service_tier: 'flux' is not one of auto, default, flex; did you mean flex?"),
        ("[llm]\ncontext_tokens = 512", "context_tokens: must be from 1000"),
        ('[llm.extra_body]\nmodel = "m"', "extra_body: 'model' is set by digest itself; set [llm] model instead"),
        ("[llm.extra_body]\nreasoning_effort = 1", "set [llm] effort instead"),
        ("[llm.extra_body]\nstream = true", "extra_body: 'stream' is set by digest itself"),
        ("[llm.extra_body]\nuntil = 2026-06-03", "extra_body: 'until' cannot be sent as JSON"),
        ("[llm.extra_body]\ntop_p = nan", "extra_body: 'top_p' cannot be sent as JSON"),
        ('[llm.prices."m"]\ninput = 1\noutput = 2\nflex = 1.5', "flex: is a share of what the same request costs"),
        ('[digest]\ntimezone = "Mars/Olympus"', "[digest] timezone: 'Mars/Olympus' is not a time zone"),
        ('[digest]\ndatabase = "mysql://x"', "[digest] database: 'mysql' is not known"),
        ('[site]\nbase_url = "ftp://x"', "[site] base_url: 'ftp://x' must begin with http"),
        ('[[source]]\nname = "papers"\nkind = "huggingface"', "[[source]] name 'papers' is given twice"),
        ('[[source]]\nname = "a"\nkind = "arxvi"', "'arxvi' is not one of arxiv"),
        ('[[source]]\nname = "a"\nkind = "feed"', "[[source]] 'a' url: is missing: a source of kind feed needs url"),
        ('[[source]]\nname = "a"\nkind = "arxiv"', "[[source]] 'a' categories: is missing"),
        ('[llm]\nmode = "batch"', "mode: 'batch' needs client = 'openai', and no recording"),
        ("[llm]\nbatch_lead_hours = 24", "batch_lead_hours: must be 23 at most, not 24"),
        ('[llm]\npoints = "lead"', "[llm] points: 'lead' is not one of all, leads; did you mean leads?"),
        ('[[edition]]\nname = "b"\nlead = -1', "[[edition]] 'b' lead: must be from 0 to 30, not -1"),
        ('[[edition]]\nname = "b"\nlead = 4\nmax_papers = 3', "[[edition]] 'b' lead: must be from 0 to 3, not 4"),
        ('[[edition]]\nname = "b"\nkinds = ["reviews"]', "obituary; did you mean review?"),
        ('[[edition]]\nname = "b"\nlanguages = ["english"]', "languages: 'english' is not one of ar, be, bg"),
        ('[[edition]]\nname = "b"\nlanguages = []', "languages: names none; leave it out for all"),
        ('[[edition]]\nname = "b"\nleads = 3', "[[edition]] 'b' leads: unknown key; did you mean lead?"),
        ('[[edition]]\nname = "b"\navoid_unless_upvotes = 0', "'b' avoid_unless_upvotes: must be from 1 to"),
        (
            '[[edition]]\nname = "b"\navoid_unless_upvote = 5',
            "avoid_unless_upvote: unknown key; did you mean avoid_unless_upvotes?",
        ),
        ('[[edition]]\nname = "B c"', "'B c' must be lower-case letters"),
        ('[[edition]]\nname = "topics"', "'topics' must be lower-case letters"),
        ('[[edition]]\nname = "b"\nsources = ["paper"]', "there is no [[source]] named 'paper'; did you mean papers?"),
        ('[[edition]]\nname = "b"\nat = "7"', "at: '7' is not a time"),
        ('[[edition]]\nname = "b"\ndays = "mon-fry"', "days: 'mon-fry' is not a weekday"),
        ('[[edition]]\nname = "b"\nrecipients = ["x"]', "recipients: 'x' is not an address"),
        ('[[edition]]\nname = "b"\nrecipients = ["ädä@example..org"]', "recipients: 'ädä@example..org' is not an"),
        ('[[edition]]\nname = "b"\nrecipients = ["a..b@example.org"]', "recipients: 'a..b@example.org' is not an"),
        ('[[edition]]\nname = "b"\nrecipients = ["a@b.c", "A@b.c"]', "name 'a@b.c' is given twice"),
        (
            '[[edition]]\nname = "b"\nrecipients = ["a@münchen.example", "a@xn--mnchen-3ya.example"]',
            "name 'a@münchen.example' is given twice",
        ),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, addition: str, message: str) -> None:
    with pytest.raises(ConfigError) as error:
        load_text(tmp_path, f"{MINIMAL}\n{addition}\n")

    assert message in str(error.value)


def test_recipients_may_be_internationalised_and_on_this_machine(tmp_path: Path) -> None:
    recipients = ("jörg@münchen.example", "ada@localhost", "用户@例え.jp")
    text = f'{MINIMAL}\n[[edition]]\nname = "b"\nrecipients = [{", ".join(map(repr, recipients))}]\n'

    assert load_text(tmp_path, text).editions[-1].recipients == recipients


@pytest.mark.parametrize(
    ("text", "name", "address"),
    [
        ("digest@example.org", "", "digest@example.org"),
        ("<digest@example.org>", "", "digest@example.org"),
        ("Dr. Ada's digest <digest@example.org>", "Dr. Ada's digest", "digest@example.org"),
        ('\\"Papers, daily\\" <digest@example.org>', "Papers, daily", "digest@example.org"),
        ("Zürich <digest@example.org>", "Zürich", "digest@example.org"),
        ("digest@example.org (the daily one)", "", "digest@example.org"),
    ],
)
def test_a_sender_is_a_name_and_an_address(tmp_path: Path, text: str, name: str, address: str) -> None:
    mail = load_text(tmp_path, f'{MINIMAL}\n[mail]\nfrom = "{text}"\n').mail

    assert (mail.sender_name, mail.sender) == (name, address)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\n\n"])
def test_a_key_or_password_has_no_line_break_at_its_end(tmp_path: Path, end: str) -> None:
    text = """
[[source]]
name = "a"
kind = "openalex"
search = "x"
api_key_env = "A_KEY"

[[edition]]
name = "daily"

[llm]
client = "openai"
model = "m"

[mail]
transport = "smtp"
host = "smtp.example.org"
username = "me"
"""
    config = load_text(tmp_path, text)
    environment = dict.fromkeys(("A_KEY", "OPENAI_API_KEY", "DIGEST_SMTP_PASSWORD"), f" se cret {end}")

    found = [
        config.source_key(config.sources[0], environment),
        config.api_key(environment),
        config.smtp_password(environment),
    ]

    assert [f and f.reveal() for f in found] == [" se cret "] * 3


def test_a_password_that_is_a_line_break_alone_is_none(tmp_path: Path) -> None:
    config = load_text(tmp_path, f'{MINIMAL}\n[mail]\ntransport = "smtp"\nhost = "h"\nusername = "me"\n')

    with pytest.raises(ConfigError, match="must hold the password, and it is not set"):
        config.smtp_password({"DIGEST_SMTP_PASSWORD": "\n"})


def test_a_missing_file_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="`digest init` writes one"):
        load(tmp_path / "config.toml")


def test_broken_toml_is_named_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"is not valid TOML: .*line 2"):
        load_text(tmp_path, "[digest]\ntitle = oops\n")


def test_a_config_without_sources_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"has no \[\[source\]\]"):
        load_text(tmp_path, '[[edition]]\nname = "daily"')


def test_a_misspelt_table_is_named_rather_than_missed(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="sorce: unknown key; did you mean source"):
        load_text(tmp_path, '[[sorce]]\nname = "arXiv"')


def test_a_table_in_place_of_a_list_is_not_printed_whole(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as error:
        load_text(tmp_path, '[edition]\nname = "daily"')

    assert str(error.value) == "config.toml: edition: must be written [[edition]], one block for each, not a table"


def test_the_known_names_are_said_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as error:
        load_text(tmp_path, f'{MINIMAL}\n[llm]\nclient = "gpt"')

    assert str(error.value).endswith("'gpt' is not one of extractive, openai, replay")


def test_a_password_over_an_open_line_is_refused(tmp_path: Path) -> None:
    mail = '[mail]\ntransport = "smtp"\nhost = "smtp.example.org"\nsecurity = "none"\nusername = "me"'

    with pytest.raises(ConfigError, match="would send the password in the clear"):
        load_text(tmp_path, f"{MINIMAL}\n{mail}\n")


def test_a_missing_key_is_named_and_a_present_one_is_never_shown(tmp_path: Path) -> None:
    config = load_text(tmp_path, f'{MINIMAL}\n[llm]\nclient = "openai"\nmodel = "m"\n')

    with pytest.raises(ConfigError, match="environment variable OPENAI_API_KEY, which is not set"):
        config.api_key({})
    key = config.api_key({"OPENAI_API_KEY": "sk-secret"})

    assert key is not None
    assert key.reveal() == "sk-secret"
    assert "sk-secret" not in f"{key} {key!r} {config!r}"


def test_a_server_of_ones_own_needs_no_key(tmp_path: Path) -> None:
    config = load_text(tmp_path, f'{MINIMAL}\n[llm]\nclient="openai"\nmodel="m"\nbase_url="http://127.0.0.1:8080/v1"\n')

    assert config.api_key({}) is None


def test_days_may_be_spans_and_lists(tmp_path: Path) -> None:
    config = load_text(tmp_path, MINIMAL + 'days = "sat-mon, wed"')

    assert config.editions[0].days == frozenset({5, 6, 0, 2})


def test_a_relative_database_lies_beside_the_config(tmp_path: Path) -> None:
    config = load_text(tmp_path, MINIMAL + '[digest]\ndatabase = "sqlite:///papers.db"')

    assert config.database == f"sqlite:///{tmp_path.resolve() / 'papers.db'}"


# -- all that is wrong, at once


def complaints(tmp_path: Path, text: str) -> list[str]:
    with pytest.raises(ConfigError) as error:
        load_text(tmp_path, text)
    return str(error.value).splitlines()


def test_all_that_is_wrong_is_said_at_once_a_line_each(tmp_path: Path) -> None:
    said = complaints(
        tmp_path,
        """
[digest]
timezone = "Mars/Olympus"
databse = "x"
database = "mysql://ada:hunter2@h/x"

[[source]]
name = "a"
kind = "arxvi"

[[source]]
name = "b"
kind = "arxiv"

[[edition]]
name = "daily"
sources = ["a", "c", "d"]
at = "7"
days = "mon-fry"
max_papers = "many"
recipients = ["x", "y@example.org"]

[llm]
client = "openai"
concurrency = 0

[mail]
port = true
hots = "x"

[topics]
add = 5
""",
    )

    assert [line.removeprefix("config.toml: ").partition(": ")[0] for line in said] == [
        "[digest] timezone",
        "[digest] database",
        "[digest] databse",
        "[[source]] 'a' kind",
        "[[source]] 'b' categories",
        "[[edition]] 'daily' sources",
        "[[edition]] 'daily' sources",
        "[[edition]] 'daily' recipients",
        "[[edition]] 'daily' max_papers",
        "[[edition]] 'daily' at",
        "[[edition]] 'daily' days",
        "[llm] concurrency",
        "[llm] model",
        "[mail] port",
        "[mail] hots",
        "“add” stands outside a field",
    ]


@pytest.mark.parametrize(
    "addition",
    [
        '[llm]\nclient = "openai"\nmodel = 5',
        '[llm]\nclient = 5\nmode = "batch"',
        '[[source]]\nkind = "jsonl"\nname = 5\nurl = "x"',
        '[[source]]\nname = "x"\nkind = 5\nurl = "x"',
        '[[source]]\nname = "x"\nkind = "feed"\nurl = 5',
        "[[edition]]\nname = 7",
        "[mail]\nport = '25'",
        "mail = 5",
        '[llm.prices."m"]\ninput = "1"\noutput = 2',
    ],
)
def test_what_follows_from_a_fault_is_no_fault_of_its_own(tmp_path: Path, addition: str) -> None:
    text = f"{addition}\n{MINIMAL}" if addition.startswith("mail =") else f"{MINIMAL}\n{addition}\n"

    assert len(complaints(tmp_path, text)) == 1


def test_all_variables_that_are_missing_are_said_at_once(tmp_path: Path) -> None:
    desk = Desk(
        tmp_path,
        MINIMAL
        + '[[source]]\nname = "x"\nkind = "openalex"\nsearch = "x"\napi_key_env = "ALEX_KEY"\n'
        + '[llm]\nclient = "openai"\nmodel = "m"\n[mail]\ntransport = "smtp"\nhost = "h"\nusername = "ada"\n'
        + '[network]\nproxy = "http://proxy.example.org:3128"\n',
    )

    with desk.app() as app, pytest.raises(ConfigError) as error:
        app.check(send=True)

    said = str(error.value).splitlines()
    assert len(said) == 3
    assert all(name in line for name, line in zip(("OPENAI_API_KEY", "ALEX_KEY", "SMTP_PASSWORD"), said, strict=True))


def test_doctor_names_each_fault_of_a_config_by_itself(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(MINIMAL + '[mail]\nhots = "x"\nport = "y"\n', encoding="utf-8")

    found = examine(tmp_path / "config.toml", Host(environment={}), offline=True)

    assert [f.level for f in found] == ["wrong", "wrong"]


# -- files as Windows writes them


def test_a_config_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_bytes(b"\xef\xbb\xbf" + MINIMAL.replace("\n", "\r\n").encode())

    assert load(tmp_path / "config.toml").sources[0].name == "papers"


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "utf-16-be"])
def test_a_config_in_utf_16_says_how_to_save_it(tmp_path: Path, codec: str) -> None:
    (tmp_path / "config.toml").write_bytes(MINIMAL.strip().encode(codec))

    with pytest.raises(ConfigError, match=r"config.toml: is saved as UTF-16; save it as UTF-8"):
        load(tmp_path / "config.toml")


def test_a_config_in_windows_letters_names_the_line(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_bytes(b'[digest]\ntitle = "Caf\xe9"\n')

    with pytest.raises(ConfigError, match=r"is not UTF-8 \(line 2\); save it as UTF-8"):
        load(tmp_path / "config.toml")


def test_a_taxonomy_of_ones_own_may_have_a_byte_order_mark(tmp_path: Path) -> None:
    shipped = assets.read_text("taxonomy.toml", tmp_path)
    (tmp_path / "taxonomy.toml").write_bytes(b"\xef\xbb\xbf" + shipped.encode())

    assert assets.read_text("taxonomy.toml", tmp_path) == shipped


# -- folders of any name, and passwords that nobody sees


@pytest.mark.parametrize("name", ["why?", "100%", "a%20b", "c#", "two words", "q?x=1", "ümlaut", "a&b=c"])
@pytest.mark.parametrize("database", ["", 'database = "sqlite:///var/own.db"\n'])
def test_the_database_lies_in_the_folder_of_its_config_whatever_that_is_called(
    tmp_path: Path, name: str, database: str
) -> None:
    folder = tmp_path / name
    folder.mkdir()

    with SqlStore.open(load_text(folder, f"[digest]\n{database}{MINIMAL}").database) as store:
        place = store.place

    assert place == str(folder / "var" / ("own.db" if database else "digest.db"))
    assert Path(place).is_file()
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize(
    "login", ["ada:hun@ter2", "ada:hun/ter2", "ada:hun:ter2", "ada:hun?ter2", "ada:hun#ter2", "ada:hun%40ter2"]
)
def test_a_password_of_a_database_is_whole_and_not_shown(tmp_path: Path, login: str) -> None:
    url = load_text(tmp_path, MINIMAL + f'[digest]\ndatabase = "postgresql://{login}@127.0.0.1:1/digest"').database

    address = parse_database(url)
    with pytest.raises(StoreError) as error:
        SqlStore.open(url)

    assert (address.password or "").startswith("hun")
    assert (address.host, address.port, address.name) == ("127.0.0.1", 1, "digest")
    assert "hun" not in str(error.value)
    assert "ter2" not in str(error.value)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://ada:hunter2@host:port/digest",
        "postgresql:/ada:hunter2@host/digest",
        "postgresql//ada:hunter2@host/digest",
        "mysql://ada:hunter2@host/digest",
        "ada:hunter2@host/digest",
        "host=h user=ada password=hunter2",
        "postgres sql://ada:hunter2@host/digest",
        "sqlite://ada:hunter2@host/digest",
    ],
)
def test_an_address_of_a_database_that_is_none_is_refused_without_its_password(tmp_path: Path, url: str) -> None:
    [said] = complaints(tmp_path, MINIMAL + f'[digest]\ndatabase = "{url}"')

    assert said.startswith("config.toml: [digest] database: ")
    assert "hunter2" not in said


@pytest.mark.parametrize("table", ["llm", "site"])
@pytest.mark.parametrize(
    "url",
    ["https://ada:hunter2@example.org/v1", "https://hunter2@example.org", "https://example.org/v1?api-key=hunter2"],
)
def test_a_password_in_a_base_url_is_refused_and_not_shown(tmp_path: Path, table: str, url: str) -> None:
    [said] = complaints(tmp_path, MINIMAL + f'[{table}]\nbase_url = "{url}"')

    assert said.startswith(f"config.toml: [{table}] base_url: holds a user, a password or a key")
    assert "hunter2" not in said


def test_a_parameter_that_is_no_secret_may_stand_in_a_base_url(tmp_path: Path) -> None:
    url = "https://example.org/v1?api-version=2026-01-01"

    assert load_text(tmp_path, MINIMAL + f'[llm]\nbase_url = "{url}"').llm.base_url == url


@pytest.mark.parametrize(
    "key",
    [
        "sk-proj-abcdefghijklmnop1234567890",
        "AIzaSyA1234567890abcdefghijklmnopqrstuv",
        "0123456789abcdef0123456789abcdef",
        "hf_AbCdEfGhIjKl0123456789",
        "pa$$word!",
        "swordfish",
    ],
)
@pytest.mark.parametrize(
    "text",
    [
        '[llm]\nclient = "openai"\nmodel = "m"\napi_key_env = "{key}"\n',
        '[llm]\nclient = "openai"\nmodel = "m"\nbase_url = "http://127.0.0.1:1/v1"\napi_key_env = "{key}"\n',
        '[mail]\ntransport = "smtp"\nhost = "h"\nusername = "ada"\npassword_env = "{key}"\n',
        '[[source]]\nname = "x"\nkind = "openalex"\nsearch = "x"\napi_key_env = "{key}"\n',
    ],
)
def test_a_key_in_the_place_of_a_variable_is_named_as_one_and_not_shown(tmp_path: Path, text: str, key: str) -> None:
    desk = Desk(tmp_path, MINIMAL + text.replace("{key}", key))

    with desk.app() as app, pytest.raises(ConfigError) as error:
        app.check(send=True)

    assert "looks like a key or a password" in str(error.value)
    assert key[4:] not in str(error.value)


def test_a_variable_that_is_missing_is_named(tmp_path: Path) -> None:
    desk = Desk(tmp_path, MINIMAL + '[llm]\nclient = "openai"\nmodel = "m"\napi_key_env = "MISTRAL_KEY_2"\n')

    with desk.app() as app, pytest.raises(ConfigError, match="variable MISTRAL_KEY_2, which is not set"):
        app.check(send=False)


@pytest.mark.parametrize(
    "proxy",
    [
        "socks5://p:1",
        "https://p:1",
        "p:1",
        "http://",
        "http://p:port",
        "http://p:70000",
        "http://p:0",
        "http://u:secret@",
        "http://[p",
    ],
)
def test_a_proxy_that_is_none_is_named_before_anything_runs(proxy: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"\[network\] proxy: must look like") as caught:
        load_text(tmp_path, f'{MINIMAL}\n[network]\nproxy = "{proxy}"\n')

    assert "secret" not in str(caught.value)


def test_what_requests_hold_besides_is_read_as_it_is(tmp_path: Path) -> None:
    llm = '[llm]\neffort = "none"\ncontext_tokens = 8192\nproject = "p-1"\norganization = "org-1"\n'
    extra = "[llm.extra_body]\nchat_template_kwargs = { enable_thinking = false }\n"

    config = load_text(tmp_path, f"{MINIMAL}\n{llm}{extra}").llm

    assert (config.effort, config.context_tokens) == ("none", 8192)
    assert (config.organization, config.project) == ("org-1", "p-1")
    assert config.extra_body == {"chat_template_kwargs": {"enable_thinking": False}}


@pytest.mark.parametrize(
    ("keys", "tier", "waits"),
    [
        ("", "", (120, 900)),
        ('service_tier = "auto"', "", (120, 900)),
        ('service_tier = "default"', "default", (120, 900)),
        ('service_tier = "flex"', "flex", (900, 1800)),
        ('service_tier = "flex"\ntimeout_s = 60\ntime_limit_s = 300', "flex", (60, 300)),
    ],
)
def test_the_flex_tier_is_waited_for_longer_unless_it_is_said_otherwise(
    tmp_path: Path, keys: str, tier: str, waits: tuple[int, int]
) -> None:
    config = load_text(tmp_path, f"{MINIMAL}\n[llm]\n{keys}\n").llm

    assert (config.service_tier, (config.timeout_s, config.time_limit_s)) == (tier, waits)


def test_a_key_of_another_kind_is_said_once_and_before_what_is_missing(tmp_path: Path) -> None:
    text = (
        '[[source]]\nname = "x"\nkind = "openreview"\ncategories = 5\ncalender = "daily"\n[[edition]]\nname = "daily"\n'
    )
    (tmp_path / "config.toml").write_text(text, encoding="utf-8")

    with pytest.raises(ConfigError) as caught:
        load(tmp_path / "config.toml")

    assert [line.removeprefix("config.toml: [[source]] 'x' ") for line in str(caught.value).splitlines()] == [
        "categories: is for sources of kind arxiv, not openreview",
        'venue: is missing: a source of kind openreview needs venue or url, as in venue = "ICLR.cc/2027/Conference"',
        "calender: unknown key; did you mean calendar?",
    ]


def test_where_the_kind_is_not_known_every_key_is_still_looked_at(tmp_path: Path) -> None:
    text = '[[source]]\nname = "x"\nkind = "arxvi"\ncategories = 5\nzzz = 1\n[[edition]]\nname = "daily"\n'
    (tmp_path / "config.toml").write_text(text, encoding="utf-8")

    with pytest.raises(ConfigError) as caught:
        load(tmp_path / "config.toml")

    kind, categories, unknown = str(caught.value).splitlines()
    assert "kind: 'arxvi' is not one of arxiv, huggingface" in kind
    assert "categories: must be a list of texts" in categories
    assert "zzz: unknown key" in unknown
