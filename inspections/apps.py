"""The inspections app."""

from django.apps import AppConfig


class InspectionsConfig(AppConfig):
    name = "inspections"
    verbose_name = "检查"

    def ready(self) -> None:
        """Make the inspection forms known."""
        from inspections import documents  # the app registry must be ready first

        documents.register()
