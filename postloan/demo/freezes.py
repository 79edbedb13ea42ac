"""Two contracts that are frozen for misuse on the last day of the story, as their managers registered it.

From one of them loan money leaves the same day, and it gives no 提款暂停权: 法务 is asked. The other gives the right.
"""

from __future__ import annotations

from datetime import date

from credit.choices import ResponsibleRole
from credit.models import Contract
from credit.selectors.responsible import responsible
from monitoring.misuse import services as misuse
from monitoring.models import MisuseCase
from postloan.demo.book import CONSUMER, WORKING
from postloan.demo.builder import DEFAULT_SEED, build_world
from postloan.demo.days import Timeline
from postloan.demo.misuse import newest

FACTS = {
    CONSUMER: "客户电话中承认贷款拟转入证券账户，没有用于购置家具家电",
    WORKING: "回访发现首批货款所附合同已经解除，资金由收款人转借他人",
}


def freeze(as_of: date) -> None:
    """Register both; run again, it changes nothing."""
    world = build_world(Timeline(as_of), DEFAULT_SEED)
    on = world.timeline.turn(0)
    for product, facts in FACTS.items():
        note = newest(world, product)
        contract = Contract.objects.select_related("borrower").get(number=note.contract)
        manager = responsible(contract.borrower, ResponsibleRole.CUSTOMER_MANAGER, on)
        if manager is not None and not MisuseCase.objects.filter(contract=contract).exists():
            misuse.register(contract=contract, facts=facts, amount=note.amount, by=manager.person, on=on)
