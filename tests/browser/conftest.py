"""A real browser on a real server, over a database of the test's own."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.staticfiles.testing import StaticLiveServerTestCase
from django.db import connections
from django.test.testcases import LiveServerThread
from playwright.sync_api import Browser, Page, sync_playwright

from tests import factories
from tests.conftest import build_cast

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    if not CHROMIUM:
        pytest.skip(
            "没有找到 Chromium；Debian 上运行 apt-get install chromium，或用环境变量 CHROMIUM 指明路径"
        )
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = (
        "1"  # Playwright keeps an event loop in this thread; the ORM does not mind
    )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def world(own_database: str) -> SimpleNamespace:
    """The fixed cast in a database of its own; the server's clock is the real one."""
    return build_cast()


@pytest.fixture
def site(world: SimpleNamespace) -> Iterator[str]:
    """The address of a server that serves the world."""
    server = LiveServerThread("127.0.0.1", StaticLiveServerTestCase.static_handler)
    server.daemon = True
    server.start()
    server.is_ready.wait()
    if server.error:
        raise server.error
    yield f"http://{server.host}:{server.port}"
    server.terminate()
    connections.close_all()


@pytest.fixture
def sign_in(chromium: Browser, site: str, tmp_path: Path) -> Iterator[Callable[..., Page]]:
    """Sign a person in on a browser of their own: `sign_in(person) -> Page`; errors of the page fail the test."""
    contexts: list[Any] = []
    wrong: list[str] = []

    def enter(person: Any, *, width: int = 1366, height: int = 768) -> Page:
        context = chromium.new_context(
            base_url=site, viewport={"width": width, "height": height}, locale="zh-CN"
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on(
            "console",
            lambda line: wrong.append(line.text) if "Content Security Policy" in line.text else None,
        )
        page.goto("/login/")
        page.get_by_label("工号").fill(person.username)
        page.get_by_label("密码").fill(factories.PASSWORD)
        page.get_by_role("button", name="登录").click()
        return page

    yield enter
    for context in contexts:
        context.close()
    assert not wrong
