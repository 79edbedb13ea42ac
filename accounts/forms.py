"""Sign-in, the change of one's own password, and a leave with its deputy."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.selectors import who_may_stand_in
from core.forms import DayField


class SignInForm(AuthenticationForm):
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


class OwnPasswordForm(PasswordChangeForm):
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
        self.fields["new_password1"].help_text = _(
            "至少 8 位，不要用工号、姓名、生日或常见密码；字母、数字、符号混用更安全。"
        )
        self.fields["new_password2"].help_text = ""


class _Colleague(forms.ModelChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.name}（{obj.username}）"


class LeaveForm(forms.Form):
    """When somebody is on leave, and who stands in; the colleagues offered are those of the branch on the same line."""

    deputy = _Colleague(
        User.objects.none(),
        label=_("代理人（AB角）"),
        empty_label=_("请选择"),
        help_text=_("同一支行、同一条线的在岗人员。"),
    )
    from_on = DayField(label=_("起"))
    to_on = DayField(label=_("止（含当日）"))
    reason = forms.CharField(label=_("事由"), required=False, max_length=100)

    def __init__(self, *args: Any, person: User, on: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        deputy = self.fields["deputy"]
        assert isinstance(deputy, forms.ModelChoiceField)
        deputy.queryset = who_may_stand_in(person, on)
        self.fields["to_on"].widget.attrs["min"] = on.isoformat()
        for name, field in self.fields.items():
            field.widget.attrs["class"] = "form-select" if name == "deputy" else "form-control"
