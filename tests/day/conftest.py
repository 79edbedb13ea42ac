"""A lender whose core system delivers extracts every night."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from core import clock, policy
from core.models import Scheme

THEN = datetime(2026, 8, 31, 9, tzinfo=clock.SHANGHAI)


@pytest.fixture
def expecting_extracts(reference: None) -> None:
    base = Scheme.objects.get(code="BASE")
    parameters = base.versions.order_by("-number").first().parameters
    parameters["extracts.expected"]["value"] = True
    version = policy.propose(
        scheme=base, parameters=parameters, effective_on=date(2026, 9, 1), reason="核心系统每夜供数",
        by="1012", at=THEN,
    )  # fmt: skip
    policy.approve(version=version, by="1008", at=THEN)
