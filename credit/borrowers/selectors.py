"""Questions about customers that are the pages' alone."""

from __future__ import annotations

from accounts.access import bounded_count
from accounts.models import User
from credit.models import Borrower


def own_count(user: User) -> str:
    """A customer manager's own; of those who read a branch, each of whose pages would count it, no number."""
    wide = user.scope.reads_all or user.scope.unit_ids
    return "" if wide else bounded_count(Borrower.objects.visible_to(user).values("pk"))
