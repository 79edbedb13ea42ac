"""What the schemes say on one day: parameters, each with its article, and the policy that answers for them; pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from core.calendar import Calendar

BASE = "BASE"


class UnknownParameter(LookupError):
    """A rule asked for a scheme or a figure that no version in force knows: a programming or set-up error."""


@dataclass(frozen=True)
class Parameter:
    """One figure of a regulation: its value, the article it comes from, and what the screen says of it."""

    name: str
    value: Any
    article: str
    note: str
    source: str
    scheme_code: str
    version_id: int | None  # none: the software brought it, and no version of this lender has spoken of it
    title: str = ""  # as its version was stored with, else as shipped

    @property
    def label(self) -> str:
        """What a page calls it; one that nobody titles by its name."""
        return self.title or self.name

    @property
    def decimal(self) -> Decimal:
        """A rate or an amount, kept as a string of digits in the version."""
        return Decimal(self.value)


@dataclass(frozen=True)
class Policy:
    """What every scheme says on one day; immutable, so a run that took hours read one policy."""

    on: date
    parents: Mapping[str, str | None]
    parameters: Mapping[str, Mapping[str, Parameter]]
    calendar: Calendar  # "three workdays" is a figure of policy and a question to the calendar
    # A day asks the same questions of every loan. `replace` begins with none answered.
    _answered: dict[tuple[str, str], Parameter] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    _families: dict[str, list[str]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def get(self, scheme: str, name: str) -> Parameter:
        """A parameter of a scheme, else of its parent, at last of the base scheme."""
        answered = self._answered.get((scheme, name))
        if answered is not None:
            return answered
        for code in self.lineage(scheme):
            found = self.parameters[code].get(name)
            if found is not None:
                self._answered[scheme, name] = found
                return found
        raise UnknownParameter(f"方案 {scheme} 在 {self.on} 没有参数 {name}，其上级方案与基础方案也没有")

    def lineage(self, scheme: str) -> Iterator[str]:
        """The scheme, its ancestors, and the base scheme at last."""
        if scheme not in self.parameters:
            raise UnknownParameter(f"{self.on} 没有生效的方案 {scheme}（请先运行 manage.py load_reference）")
        code: str | None = scheme
        seen: list[str] = []
        while code is not None and code in self.parameters and code not in seen:
            seen.append(code)
            yield code
            code = self.parents[code]
        if BASE not in seen and BASE in self.parameters:
            yield BASE

    def family(self, scheme: str) -> list[str]:
        """The scheme and those that descend from it; do not change the list."""
        if scheme not in self._families:
            self._families[scheme] = [code for code in self.parameters if self.is_under(code, scheme)]
        return self._families[scheme]

    def is_under(self, scheme: str, ancestor: str) -> bool:
        """Whether a scheme is another or descends from it."""
        return ancestor in self.lineage(scheme)

    def products(self) -> Mapping[str, str]:
        """Every product with the code of its scheme."""
        products: Mapping[str, str] = self.get(BASE, "product.scheme").value
        return products

    def scheme_for_product(self, product: str) -> str:
        """The code of the scheme that a product is managed under."""
        try:
            return self.products()[product]
        except KeyError:
            raise UnknownParameter(f"产品 {product} 没有对应的管理方案（参数 product.scheme）") from None

    def names(self, scheme: str) -> list[str]:
        """Every parameter that a scheme answers for, its own and inherited."""
        return sorted({name for code in self.lineage(scheme) for name in self.parameters[code]})
