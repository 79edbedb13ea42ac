"""The workflow app."""

from django.apps import AppConfig


class WorkflowConfig(AppConfig):
    name = "workflow"
    verbose_name = "职责与签字"

    def ready(self) -> None:
        """Make the app's own form and its measures known."""
        from workflow import measures, registry  # the app registry must be ready first
        from workflow.documents import completion_record

        registry.register(forms=[completion_record.FORM])
        measures.register()
