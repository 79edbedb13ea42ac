"""What the frame around every page shows: the person, the business date, the state of the day, the groups of pages.

Pages say themselves what they are called, whose they are and which figure stands beside them (`accounts.access.page`);
here they are only put into groups, in the order of a banker's day.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.access import COUNT_LIMIT, Page, pages, told
from accounts.choices import BUSINESS_ROLES, UnitKind
from accounts.models import Unit, User
from core import clock
from postloan.day_page import READERS as DAY_READERS
from postloan.health import state_of_day
from workflow import registry
from workflow.services.days import DayState
from workflow.tasks import counts_of

MOST = 12  # entries that anybody sees at once, the pages of the open group among them
BAR_LENGTH = 4  # of the phone's bar, beside 更多
OPEN = "open_group"  # the cookie with the group that a person opened last; static/js/app.js writes it


@dataclass(frozen=True)
class Group:
    """An entry of the navigation: the pages that it opens to, and whose duties it counts, by where their rules stand.

    A page that bears the name of its group is its head; without such a page the head leads to the first.
    """

    key: str
    title: Any
    routes: tuple[str, ...] = ()
    duties: tuple[str, ...] = ()

    def count(self, work: Counter[str]) -> str:
        """The person's own open tasks of the group."""
        return told(sum(number for place, number in work.items() if place.startswith(self.duties)))


GROUPS = (
    Group(
        "today", gettext_lazy("今日"), ("home", "document_inbox", "late_entries"), duties=("",)
    ),  # of all rules
    Group("board", gettext_lazy("看板"), ("dashboard", "branch_duties", "usage")),
    Group(
        "customers",
        gettext_lazy("客户"),
        ("borrowers", "loans", "groups", "agreements", "letters", "entry"),
    ),
    Group(
        "money",
        gettext_lazy("资金账户"),
        ("payments", "counter", "uses", "ledgers", "supervised_accounts"),
        duties=(
            "monitoring.payments.",
            "monitoring.unreviewed.",
            "monitoring.self_payments.",
            "monitoring.uses.",
            "monitoring.ledgers.",
            "monitoring.supervised.",
        ),
    ),
    Group("checks", gettext_lazy("检查"), ("first_checks", "samples"), duties=("inspections.",)),
    Group(
        "warnings",
        gettext_lazy("预警"),
        ("signals", "misuse", "events", "funds", "outlook"),
        duties=("monitoring.signals.", "monitoring.misuse.", "monitoring.funds.", "monitoring.outlook."),
    ),
    Group("classes", gettext_lazy("分类"), duties=("classification.",)),
    Group("collection", gettext_lazy("催收与保全"), duties=("collections_app.",)),
    Group("meetings", gettext_lazy("例会与报告"), duties=("reviews.",)),
    Group("files", gettext_lazy("档案"), ("documents",), duties=("archives.",)),
    Group("rulebook", gettext_lazy("制度对照"), ("rulebook",)),
    Group("management", gettext_lazy("管理"), ("imports", "day", "policy", "calendar", "audit")),
)

# The pages that a person is most likely to want on the way: the first four of them that are theirs.
BAR = (
    "home", "borrowers", "first_checks", "document_inbox", "counter", "signals", "agreements", "imports", "day",
    "policy", "rulebook",
)  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """A line of the navigation as it is shown to one person."""

    route: str
    label: str
    url: str
    count: str
    current: str  # "page" where one is, "true" for the head of the group that the page belongs to, else empty


@dataclass(frozen=True)
class Room:
    """A group as it is shown to one person: its head, and the pages that it opens to."""

    key: str
    head: Entry
    pages: tuple[Entry, ...] = ()
    open: bool = False

    @property
    def here(self) -> bool:
        """Whether the person is in the group."""
        return bool(self.head.current)

    @property
    def tabs(self) -> list[Entry]:
        """All its pages, where there are several: what moves between them where the column is not there."""
        lead = [self.head] if self.head.route not in {page.route for page in self.pages} else []
        return [*lead, *self.pages] if self.pages else []


@dataclass(frozen=True)
class Nav:
    """The navigation of one person on one page."""

    rooms: list[Room] = field(default_factory=list)
    more: list[Room] = field(default_factory=list)  # those that are folded
    tabs: list[Entry] = field(default_factory=list)
    bar: list[Entry] = field(default_factory=list)


@dataclass(frozen=True)
class Frame:
    """Everything around the content."""

    today: date
    branch: str = ""
    posts: str = ""
    may_search: bool = False
    day: DayState | None = None
    day_url: str = ""
    nav: Nav = field(default_factory=Nav)


def work_of(user: User) -> Counter[str]:
    """The person's own open tasks by the module of the rule that raised them."""
    work: Counter[str] = Counter()
    for kind, number in counts_of(user, COUNT_LIMIT).items():
        work[registry.place_of(kind)] += number
    return work


