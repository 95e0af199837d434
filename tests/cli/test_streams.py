"""What is printed may find no reader and no room: the work is done all the same, and the status says which it was."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from digest.cli.streams import _Descriptor
from tests.conftest import ROOT

FULL = Path("/dev/full")
DIGEST = f"{sys.executable} -c 'from digest.cli.main import main; main()'"


def in_shell(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """What became of a line of shell in which `digest` is the program."""
    return subprocess.run(
        ["sh", "-c", command.replace("digest ", f"{DIGEST} ", 1)],
        cwd=folder,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
    )


@pytest.mark.skipif(not FULL.exists(), reason="there is no /dev/full")
@pytest.mark.parametrize("command", ["digest init", "digest --help"])
def test_a_disk_without_room_for_the_output_is_a_sentence_and_the_work_is_done(command: str, tmp_path: Path) -> None:
    done = in_shell(f"{command} >{FULL}", tmp_path)

    assert done.returncode == 3
    assert done.stderr == (
        "digest: what was to be printed could not be written (No space left on device); the work itself is done\n"
    )
    assert (tmp_path / "config.toml").exists() is (command == "digest init")


@pytest.mark.skipif(not FULL.exists(), reason="there is no /dev/full")
def test_a_failure_keeps_its_status_where_the_output_is_lost(tmp_path: Path) -> None:
    assert in_shell(f"digest show >{FULL} 2>{FULL}", tmp_path).returncode == 2


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-"])
def test_streams_that_are_closed_are_no_trouble(closed: str, tmp_path: Path) -> None:
    done = in_shell(f"digest init {closed}", tmp_path)

    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "config.toml").read_text(encoding="utf-8").startswith("#")


def test_a_reader_who_goes_away_is_no_trouble(tmp_path: Path) -> None:
    process = subprocess.Popen(
        ["sh", "-c", f"exec {DIGEST} --help"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    said = process.stderr.read()
    process.stderr.close()

    assert (process.wait(), said) == (0, b"")


def test_a_pipe_that_does_not_wait_is_waited_for() -> None:
    content = b"x" * 1_000_000
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    got = bytearray()

    def read() -> None:
        while piece := os.read(reading, 65_536):
            got.extend(piece)

    reader = threading.Thread(target=read)
    reader.start()
    descriptor, sent = _Descriptor(writing), 0
    while sent < len(content):
        sent += descriptor.write(content[sent:])
    os.close(writing)
    reader.join()
    os.close(reading)

    assert bytes(got) == content
    assert descriptor.trouble is None
