"""The demonstration book of one day, built and written once for all the tests that only read it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from postloan.demo import layout
from postloan.demo.builder import build
from tests.demo.book import Book

AS_OF = date(2026, 11, 23)  # a Monday


def written(folder: Path, as_of: date = AS_OF, **options: int) -> Book:
    """The book of a day, written and read back."""
    layout.write(build(as_of, **options), folder)
    return Book(folder)


@pytest.fixture(scope="session")
def book(tmp_path_factory: pytest.TempPathFactory) -> Book:
    """The book as everybody gets it."""
    return written(tmp_path_factory.mktemp("demo"))
