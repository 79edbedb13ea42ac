"""The monitoring app."""

from django.apps import AppConfig


class MonitoringConfig(AppConfig):
    name = "monitoring"
    verbose_name = "账户与预警"

    def ready(self) -> None:
        """Make the app's measures, forms and guards known."""
        from core import panels
        from monitoring import documents, measures  # the app registry must be ready first
        from monitoring.misuse import drawdowns  # the app registry must be ready first
        from monitoring.payments.panel import payments_panel
        from monitoring.uses.panel import uses_panel

        measures.register()
        documents.register_all()
        drawdowns.register()
        panels.provide("loan", payments_panel)
        panels.provide("loan", uses_panel)
