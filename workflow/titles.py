"""What duties, obligations and papers are called on a page, as their rules say it, and which button starts a duty."""

from __future__ import annotations

from django.utils.translation import gettext as _

from core.obligations import catalogue
from workflow.duties import Rule
from workflow.models import Document
from workflow.registry import definition_of, rules, words_of


def of_kind(kind: str) -> str:
    """What a task of the kind is called."""
    rule = _rule_of(kind)
    return str(rule.title) if rule else _("贷后职责")


def of_obligation(obligation: str) -> str:
    """What the obligation asks for: in the words of its rules, otherwise in the catalogue's."""
    mine = [rule for rule in rules().values() if rule.obligation == obligation]
    for words in (*(rule.listed for rule in mine), *(rule.title for rule in mine)):
        if words:
            return str(words)
    known = catalogue().get(obligation)
    return known.duty if known else _("贷后管理职责")


def of_document(document: Document) -> str:
    """What a paper is called, and which of several about one customer it is."""
    try:
        return f"{definition_of(document).title} {words_of(document)}".strip()
    except KeyError:  # a form of an app that is not installed here
        return document.number


def start_word(kind: str) -> str:
    """What the button that starts a task of the kind says."""
    return str((_rule_of(kind) or Rule).start_word)


def _rule_of(kind: str) -> Rule | None:
    return next((rule for rule in rules().values() if rule.kind == kind), None)
