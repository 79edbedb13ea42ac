"""What the frame around every page shows: the person, the business date, the state of the day, the rooms."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.choices import BUSINESS_ROLES, CUSTOMER_READERS, OVERSEERS, Role, UnitKind
from accounts.models import Unit, User
from core import clock
from credit.entry.kinds import ENTERERS
from credit.models import Borrower
from postloan.day_page import READERS as DAY_READERS
from postloan.health import state_of_day
from reviews.policy.views import PARTIES as POLICY_PARTIES
from workflow.selectors import consents_waiting_for, waiting_for
from workflow.services.days import DayState
from workflow.tasks import count_of
from workflow.views.late_list import DECIDERS as LATE_DECIDERS

COUNT_LIMIT = 1000  # a count in the frame is a hint; beyond this it says 999+ and costs no more

SIGNERS = (
    Role.CUSTOMER_HEAD,
    Role.RISK_MANAGER,
    Role.RISK_HEAD,
    Role.VICE_PRESIDENT,
    Role.PRESIDENT,
    Role.ACCOUNTANT,
)


def bounded_count(rows: QuerySet) -> str:
    """How many rows there are, without counting a whole table for a hint."""
    count = rows.order_by()[:COUNT_LIMIT].count()
    return str(count) if 0 < count < COUNT_LIMIT else f"{COUNT_LIMIT - 1}+" if count else ""


def _tasks(user: User) -> str:
    count = count_of(user, COUNT_LIMIT)
    return str(count) if 0 < count < COUNT_LIMIT else f"{COUNT_LIMIT - 1}+" if count else ""


def _borrowers(user: User) -> str:
    """A customer manager's own; of those who read a branch, each of whose pages would count it, no number."""
    wide = user.scope.reads_all or user.scope.unit_ids
    return "" if wide else bounded_count(Borrower.objects.visible_to(user).values("pk"))


def _signatures(user: User) -> str:
    return bounded_count(waiting_for(user))


def _consents(user: User) -> str:
    return str(len(consents_waiting_for(user, clock.today())) or "")


@dataclass(frozen=True)
class Tab:
    """One page of a room that has several; `also` are routes that belong to it."""

    label: Any
    route: str
    roles: tuple[Role, ...]
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class Room:
    """One entry of the navigation: where it leads, whose it is, and the number beside it.

    A room with `tabs` leads to the first of them that the person may use.
    """

    label: Any
    route: str
    roles: tuple[Role, ...]
    count: Callable[[User], str] | None = None
    also: tuple[str, ...] = ()  # routes that belong to the room
    tabs: tuple[Tab, ...] = ()

    def has(self, route: str) -> bool:
        """Whether a page belongs to the room."""
        return route in (self.route, *self.also) or any(route in (tab.route, *tab.also) for tab in self.tabs)


