"""Programs of the user's own: run without a shell, held to their limits, ended with all that they started."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
import tracemalloc
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.core.errors import ConfigError, SourceError
from digest.core.lists.calendar import ANY_DAY, daily
from digest.core.models import Parsed
from digest.sources.command import CommandSource, argv_of, run_command

DAY = date(2026, 6, 3)


def run(
    *argv: str, cwd: Path, environment: dict[str, str] | None = None, timeout_s: float = 20, max_bytes: int = 1_000_000
) -> bytes:
    environment = {"PATH": os.environ["PATH"]} if environment is None else environment
    return run_command(argv, cwd=cwd, environment=environment, timeout_s=timeout_s, max_bytes=max_bytes)


def python(code: str, cwd: Path, *, timeout_s: float = 20, max_bytes: int = 1_000_000) -> bytes:
    """Run a few lines of Python as the user's program."""
    return run(sys.executable, "-c", code, cwd=cwd, timeout_s=timeout_s, max_bytes=max_bytes)


def script(path: Path, text: str, mode: int = 0o755) -> Path:
    path.write_text(text)
    path.chmod(mode)
    return path


# -- running


def test_it_gets_its_arguments_untouched_by_a_shell_its_folder_and_its_environment(tmp_path: Path) -> None:
    code = "import json, os, sys; print(json.dumps([sys.argv[1:], os.getcwd(), dict(os.environ)]))"

    output = run(
        sys.executable,
        "-c",
        code,
        "$HOME; rm *",
        "a b",
        "",
        cwd=tmp_path,
        environment={"MINE": "1", "LC_ALL": "C.UTF-8"},
    )

    arguments, folder, environment = json.loads(output)
    assert arguments == ["$HOME; rm *", "a b", ""]
    assert Path(folder) == tmp_path.resolve()
    assert environment == {"MINE": "1", "LC_ALL": "C.UTF-8"}


