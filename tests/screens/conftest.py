"""A browser per person, and a branch whose strings must never leave it."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import pytest
from django.test import Client

from accounts.models import User


@pytest.fixture
def browse(cast: SimpleNamespace) -> Callable[[User], Client]:
    """Somebody of the cast, signed in."""

    def signed_in(person: User) -> Client:
        client = Client()
        client.force_login(person)
        return client

    return signed_in
