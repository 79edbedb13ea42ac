"""The reviews app."""

from django.apps import AppConfig


class ReviewsConfig(AppConfig):
    name = "reviews"
    verbose_name = "例会与报告"

    def ready(self) -> None:
        """Make the app's rules known."""
        from reviews.duties import RULES  # the app registry must be ready first
        from workflow import registry

        registry.register(rules=RULES)
