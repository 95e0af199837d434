"""One run of atheris in a process of its own: `python -m tests.fuzz.child KIND FOLDER [options of libFuzzer]`.

What it finds is written down and it goes on; only what kills the process ends it, and then its parent starts another.
"""

from __future__ import annotations

import hashlib
import importlib
import random
import re
import resource
import sys
import time
import traceback
from pathlib import Path
from typing import Final

import atheris

MOST_SECONDS: Final = 1.0
"""Of processor time for one input of at most 40 KB, in code that counts each of its branches."""
MOST_MEMORY: Final = 64 * 1024
"""Kilobytes by which one input may raise the peak of the whole process."""
_LIBRARIES: Final = ("feedparser", "feedparser_sgmllib", "pypdf")
_WHOLE: Final = 0.6
"""Share of changes that keep the document whole."""

with atheris.instrument_imports(include=["digest", *_LIBRARIES], enable_loader_override=False):
    for library in _LIBRARIES:  # our own modules import them late, when nothing is watched any more
        importlib.import_module(library)
    from digest.core.errors import SourceError
    from tests.fuzz import laws
    from tests.fuzz.targets import TARGETS, Target

    _KIND: Final = sys.argv[1]
    _TARGET: Final[Target] = TARGETS[_KIND]
    _READ: Final = _TARGET.make()

_FINDINGS: Final = Path(sys.argv[2])


def one_input(content: bytes) -> None:
    """Read one document and see that nothing but a refusal comes of it."""
    before, peak = time.thread_time(), _peak()
    try:
        parsed = _READ(content)
        if parsed is not None:
            laws.check(parsed, url=_TARGET.url)
    except SourceError as error:
        try:
            laws.check_error(error)
        except laws.BrokenLawError as broken:
            _keep(content, f"Broken: {re.sub(r'[^a-z ]', '', str(broken))[:40]}", str(broken))
    except laws.BrokenLawError as broken:
        _keep(content, f"Broken: {str(broken).split()[0]}", str(broken))
    except Exception as error:  # noqa: BLE001 -- whatever comes out is what is looked for
        frame = traceback.extract_tb(error.__traceback__)[-1]
        _keep(content, f"{type(error).__name__} {Path(frame.filename).name}:{frame.lineno}", traceback.format_exc())
    took, grew = time.thread_time() - before, _peak() - peak
    if took > MOST_SECONDS:
        _keep(content, f"slow {len(content) // 4_000}", f"{took:.1f} s for {len(content):,} bytes")
    if grew > MOST_MEMORY:
        _keep(content, "memory", f"{grew // 1024} MB for {len(content):,} bytes")


def change(content: bytes, max_size: int, seed: int) -> bytes:
    """The next input: the document changed as its format allows, or libFuzzer's bytes."""
    rng = random.Random(seed)
    if rng.random() < _WHOLE:
        changed = _TARGET.mutator(content, rng)
        if changed != content and len(changed) <= max_size:
            return changed
    found: bytes = atheris.Mutate(content, max_size)
    return found


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _keep(content: bytes, signature: str, story: str) -> None:
    name = re.sub(r"[^\w.]+", "-", signature) + "-" + hashlib.sha256(signature.encode()).hexdigest()[:6]
    file = _FINDINGS / f"{name}.input"
    if not file.exists():
        file.write_bytes(content)
        file.with_suffix(".txt").write_text(f"{signature}\n{story}\n", encoding="utf-8", errors="backslashreplace")
        print(f"FINDING {signature}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    atheris.Setup([sys.argv[0], *sys.argv[3:]], one_input, custom_mutator=change)
    atheris.Fuzz()
