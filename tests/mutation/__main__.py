"""`python -m tests.mutation [MODULE…]`: break the modules that carry the promises, and see whether their tests notice.

    module ──► seeded sample of mutants ──► each into a copy of the tree ──► the module's own tests, in a forked child
                                                                          └► killed, or survived: its diff is printed

Nothing is written into the working tree. What is known to change nothing a user could see is listed, with the reason,
in `same.toml`, and does not count.
"""

from __future__ import annotations

import argparse
import compileall
import difflib
import os
import py_compile
import shutil
import signal
import sys
import tempfile
import time
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.mutation.operators import Mutant, sample
from tests.mutation.plan import MODULES

_ROOT: Final = Path(__file__).resolve().parents[2]
_COPIED: Final = ("digest", "templates", "prompts", "tests", "config.toml", "pyproject.toml", "README.md")
_HEAVY: Final = (
    "hypothesis",
    "hypothesis.strategies",
    "pytest",
    "sqlalchemy",
    "openai",
    "feedparser",
    "psycopg",
    "lxml",
)
"""Imported once, before the forks; nothing of the project is among them."""
_SHORTEST_S: Final = 20.0
_PATIENCE: Final = 5.0
"""Times what the tests take on the unbroken module; what takes longer hangs, and is noticed."""


@dataclass(kw_only=True)
class Found:
    """What became of the mutants of one module."""

    module: str
    killed: int = 0
    same: int = 0
    survivors: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        total = self.killed + len(self.survivors)
        share = f"{100 * self.killed / total:.0f} %" if total else "-"
        same = f", {self.same} more change nothing" if self.same else ""
        return f"{self.module:20} {self.killed:3} of {total:3} killed ({share}){same}"