ROOMS = (
    Room(gettext_lazy("今日"), "home", tuple(Role), _tasks),
    Room(gettext_lazy("看板"), "dashboard", CUSTOMER_READERS, None, ("dashboard_rows",)),
    Room(gettext_lazy("待签"), "document_inbox", SIGNERS, _signatures, ("document_inbox_read",)),
    Room(
        gettext_lazy("客户"),
        "borrowers",
        BUSINESS_ROLES,
        _borrowers,
        ("borrower", "loans", "event_new", "event_reverse", "search"),
    ),
    Room(gettext_lazy("手工录入"), "entry", ENTERERS, None, ("entry_kind", "entry_handover")),
    Room(gettext_lazy("集团"), "groups", BUSINESS_ROLES, None, ("group",)),
    Room(gettext_lazy("合同约定"), "agreements", BUSINESS_ROLES),
    Room(gettext_lazy("保函"), "letters", BUSINESS_ROLES, None, ("margin_release",)),
    Room(
        gettext_lazy("资金账户"),
        "payments",
        (*CUSTOMER_READERS, Role.ACCOUNTANT),
        tabs=(
            Tab(
                gettext_lazy("支付审核"),
                "payments",
                CUSTOMER_READERS,
                ("payment_authority", "payment_cancel"),
            ),
            Tab(gettext_lazy("支付放行"), "counter", (Role.ACCOUNTANT,)),
            Tab(gettext_lazy("用款跟踪"), "uses", CUSTOMER_READERS),
            Tab(gettext_lazy("账户台账"), "ledgers", CUSTOMER_READERS),
            Tab(gettext_lazy("受控账户"), "supervised_accounts", CUSTOMER_READERS),
        ),
    ),
    Room(
        gettext_lazy("资金预警"),
        "signals",
        CUSTOMER_READERS,
        tabs=(
            Tab(gettext_lazy("资金信号"), "signals", CUSTOMER_READERS, ("signal",)),
            Tab(gettext_lazy("挪用处置"), "misuse", CUSTOMER_READERS, ("misuse_case", "misuse_new")),
            Tab(gettext_lazy("到期资金"), "funds", CUSTOMER_READERS),
            Tab(gettext_lazy("未来资金"), "outlook", CUSTOMER_READERS),
        ),
    ),
    Room(gettext_lazy("到期与逾期"), "branch_duties", OVERSEERS),
    Room(gettext_lazy("补录"), "late_entries", (*LATE_DECIDERS, Role.AUDITOR), _consents),
    Room(gettext_lazy("使用情况"), "usage", BUSINESS_ROLES),
    Room(
        gettext_lazy("检查"),
        "first_checks",
        CUSTOMER_READERS,
        tabs=(
            Tab(gettext_lazy("首次检查"), "first_checks", CUSTOMER_READERS),
            Tab(gettext_lazy("正常类抽查"), "samples", OVERSEERS, ("sample",)),
        ),
    ),
    Room(
        gettext_lazy("数据导入"),
        "imports",
        (Role.ADMIN, Role.AUDITOR),
        None,
        ("import_batch", "import_upload"),
    ),
    Room(
        gettext_lazy("日终"),
        "day",
        DAY_READERS,
    ),
    Room(gettext_lazy("制度对照"), "rulebook", (*BUSINESS_ROLES, Role.ADMIN)),
    Room(
        gettext_lazy("管理方案"),
        "policy",
        POLICY_PARTIES,
        None,
        ("policy_scheme", "policy_change", "policy_version", "preview"),
    ),
    Room(gettext_lazy("工作日历"), "calendar", POLICY_PARTIES, None, ("calendar_change",)),
    Room(gettext_lazy("操作记录"), "audit", (Role.AUDITOR,), None, ("audit_verify",)),
)


@dataclass(frozen=True)
class NavItem:
    """A room as the navigation shows it to one person."""

    label: str
    url: str
    here: bool
    count: str


@dataclass(frozen=True)
class TabItem:
    """A page of the room as its tabs show it to one person."""

    label: str
    url: str
    here: bool


@dataclass(frozen=True)
class Frame:
    """Everything around the content."""

    today: date
    branch: str = ""
    posts: str = ""
    may_search: bool = False
    day: DayState | None = None
    day_url: str = ""
    nav: list[NavItem] = field(default_factory=list)
    tabs: list[TabItem] = field(default_factory=list)


def branch_of(units: list[Unit]) -> str:
    """The branch that the person works in: the nearest one at or above their first post."""
    if not units:
        return ""
    codes = [code for code in units[0].path.split("/") if code]
    above = Unit.objects.filter(code__in=codes).exclude(kind=UnitKind.DEPARTMENT).order_by("-path").first()
    return (above or units[0]).name


def _may_use(user: User, room: Room | Tab) -> str:
    """Where it leads; empty where it is not the person's, or is not built yet."""
    if not user.scope.has(*room.roles):
        return ""
    try:
        return reverse(room.route)
    except NoReverseMatch:
        return ""


def nav_for(user: User, route: str) -> list[NavItem]:
    """The rooms that exist and that this person may use."""
    items = []
    for room in ROOMS:
        ways = [_may_use(user, tab) for tab in room.tabs] if room.tabs else [_may_use(user, room)]
        if url := next(filter(None, ways), ""):
            count = room.count(user) if room.count else ""
            items.append(NavItem(str(room.label), url, room.has(route), count))
    return items


def tabs_for(user: User, route: str) -> list[TabItem]:
    """The pages of the room that a page belongs to, as the person may use them; none where it is the only one."""
    tabs = next((room.tabs for room in ROOMS if room.tabs and room.has(route)), ())
    items = [
        TabItem(str(tab.label), url, route in (tab.route, *tab.also))
        for tab in tabs
        if (url := _may_use(user, tab))
    ]
    return items if len(items) > 1 else []


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
        nav=nav_for(user, route),
        tabs=tabs_for(user, route),
    )


def frame(request: HttpRequest) -> dict[str, Any]:
    """Context of the frame, computed only when a template asks for it (fragments do not)."""
    return {"frame": SimpleLazyObject(lambda: frame_of(request))}
