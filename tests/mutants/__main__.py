"""Breaks rules on purpose and says whether the tests of the obligation notice.

The code that keeps each row of the catalogue is changed in one place at a time, in a copy of the checkout, and the
tests that are marked with the row are run. A change that they let pass has survived. Changes that alter nothing are
listed with their reason in `tests/mutants/equivalent.yaml` and left out.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from urllib.parse import urlsplit, urlunsplit

import django
import yaml

from roads.places import ROOT, tag
from roads.test import interrupt, surroundings
from tests.mutants.changes import Change
from tests.mutants.trial import Copy

EQUIVALENT = ROOT / "tests" / "mutants" / "equivalent.yaml"
PAGE = ROOT / "docs" / "reliability.md"
HEADING = "## Changes made to rules on purpose"
BEGIN, END = "<!-- tests.mutants -->", "<!-- /tests.mutants -->"
TITLES = ["row", "tests", "possible changes", "left out", "tried", "caught", "survived"]
GRACE = 20  # seconds beside three times what the tests take by themselves


@dataclass
class Line:
    """What became of a row."""

    row: str
    tests: int
    possible: int
    left_out: int
    caught: int = 0
    survived: list[tuple[Change, str]] = field(default_factory=list)  # with what other tests say
    trouble: str = ""

    def cells(self) -> list[str]:
        numbers = (self.tests, self.possible, self.left_out, self.caught + len(self.survived), self.caught)
        return [self.row, *map(str, numbers), self.trouble or str(len(self.survived))]


class Trials:
    """The copies on which changes are tried, two at most at once."""

    def __init__(self, options: argparse.Namespace, env: dict[str, str], folder: Path) -> None:
        self.options, self.sound = options, {}
        self.copies: SimpleQueue[Copy] = SimpleQueue()
        for number in range(options.jobs):
            # pytest-django puts this word behind the name of the test database.
            own = env | {"TOX_PARALLEL_ENV": f"copy{number}"}
            marks = "" if options.all else "not browser and not long"
            self.copies.put(Copy(ROOT, folder / str(number), own, marks=marks))

    @contextmanager
    def copy(self) -> Iterator[Copy]:
        copy = self.copies.get()
        try:
            yield copy
        finally:
            self.copies.put(copy)

    def of_row(self, line: Line, changes: Iterable[Change], tests: Mapping[str, str]) -> None:
        """Try changes of the row's code against its tests."""
        with self.copy() as copy:
            alone = copy.test(tests)
        print(f"{line.row}: {len(tests)} tests, {alone.seconds:.0f} s", flush=True)
        if not alone.passed:
            line.trouble = f"does not pass by itself: {alone}"
            return

        def once(change: Change) -> None:
            with self.copy() as copy, copy.changed(change):
                outcome = copy.test(tests, limit=3 * alone.seconds + GRACE)
            clauses = tests.get(outcome.first) or ""
            said = f"caught by {outcome} {clauses}".rstrip()
            if outcome.passed:
                others = self.others(change, tests) if self.options.others else ""
                line.survived.append((change, others))
                said = f"survived{others}"
            else:
                line.caught += 1
            print(f"  {change}: {said}", flush=True)

        with ThreadPoolExecutor(self.options.jobs) as pool:
            list(pool.map(once, changes))
        line.survived.sort(key=lambda one: (one[0].file, one[0].edit))

    def others(self, change: Change, tests: Iterable[str]) -> str:
        """Whether the tests of the whole app catch it; where it has no folder, those beside the row's."""
        app = change.file.split("/")[0].removesuffix("_app")
        folders = [path.relative_to(ROOT) for path in ROOT.glob(f"tests/{app}*/")]
        names = tuple(sorted({str(one) for one in folders or [Path(test).parent for test in tests]}))
        with self.copy() as copy:
            if names not in self.sound:
                self.sound[names] = copy.test(names)
            if not self.sound[names].passed:
                return f" – others do not pass by themselves: {self.sound[names]}"
            with copy.changed(change):
                outcome = copy.test(names, limit=3 * self.sound[names].seconds + GRACE)
        return " – caught by none" if outcome.passed else f" – caught by others only: {outcome}"


class Equivalents:
    """Changes that alter nothing that could be seen, by file, function and what they look like."""

    def __init__(self, entries: Iterable[Mapping[str, str]]) -> None:
        self.keys = {
            (one["file"], one["function"], one["before"], one["after"]) for one in entries if one["reason"]
        }

    def __contains__(self, change: Change) -> bool:
        return (change.file, change.function, change.before, change.after) in self.keys

    def stale(self, changes: Iterable[Change]) -> set[tuple[str, ...]]:
        """Those that match nothing any more."""
        return self.keys - {(one.file, one.function, one.before, one.after) for one in changes}