def _entry(page: Page, user: User, route: str) -> Entry | None:
    """The page as an entry; None where it is not the person's, or not built yet."""
    if not page.is_for(user):
        return None
    try:
        url = reverse(page.route)
    except NoReverseMatch:
        return None
    here = "page" if route in (page.route, *page.also) else ""
    return Entry(page.route, str(page.title), url, page.count(user) if page.count else "", here)


def room_of(group: Group, user: User, route: str, work: Counter[str]) -> Room | None:
    """A group as this person may use it; None where none of its pages is theirs.

    A group of one page is that page; it keeps its own name only where it counts duties, since the figure is of them.
    """
    known = [pages()[one] for one in group.routes if one in pages()]
    entries = [entry for page in known if (entry := _entry(page, user, route))]
    if not entries:
        return None
    first, title, duties = entries[0], str(group.title), group.count(work)
    if len(entries) == 1:
        label = title if group.duties else first.label
        return Room(group.key, replace(first, label=label, count=first.count or duties))
    within = "true" if any(entry.current for entry in entries) else ""
    if first.label == title:
        head = replace(first, count=first.count or duties, current=first.current or within)
        return Room(group.key, head, tuple(entries[1:]))
    return Room(group.key, replace(first, label=title, count=duties, current=within), tuple(entries))


def fold(sizes: Sequence[int], keep: Collection[int] = ()) -> list[int]:
    """Which groups stand in the column; the rest is folded into one entry more.

    Whichever of them is opened, no more than MOST entries are seen. `sizes` are the pages of each below its head;
    `keep` has to stand there: where the person is, and what is open. Nothing is folded to hide a single group.
    """
    others = [i for i in range(len(sizes)) if i not in keep]
    for hidden in (0, *range(2, len(others) + 1)):
        shown = sorted([*keep, *others[: len(others) - hidden]])
        if len(shown) + bool(hidden) + max((sizes[i] for i in shown), default=0) <= MOST:
            return shown
    return sorted(keep)


def bar_of(rooms: list[Room]) -> list[Entry]:
    """The phone's bar: the likeliest pages of the person; a head stands for its group where no page of it does."""
    found = {entry.route: entry for room in rooms for entry in (*room.pages, room.head)}
    bar = [found[route] for route in BAR if route in found][:BAR_LENGTH]
    exact = any(entry.current == "page" for entry in bar)
    return [replace(entry, current="") if exact and entry.current == "true" else entry for entry in bar]


def rooms_for(user: User, route: str) -> list[Room]:
    """The groups that this person may use."""
    work = work_of(user)
    return [room for group in GROUPS if (room := room_of(group, user, route, work))]


def arranged(rooms: list[Room], opened: str = "") -> Nav:
    """What stands where: open is the group where the person is, else the one that they opened last."""
    here = [i for i, room in enumerate(rooms) if room.here]
    open_ = [i for i in here if rooms[i].pages]
    open_ = open_ or [i for i, room in enumerate(rooms) if room.key == opened and room.pages]
    shown = fold([len(room.pages) for room in rooms], {*here, *open_})
    return Nav(
        rooms=[replace(rooms[i], open=i in open_) for i in shown],
        more=[room for i, room in enumerate(rooms) if i not in shown],
        tabs=[tab for i in here for tab in rooms[i].tabs],
        bar=bar_of(rooms),
    )


def branch_of(units: list[Unit]) -> str:
    """The branch that the person works in: the nearest one at or above their first post."""
    if not units:
        return ""
    codes = [code for code in units[0].path.split("/") if code]
    above = Unit.objects.filter(code__in=codes).exclude(kind=UnitKind.DEPARTMENT).order_by("-path").first()
    return (above or units[0]).name


def frame_of(request: HttpRequest) -> Frame:
    """The frame of one page."""
    today = clock.today()
    user = request.user
    if not user.is_authenticated:
        return Frame(today)
    posts = list(user.posts.current(today).select_related("unit"))
    where = " · ".join(dict.fromkeys(f"{post.get_role_display()} · {post.unit.name}" for post in posts))
    match = request.resolver_match
    route = match.url_name or "" if match else ""
    return Frame(
        today=today,
        branch=branch_of([post.unit for post in posts]),
        posts=where or _("当前没有在任岗位"),
        may_search=user.scope.has(*BUSINESS_ROLES),
        day=state_of_day(today),
        day_url=reverse("day") if user.scope.has(*DAY_READERS) else "",
        nav=arranged(rooms_for(user, route), request.COOKIES.get(OPEN, "")),
    )


def frame(request: HttpRequest) -> dict[str, Any]:
    """Context of the frame, computed only when a template asks for it (fragments do not)."""
    return {"frame": SimpleLazyObject(lambda: frame_of(request))}
