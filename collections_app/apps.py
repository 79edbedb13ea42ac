"""The collections_app app."""

from django.apps import AppConfig


class CollectionsConfig(AppConfig):
    name = "collections_app"
    verbose_name = "催收与处置"

    def ready(self) -> None:
        """Make the app's rules known."""
        from collections_app.duties import RULES  # the app registry must be ready first
        from workflow import registry

        registry.register(rules=RULES)
