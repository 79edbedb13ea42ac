"""The auditor's pages: the history of a customer or a document, in words, and the proof that it is whole."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.conf import settings
from django.test import Client

from accounts.models import User
from core import audit
from reviews.words import ACTS
from tests.workflow.conftest import open_desk

APPS = ("core", "accounts", "workflow", "credit", "inspections", "postloan")


def acts_in_the_code() -> Iterator[str]:
    """Every act that is written down under a literal name: `act="…"` and constants called …_ACT."""
    for app in APPS:
        for path in Path(settings.BASE_DIR, app).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if (
                    isinstance(node, ast.keyword)
                    and node.arg == "act"
                    and isinstance(node.value, ast.Constant)
                ):
                    yield node.value.value
                if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
                    names = [target.id for target in node.targets if isinstance(target, ast.Name)]
                    if any(name.endswith("_ACT") for name in names):
                        yield node.value.value


def test_every_act_has_a_name_that_an_auditor_can_read() -> None:
    assert {act for act in acts_in_the_code() if act} - set(ACTS) == set()


def test_the_history_of_a_document_and_of_a_customer(
    cast: SimpleNamespace, browse: Callable[[User], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    document = open_desk(cast, monkeypatch).locked()
    audit.record(act="credit.export", subject="borrowers", borrower_number="C300001")
    client = browse(cast.auditor)
    lines = client.get("/audit/", {"document": document.number}).context["lines"]
    labels = [line.label for line in lines]
    assert labels[-1] == "开始填写"
    assert "提交签字" in labels
    assert "锁定归档" in labels
    (line,) = client.get("/audit/", {"borrower": "C300001"}).context["lines"]
    assert line.label == "导出客户清单"
    assert client.get("/audit/", {"document": "XC0000"}).context["lines"] == []


def test_pages_by_key_show_every_entry_once_the_latest_first(
    cast: SimpleNamespace, browse: Callable[[User], Client]
) -> None:
    for _ in range(120):
        audit.record(act="credit.export", subject="borrowers", borrower_number="C9")
    client, seen, before = browse(cast.auditor), [], ""
    while True:
        context = client.get("/audit/", {"borrower": "C9", "before": before}).context
        seen += [line.entry.pk for line in context["lines"]]
        if not context["following"]:
            break
        before = str(context["following"])
    assert len(seen) == 120
    assert seen == sorted(seen, reverse=True)


@pytest.mark.parametrize(
    "query", ["before=x", "since=2026-02-30", "borrower=%00", "before=99999999999999999999"]
)
def test_a_mistyped_address_is_no_error(
    cast: SimpleNamespace, browse: Callable[[User], Client], query: str
) -> None:
    assert browse(cast.auditor).get(f"/audit/?{query}").status_code == 200


def test_the_proof_is_run_when_asked_and_says_what_was_found(
    cast: SimpleNamespace, browse: Callable[[User], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    client = browse(cast.auditor)
    assert "核验通过" not in client.get("/audit/verify/").content.decode()
    assert "核验通过" in client.post("/audit/verify/").content.decode()
    broken = audit.Report(seals=3, entries=9, unsealed=0, findings=("4–6：内容或封条被改动",), anchors=0)  # type: ignore[arg-type]
    monkeypatch.setattr(audit, "verify", lambda anchors: broken)
    page = client.post("/audit/verify/").content.decode()
    assert "发现 1 处异常" in page
    assert "4–6：内容或封条被改动" in page
