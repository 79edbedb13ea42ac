"""What its author does with a form: answer, see what is missing, submit."""

from __future__ import annotations

from core import clock
from tests import factories
from workflow.models import Document
from workflow.services import documents


def fill(document: Document, **answers: str) -> Document:
    documents.save(
        document=document, answers=answers, version=document.version, by=document.author, at=clock.now()
    )
    document.refresh_from_db()
    return document


def gaps(document: Document) -> set[str]:
    return {gap.field for gap in documents.gaps_of(document, on=clock.today())}


def submit(document: Document) -> None:
    documents.submit(
        document=document, by=document.author, password=factories.PASSWORD, on=clock.today(), at=clock.now()
    )
    document.refresh_from_db()
