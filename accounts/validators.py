"""What a new password must be: the rules of 等保 (GB/T 22239), and nothing of the person in it."""

from __future__ import annotations

from django.contrib.auth.password_validation import MinimumLengthValidator
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from pypinyin import lazy_pinyin

from accounts.models import User

_KINDS = (str.isupper, str.islower, str.isdigit, lambda sign: not sign.isalnum())


_SHORT = 4  # letters; a name as short in pinyin is found in many words


class LengthValidator(MinimumLengthValidator):
    """Django's, whose sentence its own translation misses."""

    def get_error_message(self) -> str:
        """What is wrong."""
        return _("至少 %(length)d 位。") % {"length": self.min_length}


class KindsValidator:
    """Characters of several kinds: capitals, small letters, digits, other signs."""

    def __init__(self, at_least: int = 3) -> None:
        self.at_least = at_least

    def validate(self, password: str, user: User | None = None) -> None:
        """Refuse one of fewer kinds."""
        if sum(any(map(is_of, password)) for is_of in _KINDS) < self.at_least:
            raise ValidationError(self.get_help_text(), code="password_of_few_kinds")

    def get_help_text(self) -> str:
        """The rule as the page says it."""
        return _("须含大写字母、小写字母、数字、符号四类中的至少 %(kinds)d 类。") % {"kinds": self.at_least}


class NothingPersonalValidator:
    """Neither the 工号 nor the name, in characters or in pinyin."""

    def validate(self, password: str, user: User | None = None) -> None:
        """Refuse one that a colleague would guess."""
        if user is None:
            return
        pinyin = "".join(lazy_pinyin(user.name))
        theirs = [user.username, user.name, *([pinyin] if len(pinyin) > _SHORT else [])]
        if any(one and one.lower() in password.lower() for one in theirs):
            raise ValidationError(self.get_help_text(), code="password_of_the_person")

    def get_help_text(self) -> str:
        """The rule as the page says it."""
        return _("不能含本人的工号、姓名或姓名拼音。")
