"""Promise 6: the business date is Shanghai's, whatever the host; and nobody else asks the operating system."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from core import clock

ROOT = Path(__file__).resolve().parents[2]
HERE = "tests/core/test_clock.py"
ZONES = ("UTC", "Asia/Shanghai", "America/Los_Angeles")

# What a day computes from an instant: the business date, the month of the report, the period, the days overdue since
# 2026-02-13, when 3 workdays from then are over, and how a duty due on 2026-12-31 reads. Run under each TZ.
PROBE = """
import json, sys, time
from datetime import date, datetime
import os
os.environ["DJANGO_SETTINGS_MODULE"] = "postloan.settings"
import django
zone = os.environ["TZ"]
django.setup()
os.environ["TZ"] = zone  # Django sets its own; here the host's stays, so that nothing leans on Django's
time.tzset()
from core import clock, calendar
from core.periods import half_month_of, month_of, quarter_of
from core.reference import _announced_years
from core.templatetags.dates import due
overrides = {day: works for year, days in _announced_years() for day, works, _ in days}
working = calendar.Calendar(frozenset({2026}), overrides)
answers = []
for text in json.load(sys.stdin):
    with clock.travelling_to(datetime.fromisoformat(text)):
        on = clock.today()
        answers.append([
            on.isoformat(), month_of(on).key, quarter_of(on).key, half_month_of(on).key,
            (on - date(2026, 2, 13)).days, working.add_workdays(on, 3).isoformat(), working.is_workday(on),
            due(date(2026, 12, 31), on), clock.local(clock.now()).isoformat(),
        ])
