"""What strangers say does not take hold of a terminal, a page or a log: servers, headers, file names."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from digest.cli.show.console import print_json, put, screen
from digest.core.errors import DigestError, LLMError, SourceError
from digest.core.words.invisible import escaped, printable
from digest.deliver.smtp import SmtpMailer
from digest.llm.openai import OpenAILLM
from digest.sources.door.http import Door
from tests.servers.loopback import Reply, redirects, says, serving
from tests.support.mails import mail, nothing
from tests.support.shell import digest

EVIL = "\x1b[2J\x1b]0;owned\x07\x9b31m\x85\u202eevil\u2066\x07"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("Zażółć 論文 😀 10⁵", "Zażółć 論文 😀 10⁵"),
        ("two\nlines\tand a tab", "two\nlines\tand a tab"),
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x9b31mred", "red"),
        ("\x1b]8;;https://evil.example\x1b\\here\x1b]8;;\x1b\\", "here"),
        ("a\x1b]0;title\x07b", "ab"),
        ("a\x1b]0;never closed", "a0;never closed"),
        ("\x1bcreset", "reset"),
        ("bell\x07 back\x08 null\x00", "bell back null"),
        ("over\rwritten", "over\nwritten"),
        ("ltr \u202ertl\u202c zero\u200bwidth", "ltr rtl zerowidth"),
        ("half a \ud800 pair", "half a  pair"),
    ],
)
def test_a_message_keeps_its_words_and_loses_commands(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_every_error_is_cleaned_where_it_is_made() -> None:
    for kind in (DigestError, SourceError, LLMError):
        assert str(kind(f"the server said {EVIL}")) == "the server said \nevil"


def test_a_mail_servers_reply_is_quoted_without_its_control_characters() -> None:
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.sendall(b"220 hello\r\n")
            file = connection.makefile("rb")
            for line in file:
                if line.upper().startswith(b"RCPT"):
                    connection.sendall("550 no \x1b[31m\x07\x9d such\u202e user\r\n".encode())
                elif line.upper().startswith(b"QUIT"):
                    connection.sendall(b"221 bye\r\n")
                    return
                else:
                    connection.sendall(b"250 OK\r\n")

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    with (
        SmtpMailer(host="127.0.0.1", port=listener.getsockname()[1], security="none") as mailer,
        pytest.raises(DigestError) as caught,
    ):
        mailer.send(mail(), before_dot=nothing)
    thread.join(5)
    listener.close()

    assert str(caught.value).endswith("550 no such user")
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    "reply",
    [
        says(f"<html><head><title>Nope {EVIL}</title></head></html>".encode(), status="403 Forbidden"),
        says(b"", status="500 \x1b[31mred\x07"),
        redirects("http://127.0.0.1:1/\x1b[31m"),
        redirects("gopher\x07://x/\x9b2J"),
    ],
)
def test_what_a_web_server_says_is_printable(reply: Reply) -> None:
    with serving(reply) as server, Door(sleep=lambda _: None) as door, pytest.raises(SourceError) as caught:
        door.get(f"{server.url}/x", trusted=True)

    assert str(caught.value).isprintable()


def test_a_file_name_with_control_characters_is_printed_without_them(tmp_path: Path) -> None:
    name = "a\x1b[31mb\x07.pdf"
    (tmp_path / name).write_bytes(b"%PDF-1.4 broken")

    done = digest("summarize", name, "--json", cwd=tmp_path)

    [answer] = json.loads(done.stdout)
    assert answer["error"].startswith("ab.pdf: is not a PDF")
    assert done.stderr.replace("\n", "").isprintable()


def test_a_log_line_is_clean(tmp_path: Path) -> None:
    code = (
        "import logging; from digest.cli.common import log_to_stderr; log_to_stderr(verbose=False);"
        " logging.getLogger('x').warning('got %s', 'a\\x1b[31mb\\x07')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stderr == "WARNING x: got ab\n"


def test_json_says_the_same_values_without_a_raw_control_character(capsys: pytest.CaptureFixture[str]) -> None:
    document = {"id": f"x{EVIL}\U000e0041\ud800", "title": "Zażółć"}

    print_json(document)
    printed = capsys.readouterr().out

    assert json.loads(printed) == document
    assert printed.replace("\n", "").isprintable()
    assert "Zażółć" in printed


def test_json_of_letters_alone_is_left_as_it_is() -> None:
    assert escaped('"Zażółć 論文"') == '"Zażółć 論文"'


def test_a_line_for_people_is_clean_whatever_was_stored(capsys: pytest.CaptureFixture[str]) -> None:
    put(screen(), f"stored {EVIL}")

    assert "\x1b" not in capsys.readouterr().out


def test_the_name_a_server_gives_its_model_is_clean() -> None:
    body = {"choices": [{"message": {"content": "{}"}}], "model": "gpt\x1b[31m-x\x07\nnew line", "usage": {}}
    llm = OpenAILLM("m", api_key="k", base_url="http://127.0.0.1:1/v1")

    assert llm.answer(body).model == "gpt-x new line"
