"""The inspections app."""

from django.apps import AppConfig


class InspectionsConfig(AppConfig):
    name = "inspections"
    verbose_name = "检查"

    def ready(self) -> None:
        """Make the app's forms, rules and preparations known."""
        from inspections.documents import FORMS  # the app registry must be ready first
        from inspections.duties import RULES
        from inspections.services import PREPARATION
        from workflow import registry

        registry.register(forms=FORMS, rules=RULES, preparations=[PREPARATION])
