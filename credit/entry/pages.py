"""One page of rows: what it opens with, what came back, what is saved, and where it leads on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.choices import Role
from accounts.models import Post, Unit, User
from core.models import Scheme
from core.staging.shapes import Kind, Type
from credit.choices import GuaranteeKind, Product
from credit.entry.forms import KeyForm, ManagerForm, RowForm, label_of, lists_of
from credit.entry.kinds import WHOLE, enters
from credit.entry.rows import Texts, fingerprint, found, plan_of, stands, typed
from credit.entry.saving import Outcome, enter, with_manager
from credit.entry.scope import OWNERS, Complaint, branch_units, check_rows, enterable, manager_posts, parents
from credit.imports.kinds import KINDS
from credit.models import Account, Borrower, Collateral, Contract, Guarantee, Loan

MOST_ROWS = 400  # of one page; a plan of thirty years has 360
LISTED = 300  # numbers that a field offers to choose from
NARROW = 7  # a kind of at most so many fields is shown as a table, a wider one as a block per row

_SHOWN: dict[Any, str] = {
    Borrower: "name",
    Contract: "borrower__name",
    Loan: "borrower__name",
    Guarantee: "guarantor_name",
    Account: "borrower__name",
    Collateral: "name",
    Unit: "name",
    User: "name",
}

# What is usually entered next: kind → (next kind, its field → the field it is filled from).
_NEXT: dict[str, tuple[tuple[str, dict[str, str]], ...]] = {
    "customers": (("contracts", {"borrower": "number"}), ("accounts", {"borrower": "number"})),
    "contracts": (
        ("loans", {"contract": "number", "product": "product"}),
        ("clauses", {"contract": "number"}),
        ("conditions", {"contract": "number"}),
        ("counterparties", {"borrower": "borrower", "contract": "number"}),
        ("guarantees", {"borrower": "borrower"}),
    ),
    "loans": (
        ("schedules", {"loan": "number"}),
        ("bills", {"loan": "number"}),
        ("letters", {"loan": "number"}),
        ("secured", {"loan": "number"}),
    ),
    "guarantees": (("secured", {"guarantee": "number"}), ("liens", {"guarantee": "number"})),
    "collateral": (("liens", {"collateral": "number"}), ("valuations", {"collateral": "number"})),
}
_NOT_FOR: dict[str, frozenset[str]] = {  # what does not follow from a row of this product or kind
    "bills": frozenset(Product.values) - {Product.ACCEPTANCE, Product.DISCOUNT},
    "letters": frozenset(Product.values) - {Product.LETTER_OF_GUARANTEE},
    "liens": frozenset({GuaranteeKind.SURETY}),
}


@dataclass
class EntryPage:
    """The rows of one page, as opened or as sent."""

    kind: Kind
    by: User
    on: date
    forms: list[RowForm] = field(default_factory=list)
    known: list[Texts] = field(default_factory=list)  # what stands and is corrected here
    owner: str = ""  # of a plan
    given: Texts = field(default_factory=dict)
    lists: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    manager: ManagerForm | None = None
    errors: list[str] = field(default_factory=list)
    rows: list[Texts] = field(default_factory=list)  # what was typed, without the rows left empty

    @property
    def is_plan(self) -> bool:
        """Whether all rows of one owner are shown and saved together."""
        return self.kind.name in WHOLE

    @property
    def corrects(self) -> bool:
        """Whether a standing row is corrected."""
        return bool(self.known) and not self.is_plan

    @property
    def asks_owner(self) -> bool:
        """Whether the page must first know whose rows."""
        return self.is_plan and not self.owner

    @property
    def locked(self) -> tuple[str, ...]:
        """Columns that stand as they are."""
        if self.is_plan:
            return (WHOLE[self.kind.name],)
        return self.kind.key if self.corrects else ()

    @property
    def headers(self) -> list[tuple[str, bool]]:
        """Label of each field that is typed, and whether it must be."""
        return [(label_of(c), c.required) for c in self.kind.columns if c.name not in self.locked]

    @property
    def narrow(self) -> bool:
        """Whether the rows fit into a table."""
        return len(self.headers) <= NARROW

    @property
    def seen(self) -> str:
        """What stood when the page was opened."""
        return fingerprint(self.known)

    @property
    def owner_column(self) -> Any:
        """The column that says whose plan it is."""
        return self.kind.column(WHOLE[self.kind.name])

    @property
    def key_fields(self) -> list[Any]:
        """Fields to find a standing row by."""
        return list(KeyForm(kind=self.kind, lists=lists_of(self.lists)))

    def form(self, number: int, data: QueryDict | None = None, initial: Texts | None = None) -> RowForm:
        """The form of one row."""
        return RowForm(
            data,
            kind=self.kind,
            locked=self.locked,
            lists=lists_of(self.lists),
            prefix=str(number),
            initial=self.given if initial is None else initial,
        )


def opened(request: HttpRequest, kind: Kind, user: User, on: date) -> EntryPage:
    """The page that the address asks for: empty, filled in, a row to correct, or the plan of an owner."""
    page = EntryPage(kind, user, on)
    keys = [typed(text) for text in request.GET.getlist("key")]
    if page.is_plan:
        page.owner = _owner(page, typed(request.GET.get(WHOLE[kind.name], "")))
        page.known = plan_of(kind, page.owner) if page.owner else []
    elif keys:
        row = dict(zip(kind.key, keys, strict=False))
        mine = enterable(found(kind, row, on), kind, user, on).exists()
        stood = stands(kind, row, on) if mine else None
        if stood is None:
            page.errors.append(_("没有找到这一行，或不在您可以录入的范围内。"))
        else:
            page.known = [stood]
    if page.is_plan:
        page.given = {WHOLE[kind.name]: page.owner}
    elif not page.known:
        page.given = _given(request, kind, user, on)
    page.lists = _lists(page)
    if kind.name == "customers" and not page.corrects and user.scope.has(Role.CUSTOMER_HEAD):
        page.manager = ManagerForm(request.POST or None, head=user, on=on)
    rows = [*page.known, page.given] if page.is_plan else page.known or [page.given]
    page.forms = [page.form(number, initial=row) for number, row in enumerate(rows)]
    return page


def _owner(page: EntryPage, text: str) -> str:
    """Whose plan: a number that the person may enter something about."""
    column = page.owner_column
    if text and not parents(page.kind, column, page.by, page.on).filter(**{column.key: text}).exists():
        page.errors.append(
            _("系统中没有这个%(noun)s，或不在您可以录入的范围内") % {"noun": column.noun} + f"：{text}"
        )
        return ""
    return text


def _given(request: HttpRequest, kind: Kind, user: User, on: date) -> Texts:
    """What a new row starts with: what the address says, and the person's own unit."""
    given = {column.name: typed(request.GET.get(column.name, "")) for column in kind.columns}
    if given.get("unit") == "" and kind.name != "people":
        post = manager_posts(on).filter(person=user).first()
        given["unit"] = post.unit.code if post else ""
    return given


