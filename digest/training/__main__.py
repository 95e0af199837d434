"""`python -m digest.training [PART …] --data FOLDER [--out FOLDER]`: train, and write what the package ships."""

from __future__ import annotations

import argparse
import importlib
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from digest import assets
from digest.core.errors import DigestError

PARTS: Final = {
    "words": "words.txt",
    "related": "related.txt",
    "summaries": "summaries.toml",
    "topics": "topics.bin",
    "sciences": "sciences.bin",
    "duplicates": "duplicates.toml",
}
"""The file that each part makes. A part may use the files of the parts before it."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Train the parts named in *arguments*, by default those of the process; where none is named, all."""
    parser = argparse.ArgumentParser(prog="python -m digest.training", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; default: all")
    parser.add_argument("--data", type=Path, required=True, help="the folder of labelled sets")
    parser.add_argument("--out", type=Path, default=assets.PACKAGE / "trained", help="where to write")
    asked = parser.parse_args(arguments)
    for part in asked.parts or PARTS:
        if part not in PARTS:
            parser.error(f"there is no part {part!r}; there are {', '.join(PARTS)}")
    for part in asked.parts or PARTS:
        began = time.perf_counter()
        path = asked.out / PARTS[part]
        try:
            content: bytes = importlib.import_module(f"digest.training.{part}").train(asked.data)
            path.write_bytes(content)
        except ModuleNotFoundError as exc:
            sys.exit(f"training needs {exc.name}: pip install 'research-digest[train]'")
        except OSError as exc:
            sys.exit(f"{path}: cannot be written: {exc.strerror or exc}")
        except DigestError as error:
            sys.exit(f"{part}: {error}")
        print(f"{path}: {len(content):,} bytes, {time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
