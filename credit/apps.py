"""The credit app."""

from django.apps import AppConfig


class CreditConfig(AppConfig):
    name = "credit"
    verbose_name = "信贷台账"

    def ready(self) -> None:
        """Tell `accounts` how to find the borrowers that a person manages; make the book's forms and measures known."""
        from accounts import scope  # the app registry must be ready first
        from credit import documents, measures
        from credit.selectors.responsible import managed_borrower_numbers

        scope.managed_borrowers = managed_borrower_numbers
        documents.register()
        measures.register()
