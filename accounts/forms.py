"""Sign-in and the change of one's own password."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.utils.translation import gettext_lazy as _


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