json.dump([answers, time.tzname[0]], sys.stdout)
"""

# (instant, business date, month, quarter, half month, days since 13 February, 3 workdays on, a workday?)
INSTANTS = [
    ("2026-11-24T15:59:59+00:00", "2026-11-24", "2026-11", "2026Q4", "2026-11/2", 284, "2026-11-27", True),
    ("2026-11-24T16:00:00+00:00", "2026-11-25", "2026-11", "2026Q4", "2026-11/2", 285, "2026-11-30", True),
    # 23:59 and 00:00 in Shanghai, at a month's and a quarter's end: 1 October begins 国庆, work resumes on the 8th
    ("2026-09-30T23:59:00+08:00", "2026-09-30", "2026-09", "2026Q3", "2026-09/2", 229, "2026-10-10", True),
    ("2026-10-01T00:00:00+08:00", "2026-10-01", "2026-10", "2026Q4", "2026-10/1", 230, "2026-10-10", False),
    ("2026-11-15T23:59:00+08:00", "2026-11-15", "2026-11", "2026Q4", "2026-11/1", 275, "2026-11-18", False),
    ("2026-11-16T00:00:00+08:00", "2026-11-16", "2026-11", "2026Q4", "2026-11/2", 276, "2026-11-19", True),
    # 28 February 2026 is a 调休 working Saturday; the leap day of 2028 lies in a year not announced
    ("2026-02-28T00:00:00+08:00", "2026-02-28", "2026-02", "2026Q1", "2026-02/2", 15, "2026-03-04", True),
    ("2026-02-28T16:00:00+00:00", "2026-03-01", "2026-03", "2026Q1", "2026-03/1", 16, "2026-03-04", False),
    ("2028-02-28T16:00:00+00:00", "2028-02-29", "2028-02", "2028Q1", "2028-02/2", 746, "2028-03-03", True),
    ("2028-02-29T15:59:59+00:00", "2028-02-29", "2028-02", "2028Q1", "2028-02/2", 746, "2028-03-03", True),
    ("2026-12-31T15:59:59+00:00", "2026-12-31", "2026-12", "2026Q4", "2026-12/2", 321, "2027-01-05", True),
    ("2026-12-31T16:00:00+00:00", "2027-01-01", "2027-01", "2027Q1", "2027-01/1", 322, "2027-01-06", True),
    # Saturday 14 February 2026 is a working day; in Los Angeles it is still Friday the 13th
    ("2026-02-13T16:00:00+00:00", "2026-02-14", "2026-02", "2026Q1", "2026-02/1", 1, "2026-02-26", True),
]


@pytest.mark.parametrize("zone", ZONES)
def test_a_day_is_shanghais_whatever_the_hosts_zone(zone: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROBE],
        input=json.dumps([row[0] for row in INSTANTS]),
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={**os.environ, "TZ": zone},
    )
    assert done.returncode == 0, done.stderr
    answers, name = json.loads(done.stdout)
    assert name == {"UTC": "UTC", "Asia/Shanghai": "CST", "America/Los_Angeles": "PST"}[zone]
    for (instant, *expected), answer in zip(INSTANTS, answers, strict=True):
        on = date.fromisoformat(expected[0])
        left = (date(2026, 12, 31) - on).days
        words = f"剩 {left} 天" if left > 0 else f"逾期 {-left} 天" if left else "今天"
        local = datetime.fromisoformat(instant).astimezone(clock.SHANGHAI).isoformat()
        assert answer == [*expected, words, local], instant


def test_travelling_is_undone_even_by_an_error() -> None:
    before = clock.now()
    with pytest.raises(RuntimeError), clock.travelling_to(date(2026, 2, 14)):
        assert clock.now() == datetime(2026, 2, 14, 4, tzinfo=UTC)  # noon in Shanghai
        with clock.travelling_to(datetime(1993, 7, 4, 16, tzinfo=UTC)):
            assert clock.today() == date(1993, 7, 5)
        assert clock.today() == date(2026, 2, 14)
        raise RuntimeError
    assert clock.now() - before < timedelta(minutes=1)


BANNED = {
    "today",
    "now",
    "utcnow",
    "localdate",
    "localtime",
    "fromtimestamp",
    "utcfromtimestamp",
    "time",
    "time_ns",
}
BANNED_ON = {"date", "datetime", "timezone", "time", "dt"}
MODULES = {"datetime", "time", "django.utils.timezone"}
EXEMPT = (
    "core/clock.py",
    "roads/",  # start processes and know no business date
    "postloan/celery.py",  # numbers the message files of the folder broker, in the order of the wall clock
    HERE,
)


def asks_the_system(source: str) -> list[int]:
    """Lines that ask the operating system for the date or the time, by whatever name it was imported."""
    tree = ast.parse(source)
    roots, functions = set(), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            roots |= {
                alias.asname or alias.name.split(".")[0]
                for alias in node.names
                if alias.name in MODULES | {"django.utils"}
            }
        if isinstance(node, ast.ImportFrom) and node.module in MODULES | {"django.utils"}:
            for alias in node.names:
                name = alias.asname or alias.name
                if alias.name in BANNED_ON:
                    roots.add(name)
                if alias.name in BANNED:
                    functions.add(name)
    lines = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call | ast.Attribute):
            continue
        if isinstance(node, ast.Attribute) and node.attr in BANNED and _root(node.value) in roots:
            # datetime.time(…) and datetime.date are types, not readings; time.time and date.today are readings
            if node.attr == "time" and _root(node.value) != "time":
                continue
            lines.append(node.lineno)
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in functions - {"time"}
        ):
            lines.append(node.lineno)
    return sorted(set(lines))


def _root(node: ast.expr) -> str:
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


@pytest.mark.parametrize(
    "source",
    [
        "from datetime import date\ndate.today()",
        "import datetime\ndatetime.date.today()",
        "import datetime as d\nd.datetime.now()",
        "from datetime import datetime as D\nD.now(tz)",
        "from datetime import datetime\ndatetime.utcnow()",
        "from django.utils import timezone\ntimezone.now().date()",
        "from django.utils.timezone import now\nnow()",
        "from django.utils.timezone import localdate as d\nd()",
        "from django.utils import timezone\nField(default=timezone.now)",
        "import time\ntime.time()",
        "import django.utils.timezone\ndjango.utils.timezone.now()",
    ],
)
def test_the_check_sees_each_way_of_asking(source: str) -> None:
    assert asks_the_system(source) == [2]


@pytest.mark.parametrize(
    "source",
    [
        "from core import clock\nclock.today()\nclock.now()",
        "from datetime import time\ntime(12)",
        "import datetime\ndatetime.time(12)",
        "import time\ntime.monotonic()\ntime.sleep(1)",
        "now = 1\nself.now()",
    ],
)
def test_the_check_lets_what_is_meant_pass(source: str) -> None:
    assert asks_the_system(source) == []


def test_nobody_but_the_clock_asks_the_operating_system() -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.py"],
        capture_output=True, text=True, check=False, cwd=ROOT,
    ).stdout.split()  # fmt: skip
    names = tracked or [
        str(path.relative_to(ROOT))
        for path in ROOT.rglob("*.py")
        if not {".venv", "var", "node_modules"} & set(path.relative_to(ROOT).parts)
    ]
    asking = {
        name: lines
        for name in names
        if not name.startswith(EXEMPT) and (ROOT / name).is_file()
        if (lines := asks_the_system((ROOT / name).read_text(encoding="utf-8")))
    }
    assert len(names) > 50
    assert asking == {}
