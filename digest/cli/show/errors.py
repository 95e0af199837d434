"""What went wrong or was stopped, as sentences on stderr and, with --json, as a document on stdout.

Nothing here needs more than what is imported already: it is also said while the program is on its way out.
"""

from __future__ import annotations

from typing import Any

from digest.cli.show.console import complain


def error_json(error: BaseException) -> dict[str, Any]:
    """What a program that reads stdout finds there instead of the document it asked for."""
    return {"error": str(error) or "stopped; the next run goes on from there"}


def print_error(error: Exception) -> None:
    """An error in its own words, a line for each of its sentences."""
    for line in str(error).splitlines():
        complain(f"digest: {line}")


def print_stopped() -> None:
    """That a person or the system stopped the program, and what became of the work."""
    complain("digest: stopped; what was done is kept, and the next run goes on from there")


def print_lost_output(error: OSError) -> None:
    """That there was no room for what was to be printed."""
    said = f"what was to be printed could not be written ({error.strerror}); the work itself is done"
    complain(f"digest: {said}")


def print_lost_folder(error: OSError) -> None:
    """That the folder the program was started in does not exist any more."""
    complain(f"digest: the folder this was started in is gone ({error.strerror}): cd to another")