def test_it_cannot_read_what_is_typed_to_us(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.write(writing, b"typed")
    os.close(writing)
    ours = os.dup(0)
    try:
        os.dup2(reading, 0)
        assert python("import sys; print(repr(sys.stdin.read()))", tmp_path) == b"''\n"
    finally:
        os.dup2(ours, 0)
        os.close(ours)
        os.close(reading)


def test_a_program_is_found_by_a_path_from_its_folder_or_on_the_path_of_its_environment(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    script(tmp_path / "bin" / "mine", "#!/bin/sh\necho found\n")

    assert run("bin/mine", cwd=tmp_path) == b"found\n"
    assert run("mine", cwd=tmp_path, environment={"PATH": str(tmp_path / "bin")}) == b"found\n"


def test_what_it_writes_on_both_ways_at_once_does_not_stop_it(tmp_path: Path) -> None:
    code = """
import os
for _ in range(200):
    os.write(2, b"w" * 20_000)
    os.write(1, b"p" * 2_000)
"""
    assert python(code, tmp_path) == b"p" * 400_000


def test_endless_complaints_are_not_kept(tmp_path: Path) -> None:
    tracemalloc.start()
    try:
        assert python("import os\nfor _ in range(400): os.write(2, b'w' * 60_000)\nprint('ok')", tmp_path) == b"ok\n"
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 4_000_000  # of 24 million


def test_a_failure_is_named_with_the_last_thing_it_said(tmp_path: Path) -> None:
    code = r"""
import sys
sys.stderr.write("Traceback\n" + "noise " * 50_000 + "\n\x1b[31mValueError: no key\x1b[0m\n\n")
print('{"title": "half a list"}')
sys.exit(3)
"""
    with pytest.raises(SourceError, match=r"^“.*” failed with status 3, and said: ValueError: no key$") as caught:
        python(code, tmp_path)

    assert caught.value.url.startswith("command:")
    with pytest.raises(SourceError, match=r"status 1, and said nothing about it$"):
        python("raise SystemExit(1)", tmp_path)


def test_a_program_that_was_killed_says_by_what(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="was killed by SIGSEGV"):
        python(f"import os; os.kill(os.getpid(), {int(signal.SIGSEGV)})", tmp_path)


@pytest.mark.parametrize(
    ("name", "text", "mode", "sentence"),
    [
        ("absent", None, 0, "is not there; it is looked for on the PATH"),
        ("plain", "#!/bin/sh\n", 0o644, "may not be run; is it a program, and executable"),
        ("lost", "#!/no/such/python\n", 0o755, "the program that its first line names is not there"),
        ("bare", "echo hello\n", 0o755, r"a script begins with #!"),
    ],
)
def test_a_program_that_cannot_be_started_is_named_with_what_to_do(
    tmp_path: Path, name: str, text: str | None, mode: int, sentence: str
) -> None:
    if text is not None:
        script(tmp_path / name, text, mode)

    with pytest.raises(SourceError, match=sentence):
        run(f"./{name}", cwd=tmp_path)


def test_a_folder_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"gone.* is not there"):
        run("true", cwd=tmp_path / "gone")


def test_what_takes_too_long_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    code = """
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
open("pids", "w").write(f"{os.getpid()} {child.pid}")
print("something", flush=True)
time.sleep(60)
"""
    began = time.monotonic()

    with pytest.raises(SourceError, match=r"did not end within 2 s and was stopped"):
        python(code, tmp_path, timeout_s=2)

    assert time.monotonic() - began < 20
    assert all(_is_gone(int(pid)) for pid in (tmp_path / "pids").read_text().split())


@pytest.mark.parametrize("last_words", ["", "os.close(1); os.close(2); time.sleep(60)"])
def test_a_program_that_leaves_a_child_or_itself_behind_is_still_held_to_its_time(
    tmp_path: Path, last_words: str
) -> None:
    code = f"""
import os, subprocess, sys, time
keep = None if not {last_words!r} else subprocess.DEVNULL
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], stdout=keep, stderr=keep)
open("pids", "w").write(str(child.pid))
{last_words}
"""
    with pytest.raises(SourceError, match="did not end within"):
        python(code, tmp_path, timeout_s=2)

    assert _is_gone(int((tmp_path / "pids").read_text()))


def test_what_prints_without_end_is_stopped_at_the_limit_and_not_at_its_time(tmp_path: Path) -> None:
    began = time.monotonic()

    with pytest.raises(SourceError, match=r"printed more than 100,000 bytes and was stopped"):
        python("while True: print('x' * 1000)", tmp_path, timeout_s=60, max_bytes=100_000)

    assert time.monotonic() - began < 30
    assert len(python("print('x' * 99_999)", tmp_path, max_bytes=100_000)) == 100_000


def test_no_pipe_stays_open(tmp_path: Path) -> None:
    def open_files() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    if not Path("/proc/self/fd").is_dir():
        pytest.skip("this system does not show its open files")
    python("print()", tmp_path)
    before = open_files()

    for code, limit in (("print()", 10), ("print('x' * 100)", 10), ("raise SystemExit(2)", 10)):
        try:
            python(code, tmp_path, max_bytes=limit)
        except SourceError:
            continue

    assert open_files() == before


def _is_gone(pid: int) -> bool:
    """Whether a process ends within a few seconds; one that nobody has waited for yet counts as gone."""
    for _ in range(100):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    return False


# -- the source


def source(*command: str, items: str | None = None, fields: dict[str, str] | None = None) -> CommandSource:
    clock = datetime(2026, 6, 3, 12, tzinfo=UTC)
    return CommandSource("mine", command=command or ("./papers",), items=items, fields=fields, clock=lambda: clock)


def test_the_day_is_put_into_the_arguments() -> None:
    told = source("./papers", "--day={date}", "and more")

    assert told.argv(DAY) == ("./papers", "--day=2026-06-03", "and more")
    assert told.url_for(DAY) == "command:./papers --day=2026-06-03 'and more'"
    assert told.past_url(DAY) == told.url_for(DAY)
    assert source("./papers").past_url(DAY) is None


@given(st.lists(st.text(st.characters(exclude_characters="\0", codec="utf-8")), min_size=1))
def test_the_address_of_a_command_gives_its_arguments_back(arguments: list[str]) -> None:
    one = source("run", *arguments)

    assert argv_of(one.url_for(DAY)) == one.argv(DAY)


def test_it_promises_nothing_unless_it_is_told_to() -> None:
    assert source().calendar is ANY_DAY
    assert CommandSource("m", command=["x"], calendar=daily()).calendar == daily()
    assert (source().rereads, source().witness) == ((), None)


@pytest.mark.parametrize("command", [(), "python3 papers.py", ("",), ("run", "a\0b")])
def test_a_command_that_could_not_run_is_refused_at_once(command: Sequence[str]) -> None:
    with pytest.raises(ConfigError, match="^command: "):
        CommandSource("mine", command=command)


def test_a_json_feed_is_read_as_one_however_it_is_laid_out() -> None:
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "Mine",
        "items": [
            {
                "id": "https://doi.org/10.1000/x",
                "url": "https://a.org/x",
                "title": "A <b>paper</b>",
                "content_text": "a<b",
            },
            {"id": "2"},
        ],
    }

    one_line = source().parse(json.dumps(feed).encode(), url="command:x")
    indented = source().parse(b"\xef\xbb\xbf\n" + json.dumps(feed, indent=2).encode() + b"\n", url="command:x")

    assert one_line == indented
    assert [(r.paper.id, r.paper.title, r.paper.abstract) for r in one_line.records] == [
        ("doi:10.1000/x", "A paper", "a<b")
    ]
    assert [r.reason for r in one_line.rejected] == ["no title"]


