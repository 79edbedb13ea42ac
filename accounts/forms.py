"""Sign-in, the change of one's own password, and a leave with its deputy."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.utils.translation import gettext_lazy as _

from accounts import passwords
from accounts.models import User
from accounts.selectors import who_may_stand_in
from accounts.validators import KindsValidator
from core import actor
from core.errors import Refused
from core.forms import DayField


class _Asking:
    """A form that asks for a password; what refused it decides how the page is answered."""

    refusal: Refused | None = None

    @property
    def status(self) -> int:
        """Of the page that shows the form again."""
        return self.refusal.status if self.refusal else 200


class SignInForm(_Asking, AuthenticationForm):
    """工号 and password; a wrong 工号 and a wrong password get the same sentence."""

    error_messages = {
        "invalid_login": _("工号或密码不正确。请核对后再试；忘记密码请联系系统管理员重置。"),
        "inactive": _("工号或密码不正确。请核对后再试；忘记密码请联系系统管理员重置。"),
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].label = _("工号")
        for field in self.fields.values():
            field.widget.attrs["class"] = "form-control"

    def clean(self) -> dict[str, Any]:
        """Check the password; how often it may still be wrong is the same for everybody and for nobody."""
        name, password = self.cleaned_data.get("username"), self.cleaned_data.get("password")
        if name and password:
            address = actor.current().address
            try:
                self.user_cache = passwords.check(
                    username=name, password=password, address=address, scope=passwords.SIGN_IN
                )
            except Refused as refusal:
                self.refusal = refusal
                raise forms.ValidationError(str(refusal)) from refusal
            if self.user_cache is None:
                left = passwords.tries_left(name, address, passwords.SIGN_IN)
                raise forms.ValidationError([self.get_invalid_login_error(), left])
        return self.cleaned_data


class OwnPasswordForm(_Asking, PasswordChangeForm):
    """The old password once, the new one twice."""

    field_order = ["old_password", "new_password1", "new_password2"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        labels = {
            "old_password": _("当前密码"),
            "new_password1": _("新密码"),
            "new_password2": _("再输一次新密码"),
        }
        for name, label in labels.items():
            self.fields[name].label = label
            self.fields[name].widget.attrs["class"] = "form-control"
        kinds = KindsValidator(settings.PASSWORD_KINDS).get_help_text() if settings.PASSWORD_KINDS else ""
        self.fields["new_password1"].help_text = (
            _("至少 8 位，不用常见密码，不能含本人的工号、姓名或姓名拼音。") + kinds
        )
        self.fields["new_password2"].help_text = ""

    def clean_old_password(self) -> str:
        """The old password is checked as at a signature, under the same lock of the account."""
        old = str(self.cleaned_data["old_password"])
        try:
            passwords.confirm(by=self.user, password=old, undone=str(_("密码没有修改。")))
        except Refused as refusal:
            self.refusal = refusal
            raise forms.ValidationError(str(refusal)) from refusal
        return old


class _Colleague(forms.ModelChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.name}（{obj.username}）"


class LeaveForm(forms.Form):
    """When somebody is on leave, and who stands in; the colleagues offered are those of the branch on the same line."""

    deputy = _Colleague(
        User.objects.none(),
        label=_("代理人（AB角）"),
        empty_label=_("请选择"),
        help_text=_(
            "同一支行、同一条线的在岗人员；替别人登记时不能选自己，那要由本人、行长或系统管理员登记。"
        ),
    )
    from_on = DayField(label=_("起"))
    to_on = DayField(label=_("止（含当日）"))
    reason = forms.CharField(label=_("事由"), required=False, max_length=100)

    def __init__(self, *args: Any, person: User, by: User, on: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        deputy = self.fields["deputy"]
        assert isinstance(deputy, forms.ModelChoiceField)
        deputy.queryset = who_may_stand_in(person, on).exclude(pk=by.pk)
        self.fields["to_on"].widget.attrs["min"] = on.isoformat()
        for name, field in self.fields.items():
            field.widget.attrs["class"] = "form-select" if name == "deputy" else "form-control"
