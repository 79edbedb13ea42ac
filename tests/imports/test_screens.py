"""Extracts on screen: who may bring them in, what a refused file says, what leaves as a CSV."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from core.models import ImportBatch
from core.models.imports import ImportStatus
from credit.models import Borrower
from tests.imports.extracts import BOOK, load_only, states, write

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.imports.urls")]


def upload(client: Client, folder: Path, **fields: str) -> Any:
    """Post every file of a folder."""
    files = [SimpleUploadedFile(path.name, path.read_bytes()) for path in sorted(folder.iterdir())]
    data = {"profile": "native", "as_of": "2026-11-23", "files": files, **fields}
    return client.post(reverse("import_upload"), data)


@pytest.fixture
def admin(cast: SimpleNamespace, client: Client) -> Client:
    """A browser in which the administrator is signed in."""
    client.force_login(cast.admin, backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_an_administrator_brings_in_a_date(admin: Client, tmp_path: Path) -> None:
    answer = upload(admin, write(tmp_path, BOOK))
    batch = ImportBatch.objects.get()
    assert answer.status_code == 302 and answer.url == reverse("import_batch", args=[batch.pk])
    assert (batch.status, batch.received_by) == (ImportStatus.APPLIED, "1012")
    assert Borrower.objects.filter(number="C1").exists()
    page = admin.get(answer.url).content.decode()
    assert "customers.csv" in page and "已入账" in page
    assert "2026-11-23" in admin.get(reverse("imports")).content.decode()


def test_a_refused_date_shows_every_bad_row_and_gives_them_as_a_harmless_csv(
    admin: Client, tmp_path: Path
) -> None:
    head = BOOK["customers"][0]
    answer = upload(admin, write(tmp_path, {"customers": [head, ("C8", "=cmd()", "=1+1", "", "")]}))
    batch = ImportBatch.objects.get()
    page = admin.get(answer.url).content.decode()
    assert "不在可选值内：法人、个体、个人" in page and "没有任何数据入账" in page
    sheet = admin.get(reverse("import_rejections", args=[batch.pk]))
    text = b"".join(sheet.streaming_content).decode("utf-8-sig")
    assert text.splitlines() == [
        "文件,行,列,值,原因",
        "customers.csv,2,类型,'=1+1,不在可选值内：法人、个体、个人",
    ]


def test_what_was_entered_stays_when_an_upload_is_refused(admin: Client, tmp_path: Path) -> None:
    answer = upload(admin, write(tmp_path, BOOK), as_of="2026-12-24")
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "数据日期 2026-12-24 晚于今天，请核对。" in page and 'value="2026-12-24"' in page
    empty = admin.post(reverse("import_upload"), {"profile": "nope", "as_of": "2026-02-30"})
    assert empty.status_code == 422
    assert "没有这一天，请核对。" in empty.content.decode()


def test_a_name_in_an_upload_is_never_a_path(admin: Client, tmp_path: Path) -> None:
    content = BytesIO("账号,余额\n".encode())
    evil = SimpleUploadedFile("x.csv", content.getvalue())
    evil._name = "../../balances.csv"  # as a hostile client would send it
    answer = admin.post(
        reverse("import_upload"), {"profile": "native", "as_of": "2026-11-23", "files": [evil]}
    )
    assert answer.status_code == 302
    assert ImportBatch.objects.get().files.get().name == "balances.csv"


@pytest.mark.parametrize(
    ("who", "reads", "uploads"),
    [
        ("admin", 200, 422),
        ("auditor", 200, 403),
        ("cm", 403, 403),
        ("risk_head", 403, 403),
        ("president", 403, 403),
    ],
)
def test_an_administrator_uploads_and_an_auditor_reads(
    cast: SimpleNamespace, client: Client, tmp_path: Path, who: str, reads: int, uploads: int
) -> None:
    batch = load_only(tmp_path, balances=[("账号", "余额"), ("nobody", "1")])
    client.force_login(getattr(cast, who), backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(reverse("imports")).status_code == reads
    assert client.get(reverse("import_batch", args=[batch.pk])).status_code == reads
    assert client.get(reverse("import_rejections", args=[batch.pk])).status_code == reads
    assert client.post(reverse("import_upload"), {}).status_code == uploads


def test_the_difference_sheet_is_the_auditors(cast: SimpleNamespace, client: Client, tmp_path: Path) -> None:
    batch = load_only(tmp_path, loan_states=states(("JJ2026-0101", "1.00", "0", "0", "0", "正常")))
    batch.difference = [{"kind": "借据状态", "key": "JJ9", "field": "余额", "effective_on": "2026-11-20",
                         "known_on": "2026-11-23", "old": "77.00", "new": "88.00"}]  # fmt: skip
    batch.save()
    for who, sees in (("auditor", True), ("admin", False)):
        client.force_login(getattr(cast, who), backend="django.contrib.auth.backends.ModelBackend")
        page = client.get(reverse("import_batch", args=[batch.pk])).content.decode()
        assert ("77.00" in page) is sees
        assert "1 项事实属于已经日终的日期" in page