def test_json_lines_are_read_with_the_users_names_for_things() -> None:
    lines = b'{"name": "One", "version": "2", "id": "2606.00001"}\n{"name": "Two"}\nnot json\n'

    parsed = source(fields={"title": "name"}).parse(lines, url="command:x")

    assert [(r.paper.title, r.paper.version) for r in parsed.records] == [("One", 2), ("Two", None)]
    assert [r.reason for r in parsed.rejected] == ["line 3: is no JSON"]


def test_a_single_line_and_a_document_with_a_list_are_json_lines_too() -> None:
    assert [r.paper.title for r in source().parse(b'{"title": "Alone"}', url="x").records] == ["Alone"]
    listed = source(items="papers").parse(b'{"version": "1.1", "papers": [{"title": "A"}], "items": []}', url="x")
    assert [r.paper.title for r in listed.records] == ["A"]


def test_no_output_is_a_day_without_papers() -> None:
    assert source().parse(b"", url="x") == source().parse(b" \n", url="x") == Parsed()


@pytest.mark.parametrize(
    ("output", "sentence"),
    [
        (b"<html><title>Sign in</title></html>", "answered with a web page titled 'Sign in', not JSON lines"),
        (b"Usage: papers [OPTIONS]\n", "has no JSON object on any line"),
        (b'{"version": "2", "items": []}', "JSON that is no JSON Feed"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a":' * 100_000, "has no JSON object on any line"),
    ],
)
def test_output_of_another_kind_is_refused_with_a_sentence(output: bytes, sentence: str) -> None:
    with pytest.raises(SourceError, match=sentence):
        source().parse(output, url="command:x")


def test_a_program_is_run_and_its_papers_read(tmp_path: Path) -> None:
    script(tmp_path / "papers", '#!/bin/sh\necho "{\\"title\\": \\"Of $1\\", \\"url\\": \\"https://a.org/$1\\"}"\n')
    mine = source("./papers", "{date}")
    url = mine.url_for(DAY)

    parsed = mine.parse(run(*argv_of(url), cwd=tmp_path), url=url)

    assert [(r.paper.id, r.paper.title) for r in parsed.records] == [("url:https://a.org/2026-06-03", "Of 2026-06-03")]
