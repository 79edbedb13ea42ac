"""Sign in, sign out, change one's own password; leaves and their deputies."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import views as auth_views
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import services
from accounts.forms import LeaveForm, OwnPasswordForm, SignInForm
from accounts.http import SignedInRequest
from accounts.leaves import leaves_page
from accounts.passwords import LET_IN, SIGN_IN, Locked, as_axes_sees, locks_since_last_sign_in
from accounts.selectors import leaves_seen_by, people_for
from core import audit, clock
from core.actor import Actor, acting_as, current
from core.addresses import is_id
from core.errors import Refused
from core.once import once

PASSWORD_CHANGED = audit.act("accounts.password_changed", gettext_lazy("修改密码"))


@method_decorator(login_not_required, name="dispatch")
class SignIn(auth_views.LoginView):
    """Sign in by 工号; someone signed in already goes home."""

    form_class = SignInForm
    template_name = "registration/login.html"
    redirect_authenticated_user = True
    http_method_names = ("get", "head", "options", "post")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Whether this is a demonstration, whose accounts are written on the page."""
        return super().get_context_data(demo=settings.DEMO, **kwargs)

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        """Let the person in, write it down, and tell of locks since the last time."""
        user, address = form.get_user(), current().address
        as_axes_sees(self.request, address, SIGN_IN)
        with acting_as(Actor(user.username, user.name, address)):
            response = super().form_valid(form)
            for told in locks_since_last_sign_in(user):
                messages.warning(self.request, told)
            audit.record(act=LET_IN, subject=user)
        return response

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        """A lock has a page of its own, the same for a known and an unknown 工号; a full lane keeps what was typed."""
        assert isinstance(form, SignInForm)
        if isinstance(form.refusal, Locked):
            return render(self.request, "registration/locked.html", {"refusal": form.refusal}, status=429)
        return self.render_to_response(self.get_context_data(form=form), status=form.status)


class SignOut(auth_views.LogoutView):
    """Sign out, by POST only."""


class ChangePassword(auth_views.PasswordChangeView):
    """Change one's own password: sessions of the person elsewhere end, this one goes on."""

    form_class = OwnPasswordForm
    template_name = "registration/password_change.html"
    success_url = reverse_lazy("home")
    http_method_names = ("get", "head", "options", "post")

    def form_valid(self, form: PasswordChangeForm) -> HttpResponse:
        """Store it and say what it means for other browsers."""
        response = super().form_valid(form)
        audit.record(act=PASSWORD_CHANGED, subject=form.user)
        messages.success(self.request, _("密码已修改。您在其他电脑和手机上的登录已全部退出。"))
        return response

    def form_invalid(self, form: PasswordChangeForm) -> HttpResponse:
        """The page again, with what is wrong."""
        assert isinstance(form, OwnPasswordForm)
        return self.render_to_response(self.get_context_data(form=form), status=form.status)


@require_safe
def leaves(request: SignedInRequest) -> HttpResponse:
    """休假与代理: leaves that go on, that come and that are past, as far as the person sees them."""
    return render(request, "accounts/leaves.html", leaves_page(request.user, clock.today()))


@require_http_methods(["GET", "HEAD", "POST"])
@once()
def leave_new(request: SignedInRequest) -> HttpResponse:
    """Register a leave: one's own, or that of somebody whom one leads."""
    user, on = request.user, clock.today()
    chosen = request.POST.get("person") or request.GET.get("person") or ""
    people = people_for(user)
    person = get_object_or_404(people, pk=int(chosen)) if is_id(chosen) else user
    form = LeaveForm(request.POST or None, person=person, by=user, on=on, initial={"from_on": on})
    if form.is_valid():
        try:
            leave = services.register_leave(person=person, by=user, on=on, **form.cleaned_data)
        except Refused as refusal:  # what was typed stays on the page
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("已登记：%(leave)s。") % {"leave": leave})
            return redirect("leaves")
    offered = people.order_by("name", "pk") if people.exclude(pk=user.pk).exists() else []
    page = {"form": form, "person": person, "people": offered}
    return render(request, "accounts/leave_form.html", page, status=422 if form.errors else 200)


@require_POST
def leave_end(request: SignedInRequest, pk: int) -> HttpResponse:
    """The person is back, or does not go: the deputy's powers end at once."""
    leave = get_object_or_404(leaves_seen_by(request.user), pk=pk)
    services.end_leave(leave=leave, by=request.user, on=clock.today())
    messages.success(
        request,
        _("%(deputy)s对%(who)s的代理已结束。") % {"deputy": leave.deputy.name, "who": leave.person.name},
    )
    return redirect("leaves")