def _lists(page: EntryPage) -> dict[str, list[tuple[str, str]]]:
    """For each reference, the numbers to choose from with whose they are."""
    lists: dict[str, list[tuple[str, str]]] = {}
    for column in page.kind.columns:
        if column.name == "scheme":
            lists["scheme"] = list(Scheme.objects.order_by("code").values_list("code", "name"))
        if column.type is not Type.REFERENCE or (column.name in page.locked and page.owner):
            continue
        rows: Any = parents(page.kind, column, page.by, page.on)
        if rows.model is User:
            if Role.ADMIN not in page.by.scope.roles:
                units = branch_units(page.by, page.on).order_by().values("pk")
                rows = rows.filter(
                    pk__in=Post.objects.current(page.on).filter(unit__in=units).values("person")
                )
        elif column.name not in OWNERS and rows.model is not Unit:
            continue
        shown = _SHOWN[rows.model]
        lists[column.name] = list(rows.order_by(column.key).values_list(column.key, shown)[:LISTED])
    return lists


def sent(page: EntryPage, data: QueryDict) -> None:
    """Take up what came back, with one more row where that was asked for."""
    count = data.get("rows", "")
    number = min(int(count), MOST_ROWS) if count.isdecimal() and len(count) < 6 else 0
    page.forms = [page.form(n, data) for n in range(number)]
    for form in page.forms:
        form.full_clean()  # the import's reasons are added to it
    if "_add" in data and number < MOST_ROWS:
        page.forms.append(page.form(number))
        page.forms[-1].begin()


