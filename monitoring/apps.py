"""The monitoring app."""

from django.apps import AppConfig


class MonitoringConfig(AppConfig):
    name = "monitoring"
    verbose_name = "资金与预警"

    def ready(self) -> None:
        """Make the app's forms, rules, preparations, measures, panels and guards known."""
        from monitoring import registration  # the app registry must be ready first

        registration.register()
