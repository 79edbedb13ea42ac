"""What an upload consists of: the files of one date, and the profile they are written in."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from core.forms import DayField
from credit.imports.run import profile_names

# A page answers while its reader waits; a larger book is loaded on the server.
UPLOAD_LIMIT = 64 * 1024**2


class FilesInput(forms.ClearableFileInput):
    """Several files at once."""

    allow_multiple_selected = True


class FilesField(forms.FileField):
    """The files of a date, all of them or none."""

    widget = FilesInput

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile]:
        """Each file by itself, then all of them together."""
        files = [super(FilesField, self).clean(item, initial) for item in data or [None]]
        if sum(file.size for file in files) > UPLOAD_LIMIT:
            raise forms.ValidationError(
                _("文件合计超过 64 MB，请放到服务器上用 manage.py import_extracts 导入。")
            )
        names = [file.name for file in files]
        if len(set(names)) < len(names):
            raise forms.ValidationError(_("同名文件选了两次。"))
        return files


class UploadForm(forms.Form):
    """Profile, date and files."""

    profile = forms.ChoiceField(label=_("映射方案"), initial="native")
    as_of = DayField(label=_("数据日期"), error_messages={"invalid": _("没有这一天，请核对。")})
    files = FilesField(  # type: ignore[assignment]  # the name is the form's own only until it is built
        label=_("文件"), allow_empty_file=True, help_text=_("同一日期的文件一次选齐；全部入账或全部不入账。")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        profiles = self.fields["profile"]
        assert isinstance(profiles, forms.ChoiceField)
        profiles.choices = list(profile_names().items())
        for name, field in self.fields.items():
            field.widget.attrs["class"] = "form-select" if name == "profile" else "form-control"