def save(page: EntryPage, seen: str) -> Outcome | None:
    """Save what was typed; None where something is wrong, which then stands beside its field."""
    filled = [form for form in page.forms if not _is_empty(form, page)]
    rows = page.rows = [{**form.texts, **_fixed(page, number)} for number, form in enumerate(filled)]
    if not rows:
        page.errors.append(_("还没有填写任何内容。"))
        return None
    if page.known and seen != page.seen:
        page.errors.append(_("这些内容在您打开之后又被改动过，下面是您填写的。请核对后再次保存。"))
        return None
    if page.manager and not page.manager.is_valid():
        return None
    complaints = check_rows(page.kind, rows, by=page.by, on=page.on, known=page.known)
    # The import never sees a row that is not the person's to enter; what is wrong with the others is told as well.
    fine = [
        number for number in range(len(rows)) if number not in {complaint.row for complaint in complaints}
    ]
    outcome = Outcome()
    if fine:
        mine = [rows[number] for number in fine]
        outcome = enter(
            kind=page.kind,
            rows=mine,
            by=page.by,
            on=page.on,
            also=_also(page, mine),
            only_check=bool(complaints),
        )
    for complaint in outcome.complaints:
        row = None if complaint.row is None or complaint.row >= len(fine) else fine[complaint.row]
        complaints.append(replace(complaint, row=row))
    for complaint in complaints:
        _place(complaint, filled, page)
    return None if complaints else outcome


def _is_empty(form: RowForm, page: EntryPage) -> bool:
    """A row in which nothing was typed beside what it started with; nothing can be cleared by emptying a row."""
    if page.corrects:
        return False
    return all(text in ("", page.given.get(name, "")) for name, text in form.texts.items())


def _fixed(page: EntryPage, number: int) -> Texts:
    """What stands whatever a form sends: the key of a row that is corrected, the owner of a plan."""
    if page.is_plan:
        return page.given
    return {name: page.known[number][name] for name in page.kind.key} if page.corrects else {}


def _also(page: EntryPage, rows: Sequence[Texts]) -> dict[str, list[Texts]]:
    """A new customer comes with the customer manager."""
    if page.kind.name != "customers" or page.corrects:
        return {}
    manager = page.manager.cleaned_data["manager"] if page.manager else page.by
    return with_manager(rows, manager=manager, on=page.on)


def _place(complaint: Complaint, filled: Sequence[RowForm], page: EntryPage) -> None:
    if complaint.row is None:
        page.errors.append(complaint.reason)
        return
    form = filled[complaint.row]
    hidden = complaint.column in form.locked
    form.add_error(None if hidden or not complaint.column else complaint.column, complaint.reason)


# What is entered from which panel of a customer's page, and of a loan's.
_OF_BORROWER: dict[str, tuple[str, ...]] = {
    "loans": ("contracts", "loans"),
    "guarantees": ("guarantees", "secured", "collateral", "liens", "valuations"),
    "agreements": ("clauses", "conditions"),
    "people": ("responsibilities",),
    "connections": ("related_parties", "group_members"),
    "accounts": ("accounts",),
    "trade": ("counterparties", "declared_sales", "other_debts"),
}
_OF_LOAN: dict[str, tuple[str, ...]] = {
    "plan": ("schedules",),
    "bills": ("bills",),
    "ledger": ("repayments",),
}
Links = dict[str, list[tuple[str, str]]]  # panel → (label, address) of what may be entered there


def _links(panels: dict[str, tuple[str, ...]], mine: set[str], **about: str) -> Links:
    return {
        panel: [
            (_("录入%(kind)s") % {"kind": KINDS[name].label}, address(name, about))
            for name in kinds
            if name in mine
        ]
        for panel, kinds in panels.items()
    }


def address(name: str, about: dict[str, str]) -> str:
    """The page of a kind, filled in with what is known."""
    return f"{reverse('entry_kind', args=[name])}?{urlencode(about)}"


def on_loan(number: str, mine: set[str]) -> Links:
    """What may be entered from the page of a loan."""
    return _links(_OF_LOAN, mine, loan=number)


def on_borrower(number: str, mine: set[str]) -> Links:
    """What may be entered from the page of a customer."""
    links = _links(_OF_BORROWER, mine, borrower=number)
    if "customers" in mine:
        links["facts"] = [(_("更正"), address("customers", {"key": number}))]
    return links


def what_next(kind: Kind, row: Texts, user: User, on: date) -> list[tuple[str, str]]:
    """(label, address) of what is usually entered after this row."""
    mine = enters(user, on)
    return [
        (KINDS[name].label, address(name, {to: row.get(of, "") for to, of in fields.items()}))
        for name, fields in _NEXT.get(kind.name, ())
        if name in mine and not _NOT_FOR.get(name, frozenset()) & {row.get("product"), row.get("kind")}
    ]
