"""The accounts app."""

from django.apps import AppConfig
from django.core import checks

from accounts.checks import proxies_are_named


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = "人员与双线"

    def ready(self) -> None:
        """What an operator is told."""
        checks.register(proxies_are_named, checks.Tags.security)
