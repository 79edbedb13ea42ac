"""The credit app."""

from django.apps import AppConfig


class CreditConfig(AppConfig):
    name = "credit"
    verbose_name = "客户与借据"

    def ready(self) -> None:
        """Tell `accounts` how to find the borrowers that a person manages; make forms, rules and measures known."""
        from accounts import scope  # the app registry must be ready first
        from credit import measures
        from credit.borrowers.documents import FORM as FIXED_CONTACT
        from credit.contracts.documents.clauses import FORM as CONTRACT_CLAUSES
        from credit.contracts.documents.terms import FORM as CONTRACT_TERMS
        from credit.duties import book, contracts
        from credit.security.documents import FORM as ORIGINAL_RECOVERY
        from credit.selectors.responsible import managed_borrower_numbers
        from workflow import registry

        scope.managed_borrowers = managed_borrower_numbers
        registry.register(
            forms=[ORIGINAL_RECOVERY, FIXED_CONTACT, CONTRACT_TERMS, CONTRACT_CLAUSES],
            rules=[*book.RULES, *contracts.RULES],
        )
        measures.register()