def main() -> None:
    options = parse()
    signal.signal(signal.SIGTERM, interrupt)  # an end that still takes the copies away
    with ExitStack() as stack:
        env = stack.enter_context(surroundings(embedded=options.embedded))
        address = urlsplit(env["DATABASE_URL"])  # a name of our own, beside that of ./test
        env["DATABASE_URL"] = urlunsplit(address._replace(path=f"/postloan_mutants_{tag(ROOT)}"))
        os.environ.update(env)
        django.setup()
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="postloan-mutants-"))
        lines = play(options, env, Path(folder))
    told = table(lines)
    print(f"\n{told}")
    for line in lines:
        for change, others in line.survived:
            print(f"\n{line.row} {change}{others}\n  - {change.before}\n  + {change.after}")
    if options.write:
        write(told)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument(
        "rows", nargs="*", metavar="ROW", help="rows of the catalogue (default: all that code claims)"
    )
    parser.add_argument("--seed", type=int, default=1, help="another seed draws other changes (default: 1)")
    parser.add_argument(
        "--per-row", type=int, default=6, help="how many changes to try for each row (default: 6)"
    )
    parser.add_argument("--jobs", type=int, choices=(1, 2), default=1, help="how many at once (default: 1)")
    parser.add_argument("--all", action="store_true", help="run tests marked browser or long as well")
    parser.add_argument(
        "--others", action="store_true", help="try survivors against the other tests of their app"
    )
    parser.add_argument("--write", action="store_true", help=f"put the table into {PAGE.relative_to(ROOT)}")
    parser.add_argument("--embedded", action="store_true", help="use the embedded PostgreSQL")
    return parser.parse_args()


def play(options: argparse.Namespace, env: dict[str, str], folder: Path) -> list[Line]:
    import postloan.urls  # noqa: F401  (claims are made when their module is read)
    from core.obligations import catalogue, claimed
    from core.rulebook import marks_in
    from tests.databases import template_digest
    from tests.mutants.targets import changes_to, marked_with

    # A row that rests on others has no clauses of its own.
    changes = {row: changes_to(row) for row in sorted(claimed()) if not catalogue()[row].same_as}
    if unknown := set(options.rows) - set(changes):
        sys.exit(f"no code claims it by itself: {', '.join(sorted(unknown))}")
    known = Equivalents(yaml.safe_load(EQUIVALENT.read_text(encoding="utf-8")) or [])
    for entry in known.stale(one for of_row in changes.values() for one in of_row):
        print(f"equivalent.yaml: matches nothing any more: {' | '.join(entry)}", flush=True)
    marks = marks_in(ROOT / "tests", catalogue())
    # Without it each change of a model or of core would ask for a database of its own.
    trials = Trials(options, env | {"TEMPLATE_DIGEST": template_digest()}, folder)
    lines = []
    for row in options.rows or changes:
        tests, taken = marked_with(row, marks), [one for one in changes[row] if one not in known]
        lines.append(line := Line(row, len(tests), len(changes[row]), len(changes[row]) - len(taken)))
        if tests:
            trials.of_row(line, sample(taken, options.per_row, f"{options.seed} {row}"), tests)
        else:
            line.trouble = "no tests"
    return lines


def sample(changes: Sequence[Change], size: int, seed: str) -> list[Change]:
    """The same for the same seed: spread over the functions, each gives one before any gives a second."""
    taken: Counter[str] = Counter()
    turns = []
    for change in random.Random(seed).sample(changes, len(changes)):
        turns.append((taken[change.function], change))
        taken[change.function] += 1
    return [change for _, change in sorted(turns, key=lambda turn: turn[0])[:size]]


def table(lines: Sequence[Line]) -> str:
    caught, survived = sum(line.caught for line in lines), sum(len(line.survived) for line in lines)
    everything = ["**all**", "", "", "", str(caught + survived), str(caught), str(survived)]
    rows = [TITLES, ["---"] * len(TITLES), *(line.cells() for line in lines), everything]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def write(told: str) -> None:
    """Put the table between its marks on the page, under its heading."""
    page = PAGE.read_text(encoding="utf-8")
    if BEGIN not in page:
        what_is_done = str(__doc__).partition("\n\n")[2]
        page += f"\n{HEADING}\n\n{what_is_done}\n{BEGIN}\n{END}\n"
    before, rest = page.split(BEGIN)
    command = " ".join(["python -m tests.mutants", *sys.argv[1:]])
    page = f"{before}{BEGIN}\n\n`{command}`\n\n{told}\n\n{END}{rest.split(END)[1]}"
    PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