class Bench:
    """A copy of the tree in which one module at a time is broken."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        for name in _COPIED:
            place = _ROOT / name
            if place.is_dir():
                shutil.copytree(place, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy2(place, folder / name)
        # By content: a broken module may be as long and as old as the whole one.
        compileall.compile_dir(
            folder / "digest", quiet=1, invalidation_mode=py_compile.PycInvalidationMode.CHECKED_HASH
        )

    def run(self, tests: Sequence[str], *, limit_s: float) -> bool:
        """Whether the tests pass, within *limit_s* seconds."""
        child = os.fork()
        if child == 0:
            self._pass_or_fail(tests)
        until = time.monotonic() + limit_s
        while True:
            done, status = os.waitpid(child, os.WNOHANG)
            if done:
                return status == 0
            if time.monotonic() > until:
                os.killpg(child, signal.SIGKILL)
                os.waitpid(child, 0)
                return False
            time.sleep(0.01)

    def broken(self, module: str, code: str, tests: Sequence[str], *, limit_s: float) -> bool:
        """Whether the tests still pass with *code* in the place of *module*."""
        path = self._folder / "digest" / f"{module}.py"
        whole = path.read_text(encoding="utf-8")
        path.write_text(code, encoding="utf-8")
        try:
            return self.run(tests, limit_s=limit_s)
        finally:
            path.write_text(whole, encoding="utf-8")

    def _pass_or_fail(self, tests: Sequence[str]) -> None:
        """Become the tests' process; never comes back."""
        os.setpgid(0, 0)
        out = os.open(self._folder / "tests.out", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(out, 1)
        os.dup2(out, 2)
        os.chdir(self._folder)
        sys.path[:] = [str(self._folder), *(p for p in sys.path if Path(p or ".").resolve() != _ROOT)]
        for name in [n for n in sys.modules if n == "tests" or n.startswith("tests.")]:
            del sys.modules[name]  # the driver's own; the copy has the same
        os.environ.setdefault("DIGEST_TEST_DATA", str(_ROOT.parent / "shared" / "data"))
        import pytest

        files = [f"tests/{name}.py" for name in tests]
        options = ["-x", "-q", "-p", "no:cacheprovider", "--no-header", "--hypothesis-seed=0"]
        # Not where other runs of pytest have theirs; and one database is enough to notice.
        options += [f"--basetemp={self._folder / 'tmp'}", "-k", "not postgres"]
        code = 3
        try:
            code = int(pytest.main([*options, *files]))
        finally:
            os._exit(code)

    def said(self) -> str:
        """The last lines of the last run."""
        return "\n".join((self._folder / "tests.out").read_text("utf-8", "replace").splitlines()[-15:])


def examine(bench: Bench, module: str, *, size: int, seed: int, until: float) -> Found:
    """Break *module* in *size* ways and count who is noticed; stop before the next one after *until* (monotonic)."""
    tests = MODULES[module]
    began = time.monotonic()
    if not bench.run(tests, limit_s=900):
        raise SystemExit(f"the tests of {module} fail on the module as it is:\n{bench.said()}")
    limit_s = max(_SHORTEST_S, _PATIENCE * (time.monotonic() - began))
    source = (_ROOT / "digest" / f"{module}.py").read_text(encoding="utf-8")
    known = _known(module)
    found = Found(module=module)
    for mutant in sample(source, size=size, seed=f"{seed} {module}"):
        if time.monotonic() > until:
            print(f"{module}: out of time; the rest of its mutants was not tried", file=sys.stderr)
            break
        code = mutant.code(source)
        if _changed(source, code) in known:
            found.same += 1
        elif bench.broken(module, code, tests, limit_s=limit_s):
            found.survivors.append(_diff(module, source, code, mutant))
        else:
            found.killed += 1
    return found


def _changed(source: str, code: str) -> tuple[str, str]:
    """The line as it was and as it is, without indentation."""
    lines = list(difflib.unified_diff(source.splitlines(), code.splitlines(), n=0, lineterm=""))[3:]
    return tuple("\n".join(x[1:].strip() for x in lines if x[0] == sign) for sign in "-+")  # type: ignore[return-value]


def _known(module: str) -> set[tuple[str, str]]:
    """Mutants of *module* that change nothing, and those that would in no module."""
    table = tomllib.loads((Path(__file__).parent / "same.toml").read_text(encoding="utf-8"))
    entries = (*table.get(module, ()), *table.get("any", ()))
    return {(entry["was"].strip(), entry["becomes"].strip()) for entry in entries if entry["why"]}


def _diff(module: str, source: str, code: str, mutant: Mutant) -> str:
    lines = difflib.unified_diff(source.splitlines(), code.splitlines(), n=1, lineterm="")
    return f"  {module}.py:{mutant.line} {mutant.operator}\n" + "\n".join(f"    {x}" for x in list(lines)[2:])


def main(arguments: Sequence[str]) -> int:
    """Print killed and survived by module; 0 if each has *--least* percent killed."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__.splitlines()[0])
    parser.add_argument("modules", nargs="*", metavar="MODULE", help=f"of {', '.join(MODULES)}; default: all")
    parser.add_argument("--sample", type=int, default=40, metavar="N", help="mutants of each module (40)")
    parser.add_argument("--seed", type=int, default=1, help="which ones (1)")
    parser.add_argument("--minutes", type=float, default=90, help="after which nothing more is begun (90)")
    parser.add_argument("--least", type=float, default=90, metavar="PERCENT", help="killed, for exit status 0 (90)")
    given = parser.parse_args(arguments)
    if unknown := sorted(set(given.modules) - set(MODULES)):
        parser.error(f"no such module in the plan: {', '.join(unknown)}")
    for name in _HEAVY:
        __import__(name)
    until = time.monotonic() + 60 * given.minutes
    ended = []
    with tempfile.TemporaryDirectory(prefix="digest-mutation-") as folder:
        bench = Bench(Path(folder))
        for module in given.modules or MODULES:
            found = examine(bench, module, size=given.sample, seed=given.seed, until=until)
            print(found, *found.survivors, sep="\n", flush=True)
            ended.append(found)
    print(f"\n{'':20} killed of\n" + "\n".join(map(str, ended)))
    good = all(100 * f.killed >= given.least * (f.killed + len(f.survivors)) for f in ended)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
