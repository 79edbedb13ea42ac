"""What a person sets about a list, whichever it is: its columns, and filters kept under a name."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.access import check_role
from accounts.http import SignedInRequest
from core import clock
from core.errors import Invalid
from workflow.registers import services
from workflow.registers.lists import Asked, Register, registers


def _meant(request: SignedInRequest, register: str) -> tuple[Register, str]:
    """The list, and the address to go back to: the list with the filters that were sent along."""
    one = registers().get(register)
    if one is None:
        raise Http404
    check_role(request.user, *one.roles)
    address = one.filters(request.POST, model=one.model, user=request.user).address
    return one, address


def _back(one: Register, address: str) -> HttpResponse:
    return redirect(f"{reverse(one.route)}{'?' if address else ''}{address}")


@require_POST
def list_columns(request: SignedInRequest, register: str) -> HttpResponse:
    """Show the ticked columns from now on."""
    one, address = _meant(request, register)
    offered = [column.name for column in one.screen_columns(Asked(request.user, clock.today(), {}))[1:]]
    shown = request.POST.getlist("_column")
    services.choose_columns(person=request.user, register=register, offered=offered, shown=shown)
    return _back(one, address)


@require_POST
def list_filter_save(request: SignedInRequest, register: str) -> HttpResponse:
    """Keep the filters of the list as it stands under a name."""
    one, address = _meant(request, register)
    try:
        services.save_filter(
            person=request.user, register=register, name=request.POST.get("_name", ""), address=address
        )
    except Invalid as invalid:
        messages.error(request, str(invalid))
    else:
        messages.success(request, _("已保存筛选。"))
    return _back(one, address)


@require_POST
def list_filter_forget(request: SignedInRequest, register: str) -> HttpResponse:
    """Throw a kept filter away."""
    one, address = _meant(request, register)
    services.forget_filter(person=request.user, register=register, name=request.POST.get("_name", ""))
    return _back(one, address)
