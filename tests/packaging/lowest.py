"""Prints constraints for pip that hold every package of pyproject.toml to the lowest version that it allows.

`make lowest` runs the tests with these, so that no bound promises a version nobody has tried.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

_BOUND = re.compile(r"(?P<name>[\w.-]+)(?:\[[\w,-]+\])?>=(?P<version>[\d.]+)")


def constraints(pyproject: str) -> list[str]:
    """`click==8.1` for `click>=8.1,<9`; sorted. What has no lower bound is not named."""
    project = tomllib.loads(pyproject)["project"]
    extras = project["optional-dependencies"]
    packages = [
        *project["dependencies"],
        *(package for extra in ("test", "postgres", "pdf", "train") for package in extras[extra]),
    ]
    return sorted({f"{m['name']}=={m['version']}" for m in map(_BOUND.match, packages) if m})


if __name__ == "__main__":
    print(*constraints((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8")), sep="\n")
