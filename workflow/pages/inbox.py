"""The signature inbox: what waits for a person, and what of it has been read in this session."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.sessions.backends.base import SessionBase
from django.db.models import QuerySet

from accounts.models import User
from workflow import registry
from workflow.choices import DocumentStatus
from workflow.models import Document, Step
from workflow.selectors import waiting_for

READ = "read_to_sign"  # session: {step id: fingerprint of what was shown}


@dataclass(frozen=True)
class Waiting:
    """One signature that waits, and whether its document has been opened."""

    step: Step
    read: bool

    @property
    def title(self) -> str:
        """What the document is, and which of several about one customer."""
        document = self.step.chain.document
        definition = registry.definition_of(document)
        return f"{definition.annex} {definition.title} {registry.words_of(document)}".strip()


def waiting_steps(user: User) -> QuerySet[Step]:
    """Signatures whose turn it is, for the person, oldest first."""
    return (
        waiting_for(user)
        .filter(
            chain__document__status=DocumentStatus.SIGNING,
            chain__document__in=Document.objects.visible_to(user),
        )
        .select_related("chain__document__unit")
    )


def inbox(user: User, session: SessionBase) -> list[Waiting]:
    """Everything that waits; what changed since it was read counts as unread."""
    read = session.get(READ, {})
    return [Waiting(step, read.get(str(step.pk)) == step.chain.content_hash) for step in waiting_steps(user)]


def mark_read(session: SessionBase, step: Step) -> None:
    """The person has the document before them, with this fingerprint."""
    session[READ] = {**session.get(READ, {}), str(step.pk): step.chain.content_hash}


def next_unread(user: User, session: SessionBase) -> Step | None:
    """The next one to read, if any."""
    return next((one.step for one in inbox(user, session) if not one.read), None)


def forget(session: SessionBase, steps: list[Step]) -> None:
    """What is signed waits no longer."""
    done = {str(step.pk) for step in steps}
    session[READ] = {key: value for key, value in session.get(READ, {}).items() if key not in done}
