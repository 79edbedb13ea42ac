"""How an obligation is cited on a page: its document in short, its article, its row in the rulebook."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from core.obligations import catalogue

# How a document is called in a line, where its whole title would be too long.
SHORT: dict[str, str] = {
    "GR": "办法",
    "FW": "公司制度",
    "GW": "岗位制度",
    "GD": "个贷规定",
    "XD": "小贷办法",
    "LS": "零售办法",
    "XF": "消费细则",
    "YH": "还款办法",
    "NX": "农信细则",
    "DA": "档案制度",
    "XY": "信用贷制度",
    "XW": "小微办法",
    "GS": "公司办法",
}


@dataclass(frozen=True)
class Citation:
    """The article behind a duty, as people cite it."""

    document: str
    article: str
    short: str
    obligation: str = ""  # its row in the rulebook; none for an internal rule

    def __str__(self) -> str:
        return f"{self.short} {self.article}"

    @property
    def full(self) -> str:
        """The document's whole title with the article."""
        return f"《{self.document}》{self.article}"

    @property
    def url(self) -> str:
        """Where the rulebook says what the article asks for and what keeps it."""
        return f"{reverse('rulebook')}?row={self.obligation}#{self.obligation}" if self.obligation else ""


def citation(obligation: str) -> Citation:
    """The article of an obligation; one that the catalogue lacks is cited as the internal rule it must be."""
    known = catalogue().get(obligation)
    if known is None:
        return Citation(str(_("内部管理要求")), "", str(_("内部要求")))
    document = known.document.partition("（")[0]
    return Citation(document, known.cite, SHORT.get(obligation.split("-")[0], document), obligation)
