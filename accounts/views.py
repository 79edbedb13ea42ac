"""Sign in, sign out, change one's own password, and the page of a locked sign-in."""

from __future__ import annotations

from typing import Any

from axes.helpers import get_cool_off
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import views as auth_views
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _

from accounts.forms import OwnPasswordForm, SignInForm
from core import audit, clock
from core.actor import Actor, acting_as


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
        """Let the person in and write it down."""
        user = form.get_user()
        with acting_as(Actor(user.username, user.name, self.request.META.get("REMOTE_ADDR", ""))):
            response = super().form_valid(form)
            audit.record(act="accounts.signed_in", subject=user)
        return response


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
        audit.record(act="accounts.password_changed", subject=form.user)
        messages.success(self.request, _("密码已修改。您在其他电脑和手机上的登录已全部退出。"))
        return response


def locked_out(
    request: HttpRequest, original_response: HttpResponse | None = None, credentials: Any = None
) -> HttpResponse:
    """Too many wrong passwords: say when to try again, the same for a known and an unknown 工号."""
    tried = str((credentials or {}).get("username", ""))[:60]
    audit.record(act="accounts.locked_out", subject="accounts.user", note=tried)
    until = clock.local(clock.now() + get_cool_off(request))
    return render(request, "registration/locked.html", {"until": until}, status=429)
