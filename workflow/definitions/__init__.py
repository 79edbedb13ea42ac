"""Forms as definitions: pure data and pure functions over it. No Django, no clock, no database."""

from workflow.definitions.answers import TypedAnswers
from workflow.definitions.changes import Change, changes, changes_in_rows
from workflow.definitions.cleaning import Problem, clean, problems
from workflow.definitions.gaps import Gap, gaps
from workflow.definitions.prefill import Fact, Prefill
from workflow.definitions.printing import Block, Cell, Line, PrintedSection, flatten
from workflow.definitions.reading import reuse_last, settled, shown, visible_fields, visible_sections
from workflow.definitions.shape import (
    NO,
    YES,
    YES_NO,
    Answers,
    Background,
    Check,
    Compare,
    Field,
    FormDefinition,
    Kind,
    Section,
    answered,
    at_most,
    known,
    not_in_the_future,
    options,
    rows_at_most,
)
from workflow.definitions.values import amount_of

__all__ = [
    "NO",
    "YES",
    "YES_NO",
    "Answers",
    "Background",
    "Block",
    "Cell",
    "Change",
    "Check",
    "Compare",
    "Fact",
    "Field",
    "FormDefinition",
    "Gap",
    "Kind",
    "Line",
    "Prefill",
    "PrintedSection",
    "Problem",
    "Section",
    "TypedAnswers",
    "amount_of",
    "answered",
    "at_most",
    "changes",
    "changes_in_rows",
    "clean",
    "flatten",
    "gaps",
    "known",
    "not_in_the_future",
    "options",
    "problems",
    "reuse_last",
    "rows_at_most",
    "settled",
    "shown",
    "visible_fields",
    "visible_sections",
]
