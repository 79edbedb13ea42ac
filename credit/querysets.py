"""Questions about the book. A question about a day asks facts effective and known by it, never caches."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import date
from typing import TYPE_CHECKING, Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Exists, F, Func, OuterRef, Q, Subquery, Value
from django.db.models.functions import Concat, Reverse

if TYPE_CHECKING:
    from accounts.models import User


CANDIDATES = 1000  # a text that more borrowers answer to is met everywhere: walking soon finds a page
NAME_RUN, INITIALS_RUN = 2, 3  # lengths of the runs that the indexes of migration 0009 hold
# Runs of 有限责任公司 and 股份有限公司, and of their initials: they tell nobody apart.
COMMON = frozenset(("有限", "限责", "责任", "任公", "公司", "股份", "份有", "限公")) | frozenset(
    ("yxg", "xgs", "yxz", "xzr", "zrg", "rgs", "gfy", "fyx")
)
CERTIFICATE_TAIL = 6  # fewer characters of a certificate number would be guessed, not known


class FactQuerySet(models.QuerySet):
    """Rows with `effective_on` and `known_on`."""

    def known(self, on: date) -> FactQuerySet:
        """Facts effective and known by the day."""
        return self.filter(effective_on__lte=on, known_on__lte=on)

    def newest_first(self) -> FactQuerySet:
        """The fact in force comes first: of the latest day, as known last, the last correction of that."""
        return self.order_by("-effective_on", "-known_on", "-pk")


class BorrowerQuerySet(models.QuerySet):
    """Borrowers."""

    _is_few = False  # whether they were narrowed to `CANDIDATES` at most
    _lenders: frozenset[int] | None = None  # the units that they were narrowed to

    def visible_to(self, user: User) -> BorrowerQuerySet:
        """Where the person's units have a loan or a responsibility, or where the person is responsible today.

        A deputy stands where the person on leave would.
        """
        scope = user.scope
        if scope.reads_all:
            return self
        if not scope.roles:
            return self.none()
        loans, responsibilities = self._of_borrowers()
        own = responsibilities.current(scope.on).filter(person__in=scope.person_ids)
        if not scope.unit_ids:  # a few hundred customers: the database starts from them
            return self.filter(pk__in=own.values("borrower"))
        # Sub-selects rather than joins, so that no row comes twice; a page of many is walked to.
        return self.filter(
            Exists(loans.filter(borrower=OuterRef("pk"), unit__in=scope.unit_ids))
            | Exists(responsibilities.filter(borrower=OuterRef("pk"), unit__in=scope.unit_ids))
            | Exists(own.filter(borrower=OuterRef("pk")))
        )

    def page_for(self, user: User, size: int, after: str = "") -> list[Any]:
        """So many of these borrowers that `visible_to` shows the person, in the order of numbers, after one of them.

        It is asked of borrowers that are not yet narrowed to the person's. The customers of each of the person's units
        are walked in order (`Presence`), so it costs nothing how many customers of other units stand between them.
        """
        beyond = {"number__gt": after} if after else {}
        places = self._places(user)
        if self._is_few or not places:
            # Few are sorted, and not met on a walk through all numbers.
            order = Concat("number", Value("")) if self._is_few else F("number")
            return list(self.visible_to(user).filter(**beyond).order_by(order)[:size])
        own, *units = [walk.filter(**beyond) for walk in self._walks(user, [[unit] for unit in places])]
        found = own.union(*(walk.order_by("number")[:size] for walk in units)).order_by("number")[:size]
        return list(self.filter(number__in=[row["number"] for row in found]).order_by("number"))

    def count_for(self, user: User, most: int) -> int:
        """How many of these borrowers `visible_to` shows the person, `most` at most; asked as `page_for` is."""
        places = self._places(user)
        if self._is_few or not places:
            return self.visible_to(user).order_by().values("pk")[:most].count()
        own, walk = self._walks(user, [places])
        # A customer of two units comes twice, so twice as many are enough. Of more units they may not be.
        count = own.union(walk[: 2 * most])[:most].count()
        return count if count == most or len(places) <= 2 else own.union(walk)[:most].count()

    def lent_by(self, unit_ids: Collection[int]) -> BorrowerQuerySet:
        """Those with loans of one of these units, whose customers alone are then walked."""
        (loans, _responsibilities), units = self._of_borrowers(), frozenset(unit_ids)
        rows = self.filter(Exists(loans.filter(borrower=OuterRef("pk"), unit__in=units)))
        rows._lenders = units
        return rows

    def _places(self, user: User) -> list[int]:
        """The units whose customers have to be walked; none where no unit bounds them (an auditor, a manager's own)."""
        scope, units = user.scope, self._lenders
        if scope.reads_all:
            return sorted(units or ())
        return sorted(units if units and units <= scope.unit_ids else scope.unit_ids)

    def _walks(self, user: User, places: list[list[int]]) -> list[Any]:
        """Numbers of these borrowers: of those whom the person is responsible for, then of each place."""
        scope, (_loans, responsibilities) = user.scope, self._of_borrowers()
        presences = self._related("presences")._base_manager
        own = responsibilities.current(scope.on).filter(person__in=scope.person_ids)
        of_units = [self._numbers(presences.filter(unit__in=units), "borrower_id") for units in places]
        return [self._numbers(own, "borrower__number"), *of_units]

    def _numbers(self, rows: Any, path: str) -> Any:
        """The customer numbers of some rows, as far as they are numbers of these borrowers.

        Asked for each number alone, since a join would let the database begin at the other end, with all customers.
        """
        if self.query.where:
            same = self.order_by().filter(number=OuterRef(path)).values("pk")[:1]
            rows = rows.alias(same=Subquery(same)).filter(same__isnull=False)
        return rows.values(number=F(path))

    def start_from(self, ids: models.QuerySet[Any, int]) -> BorrowerQuerySet:
        """These borrowers, all of whom are among some ids: where those (a flat list) are few, one starts from them."""
        known = set(ids.order_by()[: CANDIDATES + 1])
        return self._few(known) if len(known) <= CANDIDATES else self

    def _few(self, ids: Collection[int]) -> BorrowerQuerySet:
        rows = self.filter(pk__in=ids)
        rows._is_few = True
        return rows

    def _clone(self) -> BorrowerQuerySet:
        rows: BorrowerQuerySet = super()._clone()  # type: ignore[misc]
        rows._is_few, rows._lenders = self._is_few, self._lenders
        return rows

    def _of_borrowers(self) -> tuple[Any, Any]:
        loans, responsibilities = self._related("loans"), self._related("responsibilities")
        return loans._base_manager.order_by(), responsibilities.objects.order_by()

    def _related(self, name: str) -> Any:
        """A model by way of the field, so that the models stay above this module."""
        return self.model._meta.get_field(name).related_model

    def search(self, text: str) -> BorrowerQuerySet:
        """By a fragment of the name or of its pinyin initials, by how the number begins, or by certificate number.

        Of a certificate number the whole or at least its last six characters. A rare text is asked of the indexes at
        once; rows of one that is met everywhere are left to be walked in the order of the caller, who wants a page.
        """
        text = text.strip()
        if not text:
            return self
        ids = self._told(text)
        return self._few(ids) if len(ids) <= CANDIDATES else self._meaning(text)

    def found_by(self, user: User, text: str, limit: int) -> list[Any]:
        """So many borrowers that the person may see and that `search` finds, quickly whatever the text.

        The indexes tell the candidates of the whole book, and the scope is asked about these alone. Where they are too
        many, and too few of the first of them are the person's, the question is put from the scope's side.
        """
        scope = user.scope
        if not scope.reads_all and not scope.unit_ids:
            return list(self.visible_to(user)._meaning(text).order_by("number")[:limit])
        ids = self._told(text)
        mine = self.among(user, ids)
        if len(ids) > CANDIDATES:
            if len(mine) < limit:
                mine |= self._theirs(user, anyhow(text, "borrower__"), stop=3 * limit)
            mine = set(sorted(mine)[:limit])
        # Sorted here: with a LIMIT the database would walk all numbers in search of these.
        first = sorted(self.filter(pk__in=mine).values_list("number", "pk"))[:limit] if mine else []
        rows = self.in_bulk([pk for _number, pk in first])
        return [rows[pk] for _number, pk in first]

    def among(self, user: User, ids: Collection[int]) -> set[int]:
        """Which of a few thousand borrowers, by their ids, the person may see, as `visible_to` would say."""
        if user.scope.reads_all or not ids:
            return set(ids)
        return self._theirs(user, Q(borrower__in=ids)) if user.scope.roles else set()

    def _told(self, text: str) -> set[int]:
        """What the indexes tell of the whole book: ids, one more than `CANDIDATES` at most."""
        first, *rest = self.candidates(text)
        # ALL, so that the database stops at the last row that is wanted.
        return set(first.union(*rest, all=True)[: CANDIDATES + 1].values_list("pk", flat=True))

    def _theirs(self, user: User, where: Q, stop: int | None = None) -> set[int]:
        """Ids of borrowers of the person's scope, from the rows that put them there, in any order."""
        scope, (loans, responsibilities) = user.scope, self._of_borrowers()
        found: set[int] = set()
        for rows in (
            loans.filter(unit__in=scope.unit_ids),  # of nobody's units nothing is asked
            responsibilities.filter(unit__in=scope.unit_ids),
            responsibilities.current(scope.on).filter(person__in=scope.person_ids),
        ):
            if stop:
                rows = rows.alias(certificate_tail=Reverse("borrower__id_number"))
            found.update(rows.filter(where).values_list("borrower", flat=True)[:stop])
        return found

    def _meaning(self, text: str) -> BorrowerQuerySet:
        return self.alias(certificate_tail=Reverse("id_number")).filter(anyhow(text))

    def candidates(self, text: str) -> list[models.QuerySet[Any, Any]]:
        """One question to the whole book for each thing that the text may mean, so that each has its index."""
        keyed = self.model._base_manager.alias(
            certificate_tail=Reverse("id_number"),
            name_runs=_runs_of("name", NAME_RUN),
            initials_runs=_runs_of("initials", INITIALS_RUN),
        ).order_by()
        return [keyed.filter(index, meaning).values("pk") for index, meaning in ways_to_find(text)]


def runs(word: str, length: int) -> list[str]:
    """Every run of so many characters in a word, as `credit_grams` sees them: 瑞丰粮 → 瑞丰, 丰粮."""
    return sorted({word[i : i + length] for i in range(len(word) - length + 1)})


def _runs_of(column: str, length: int) -> Func:
    return Func(
        F(column), Value(length), function="credit_grams", output_field=ArrayField(models.TextField())
    )


def _index(column: str, word: str, length: int) -> Q:
    """The condition that the index of runs answers; none for words that nearly every company has in its name."""
    telling = [run for run in runs(word, length) if run not in COMMON]
    return Q(**{f"{column}__contains": telling}) if telling else Q()


def ways_to_find(text: str, prefix: str = "") -> list[tuple[Q, Q]]:
    """What a typed text may mean, each after the condition that its index answers (migration 0009).

    From the scope's side (with a prefix) letters are compared without their case, which no index of beginnings does: an
    index would lead the database to walk through everybody's rows.
    """
    begins = "istartswith" if prefix else "startswith"
    number = Q()
    for written in {text, text.upper(), text.lower()}:
        number |= Q(**{f"{prefix}number__{begins}": written})
    ways = [(Q(), number)]
    letters = text.lower()
    if len(text) < NAME_RUN:
        ways.append((Q(), Q(**{f"{prefix}name__{begins}": text})))
    else:
        ways.append((_index("name_runs", letters, NAME_RUN), Q(**{f"{prefix}name__icontains": text})))
    if not re.fullmatch("[0-9A-Za-z]+", text):
        return ways
    if len(text) < INITIALS_RUN:
        ways.append((Q(), Q(**{f"{prefix}initials__{begins}": letters})))
    else:
        index = _index("initials_runs", letters, INITIALS_RUN)
        ways.append((index, Q(**{f"{prefix}initials__contains": letters})))
    if len(text) >= CERTIFICATE_TAIL and any(map(str.isdigit, text)):
        ways.append((Q(), Q(certificate_tail__startswith=text.upper()[::-1])))
    return ways


def anyhow(text: str, prefix: str = "") -> Q:
    """Whether a row answers to the text in any way."""
    found = Q()
    for _index, meaning in ways_to_find(text, prefix):
        found |= meaning
    return found
