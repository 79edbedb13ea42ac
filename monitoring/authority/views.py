"""The page on which a principal says who reviews payments up to how much (审核权限)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Prefetch
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from accounts.access import require_role
from accounts.choices import CUSTOMER_READERS, Role
from accounts.http import SignedInRequest
from accounts.models import Post, User
from core import clock, money
from core.errors import Invalid, Refused
from core.forms import DayField
from core.once import once
from core.policy import policy_on
from monitoring.authority import services as authority
from monitoring.authority.rules import REVIEWERS, Tier, default_tiers
from monitoring.models import PaymentAuthority, PaymentTier

ROWS = 5
HISTORY = 50


class AuthorityForm(forms.Form):
    """Up to five tiers; a row without a post is left out."""

    from_on = DayField(label=gettext_lazy("生效日"))

    def __init__(self, *args: Any, user: User, on: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = _people(user, on)
        roles = [("", "–"), *((role.value, role.label) for role in REVIEWERS)]
        for place in range(1, ROWS + 1):
            self.fields[f"role_{place}"] = forms.ChoiceField(
                label=_("第 %(n)s 级岗位") % {"n": place}, choices=roles, required=False
            )
            self.fields[f"person_{place}"] = forms.ChoiceField(
                label=_("指定人员（可不选）"), choices=[("", _("该岗位任何人")), *people], required=False
            )
            self.fields[f"up_to_{place}"] = forms.CharField(
                label=_("权限金额（元）"), max_length=30, required=False, help_text=_("末级留空，不限金额。")
            )

    @property
    def rows(self) -> list[tuple[int, Any, Any, Any]]:
        """The inputs, tier by tier."""
        return [(n, self[f"role_{n}"], self[f"person_{n}"], self[f"up_to_{n}"]) for n in range(1, ROWS + 1)]

    def steps(self) -> list[Tier]:
        """What was entered; Invalid says which tier cannot be read."""
        return [self._step(place) for place in range(1, ROWS + 1) if self.cleaned_data.get(f"role_{place}")]

    def _step(self, place: int) -> Tier:
        data = self.cleaned_data
        typed, person = data.get(f"up_to_{place}", "").strip(), data.get(f"person_{place}")
        try:
            up_to = money.parse(typed) if typed else None
        except Invalid as invalid:
            raise Invalid(_("第 %(n)s 级：%(why)s") % {"n": place, "why": invalid}) from invalid
        return Tier(Role(data[f"role_{place}"]), up_to, int(person) if person else None)


def _people(user: User, on: date) -> list[tuple[str, str]]:
    """Whom a tier may name: who holds a reviewer's post in the units that the person reads."""
    posts = (
        Post.objects.current(on)
        .filter(role__in=REVIEWERS, unit__in=user.scope.unit_ids)
        .select_related("person")
        .order_by("role", "person__name")
    )
    return [(str(post.person_id), f"{post.person.name}（{post.get_role_display()}）") for post in posts]


def _initial(steps: tuple[Tier, ...], on: date) -> dict[str, Any]:
    found: dict[str, Any] = {"from_on": on.isoformat()}
    for place, step in enumerate(steps, start=1):
        found |= {
            f"role_{place}": step.role.value,
            f"person_{place}": str(step.person_id or ""),
            f"up_to_{place}": "" if step.up_to is None else _typed(step.up_to),
        }
    return found


def _typed(amount: Decimal) -> str:
    return f"{amount:,.2f}"


@require_http_methods(["GET", "HEAD", "POST"])
@require_role(*CUSTOMER_READERS)
@once()
def payment_authority(request: SignedInRequest) -> HttpResponse:
    """What holds, what held, and the form for whoever is a principal."""
    on, user = clock.today(), request.user
    own = PaymentAuthority.objects.in_force(on).filter(set_by=user).first()
    steps = (
        tuple(Tier(Role(t.role), t.up_to, t.person_id) for t in own.tiers.order_by("place")) if own else ()
    )
    default = default_tiers(policy_on(on))
    form = AuthorityForm(request.POST or None, user=user, on=on, initial=_initial(steps or default, on))
    status = 200
    if form.is_bound and form.is_valid():
        try:
            authority.set_authority(by=user, steps=form.steps(), from_on=form.cleaned_data["from_on"], on=on)
        except Refused as refusal:
            form.add_error(None, str(refusal))
            status = refusal.status
        else:
            messages.success(request, _("审核权限已设定，自生效日起提交的支付按新权限审核。"))
            return redirect("payment_authority")
    context = {
        "form": form,
        "why_not": authority.reason_not_to_set(user, on),
        "default": default,
        "history": _history(user),
        "today": on,
    }
    return render(request, "monitoring/authority.html", context, status=status)


def _history(user: User) -> Any:
    """What was set by whoever reads one of the units that the person reads; an auditor reads all."""
    rows = PaymentAuthority.objects.select_related("set_by").prefetch_related(
        Prefetch("tiers", queryset=PaymentTier.objects.select_related("person").order_by("place"))
    )
    if not user.scope.reads_all:
        posts = user.posts.model.objects.current(user.scope.on).filter(person__in=user.scope.person_ids)
        branches = {post.unit.branch_id for post in posts.select_related("unit")}
        there = Post.objects.filter(unit__in=branches).values("person")
        rows = rows.filter(set_by__in=there)
    return rows.order_by("-from_on", "-pk")[:HISTORY]
