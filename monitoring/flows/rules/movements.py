"""What a movement on an account is: sales, purchases, wages, loan money and so on. Pure; money in 元."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from core.parameters import Policy
from credit.choices import Channel, CounterpartyRelation, Direction
from monitoring.choices import EXPENSES, Flow

WORDS = "account_review.words"
SCHEME = "BASE"  # whose words they are


@dataclass(frozen=True)
class Movement:
    """A transaction as far as it tells what it is. `reverses`: the movement that it undoes."""

    direction: str
    amount: Decimal
    counterparty_name: str = ""
    counterparty_account: str = ""
    summary: str = ""
    channel: str = ""
    loan_id: int | None = None
    reverses: int | None = None
    is_reversed: bool = False

    @property
    def is_in(self) -> bool:
        """Whether money came in."""
        return self.direction == Direction.CREDIT

    @property
    def is_undone(self) -> bool:
        """Whether it undoes another movement or was undone by one: both sides say nothing."""
        return self.reverses is not None or self.is_reversed


@dataclass(frozen=True)
class Words:
    """Words that tell what a movement is, by what it is."""

    by_flow: Mapping[Flow, tuple[str, ...]] = field(default_factory=dict)

    def tell(self, flow: Flow, *said: str) -> bool:
        """Whether one of the texts speaks of it."""
        return any(word in text for word in self.by_flow.get(flow, ()) for text in said)


@dataclass(frozen=True)
class RelatedParties:
    """Who is who to one borrower: its own accounts and names, registered counterparties, its group, the lender."""

    own_accounts: frozenset[str] = frozenset()
    own_names: frozenset[str] = frozenset()
    relations_by_account: Mapping[str, str] = field(default_factory=dict)
    relations_by_name: Mapping[str, str] = field(default_factory=dict)
    group_accounts: frozenset[str] = frozenset()
    group_names: frozenset[str] = frozenset()
    related_names: frozenset[str] = frozenset()
    lender_names: frozenset[str] = frozenset()
    words: Words = field(default_factory=Words)

    def is_own(self, movement: Movement) -> bool:
        """Whether the other side is the borrower itself, here or at another bank."""
        return (
            movement.counterparty_account in self.own_accounts or movement.counterparty_name in self.own_names
        )

    def is_of_group(self, movement: Movement) -> bool:
        """Whether the other side is another member of the borrower's group."""
        return (
            movement.counterparty_account in self.group_accounts
            or movement.counterparty_name in self.group_names
        )

    def is_related(self, movement: Movement) -> bool:
        """Whether the other side is connected with the borrower: its group, or a related party by name."""
        return (
            self.is_of_group(movement)
            or movement.counterparty_name in self.related_names
            or self.relation_to(movement) == CounterpartyRelation.AFFILIATE
        )

    def relation_to(self, movement: Movement) -> str:
        """What the registered counterparty is to the borrower: by account, else by name; empty: not registered."""
        return self.relations_by_account.get(movement.counterparty_account) or self.relations_by_name.get(
            movement.counterparty_name, ""
        )


def words_of(policy: Policy) -> Words:
    """The words of the day's policy."""
    return Words({Flow(key): tuple(words) for key, words in policy.get(SCHEME, WORDS).value.items()})


def kind_of(movement: Movement, related: RelatedParties) -> Flow:
    """What a movement is; the first that fits, so that nothing counts twice, and OTHER where nothing fits.

    Money between the borrower and itself, the lender or its group is never sales, whatever its summary says.
    """
    if movement.is_undone or related.words.tell(Flow.REVERSAL, movement.summary):
        return Flow.REVERSAL
    return (
        _with_the_lender(movement, related)
        or _with_related(movement, related)
        or _with_others(movement, related)
    )


def _with_the_lender(movement: Movement, related: RelatedParties) -> Flow | None:
    """Loan money and repayments of ours: what names one of our loans, or says so and names nobody else.

    归还某某银行贷款 is a payment to another lender, and no repayment.
    """
    flow = Flow.LOAN_PROCEEDS if movement.is_in else Flow.REPAYMENT
    is_ours = not movement.counterparty_name or movement.counterparty_name in related.lender_names
    says_so = is_ours and related.words.tell(flow, movement.summary)
    return flow if movement.loan_id is not None or says_so else None


def _with_related(movement: Movement, related: RelatedParties) -> Flow | None:
    if related.is_own(movement):
        return Flow.SELF_TRANSFER
    return Flow.GROUP if related.is_of_group(movement) else None


def _with_others(movement: Movement, related: RelatedParties) -> Flow:
    if movement.channel == Channel.CASH or related.words.tell(Flow.CASH, movement.summary):
        return Flow.CASH
    relation, is_related = related.relation_to(movement), related.is_related(movement)
    if movement.is_in:
        is_sale = relation == CounterpartyRelation.DOWNSTREAM or related.words.tell(
            Flow.SALES, movement.summary
        )
        return Flow.SALES if is_sale and not is_related else Flow.OTHER
    for expense in EXPENSES:
        if related.words.tell(expense, movement.summary, movement.counterparty_name):
            return expense
    is_purchase = relation == CounterpartyRelation.UPSTREAM or related.words.tell(
        Flow.PURCHASE, movement.summary
    )
    return Flow.PURCHASE if is_purchase and not is_related else Flow.OTHER


def key_of(flow: Flow, direction: str) -> str:
    """The key under which a month keeps the amount."""
    return f"{flow.value}.{'in' if direction == Direction.CREDIT else 'out'}"
