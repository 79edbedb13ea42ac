"""The drawn states are the ones in force."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command

from workflow import choices
from workflow.management.commands import state_diagrams


def test_the_committed_diagrams_are_current() -> None:
    call_command("state_diagrams", check=True)


def test_a_table_that_moved_on_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(choices.DUTY_TRANSITIONS, choices.DutyStatus.VOID, frozenset())
    with pytest.raises(CommandError, match="不是最新的"):
        call_command("state_diagrams", check=True)


def test_every_table_is_drawn_once_with_its_arrows() -> None:
    names = [name for _, name, _ in state_diagrams.tables()]
    assert len(names) == len(set(names))
    assert {"DOCUMENT_TRANSITIONS", "STEP_TRANSITIONS", "VERSION_TRANSITIONS"} <= set(names)
    text = state_diagrams.page()
    assert "    SIGNING --> DRAFT\n    SIGNING --> LOCKED\n" in text
    assert "    SUPERSEDED --> [*]\n" in text
