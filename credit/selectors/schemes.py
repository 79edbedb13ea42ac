"""Which loans are managed under which scheme (管理方案)."""

from __future__ import annotations

from django.db.models import (
    Case,
    CharField,
    Q,
    Value,
    When,
)
from django.db.models.functions import Coalesce, NullIf

from core.parameters import Policy


def schemes_under(policy: Policy, scheme: str) -> list[str]:
    """The scheme and those that descend from it."""
    return policy.family(scheme)


def scheme_of(policy: Policy) -> Coalesce:
    """For loans: the scheme that one is managed under: what its contract says, else its product's."""
    by_product = Case(
        *(When(product=product, then=Value(code)) for product, code in policy.products().items()),
        output_field=CharField(),
    )
    return Coalesce(NullIf("contract__scheme", Value("")), by_product, output_field=CharField())


def under(policy: Policy, scheme: str, contract: str = "contract__") -> Q:
    """Loans managed under the scheme or one that descends from it: the same as `scheme_of`, but indexes can answer.

    `contract` is the path to the contract; empty where the rows are contracts.
    """
    codes = schemes_under(policy, scheme)
    products = [product for product, code in policy.products().items() if code in codes]
    named = Q((f"{contract}scheme__in", codes))
    return named | Q((f"{contract}scheme", ""), product__in=products) if products else named
