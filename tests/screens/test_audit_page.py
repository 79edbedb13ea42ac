"""The auditor's pages: the history of a customer or a document, in words, and the proof that it is whole."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.conf import settings
from django.test import Client

from accounts.models import User
from core import audit
from credit.borrowers.group_views import EXPORTED
from tests.workflow.conftest import open_desk

# What the page of a web server knows: acts are declared by modules that it reads itself, not only a test or the day.
SHOWN = """
import json, django; django.setup()
import postloan.urls
from core import audit
print(json.dumps({name: str(act.label) for name, act in audit.acts().items()}))
"""
DECLARED = re.compile(r'audit\.act\(\s*"([\w.]+)"')
APPS = [one.name for one in apps.get_app_configs() if Path(one.path).parent == settings.BASE_DIR]
OF_LISTS = {"monitoring.payments.exported"}  # a declared list declares its export itself
RETIRED = {"workflow.password.refused": "密码错误"}


def acts_in_the_source() -> set[str]:
    """The name of every act that an app declares."""
    files = (path for app in APPS for path in Path(settings.BASE_DIR, app).rglob("*.py"))
    return {name for path in files for name in DECLARED.findall(path.read_text(encoding="utf-8"))}


def test_every_act_of_the_source_has_words_on_the_page_also_one_of_before() -> None:
    asked = [sys.executable, "-c", SHOWN]
    done = subprocess.run(
        asked, cwd=settings.BASE_DIR, env=os.environ, capture_output=True, check=True, text=True
    )
    shown = json.loads(done.stdout)
    assert len(shown) > 80
    assert set(shown) >= acts_in_the_source() | OF_LISTS
    assert all(shown.values()) and not set(shown) & set(shown.values())
    assert shown.items() >= RETIRED.items()


def test_the_history_of_a_document_and_of_a_customer(
    cast: SimpleNamespace, browse: Callable[[User], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    document = open_desk(cast, monkeypatch).locked()
    audit.record(act=EXPORTED, subject="borrowers", borrower_number="C300001")
    client = browse(cast.auditor)
    lines = client.get("/audit/", {"document": document.number}).context["lines"]
    labels = [line.label for line in lines]
    assert labels[-1] == "开始填写"
    assert "提交签字" in labels
    assert "锁定归档" in labels
    (line,) = client.get("/audit/", {"borrower": "C300001"}).context["lines"]
    assert line.label == "导出集团成员"
    assert client.get("/audit/", {"document": "XC0000"}).context["lines"] == []


def test_pages_by_key_show_every_entry_once_the_latest_first(
    cast: SimpleNamespace, browse: Callable[[User], Client]
) -> None:
    for _ in range(120):
        audit.record(act=EXPORTED, subject="borrowers", borrower_number="C9")
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
