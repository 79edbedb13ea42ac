"""The monitoring app."""

from django.apps import AppConfig


class MonitoringConfig(AppConfig):
    name = "monitoring"
    verbose_name = "账户与预警"

    def ready(self) -> None:
        """Make the app's measures known."""
        from monitoring import measures  # the app registry must be ready first

        measures.register()
