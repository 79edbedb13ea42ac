"""What an operator is told by `manage.py check`, and by every other command."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Warning


def proxies_are_named(**kwargs: Any) -> list[CheckMessage]:
    """HTTPS ends at a proxy; one that is not named gives everybody its own address."""
    if not settings.SESSION_COOKIE_SECURE or settings.TRUSTED_PROXIES:
        return []
    return [
        Warning(
            "HTTPS=1，但没有指明前面的代理：所有人的来源地址都会是代理的地址，"
            "一个人输错密码会锁住别人，操作记录也看不出从哪里来。",
            hint="设 TRUSTED_PROXIES 为代理的地址或网段，多个用逗号分开，例如 TRUSTED_PROXIES=127.0.0.1。",
            id="accounts.W001",
        )
    ]
