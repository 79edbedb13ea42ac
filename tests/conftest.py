"""The fixed cast: one lender, two branches, everybody who matters, a corporate and a personal borrower."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import UserSettingsHolder
from django.conf import settings as django_settings
from django.test.client import ClientHandler

from accounts.choices import Role, UnitKind
from core import clock
from credit.choices import BorrowerKind, Product, ResponsibleRole
from tests import factories
from tests.databases import django_db_setup, new_database, own_database, reference  # noqa: F401  (fixtures)

TODAY = date(2026, 11, 24)  # a Tuesday


def pytest_configure() -> None:
    """A fast hasher: hundreds of signatures ask for a password."""
    django_settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.MD5PasswordHasher",
        *django_settings.PASSWORD_HASHERS,
    ]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long and heavy ones begin first, so that no worker is left alone with one of them at the end."""
    items.sort(key=lambda item: not (item.get_closest_marker("long") or item.get_closest_marker("heavy")))


@pytest.fixture(scope="session", autouse=True)
def _middleware_is_made_once() -> Iterator[None]:
    """Every client makes its own, and WhiteNoise reads every static file then: a third of all that a request costs.

    What a test overrides gets its own; the folders of a test are read when they are needed, not when it is made.
    """
    load, made = ClientHandler.load_middleware, {}

    def load_once(handler: Any, is_async: bool = False) -> None:
        known, overridden = django_settings._wrapped, {}
        while isinstance(known, UserSettingsHolder):
            overridden = {name: value for name, value in vars(known).items() if name.isupper()} | overridden
            known = known.default_settings
        key = frozenset((n, repr(v)) for n, v in overridden.items() if n not in ("VAR_DIR", "MEDIA_ROOT"))
        if key not in made:
            load(handler, is_async)
            made[key] = handler._middleware_chain
        handler._middleware_chain = made[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ClientHandler, "load_middleware", load_once)
        yield


@pytest.fixture(autouse=True)
def _files_of_a_test(settings: Any, tmp_path: Any) -> None:
    settings.VAR_DIR = tmp_path
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def password() -> str:
    """Everybody's password."""
    return factories.PASSWORD


@pytest.fixture
def today() -> Iterator[date]:
    """Stand on the business day of the cast."""
    with clock.travelling_to(TODAY):
        yield TODAY


@pytest.fixture
def cast(db: None, today: date) -> SimpleNamespace:
    """The fixed cast, standing on 2026-11-24."""
    return build_cast()


def build_cast() -> SimpleNamespace:
    """Write the cast to the database; for a test class, call it from setUpTestData."""
    unit, person = factories.make_unit, factories.make_person
    bank = unit("BANK", "江州农村商业银行", kind=UnitKind.BANK)
    br1 = unit("BR1", "工人支行", kind=UnitKind.BRANCH, parent=bank)
    corporate = unit("BR1-C", "公司部", parent=br1)
    personal = unit("BR1-P", "个人部", parent=br1)
    risk_dept = unit("BR1-R", "风险部", parent=br1)
    br2 = unit("BR2", "城东支行", kind=UnitKind.BRANCH, parent=bank)
    corporate2 = unit("BR2-C", "公司部", parent=br2)
    risk_dept2 = unit("BR2-R", "风险部", parent=br2)
    people = {
        "cm": person("1001", "张明", role=Role.CUSTOMER_MANAGER, unit=corporate),
        "cm2": person("1002", "李娜", role=Role.CUSTOMER_MANAGER, unit=corporate),
        "cm_personal": person("1003", "王芳", role=Role.CUSTOMER_MANAGER, unit=personal),
        "head": person("1004", "赵强", role=Role.CUSTOMER_HEAD, unit=corporate),
        "head_personal": person("1005", "钱静", role=Role.CUSTOMER_HEAD, unit=personal),
        "risk": person("1006", "孙磊", role=Role.RISK_MANAGER, unit=risk_dept),
        "risk_head": person("1007", "周敏", role=Role.RISK_HEAD, unit=risk_dept),
        "president": person("1008", "吴刚", role=Role.PRESIDENT, unit=br1),
        "vp": person("1009", "郑洁", role=Role.VICE_PRESIDENT, unit=br1),
        "accountant": person("1010", "冯丽", role=Role.ACCOUNTANT, unit=br1),
        "auditor": person("1011", "陈涛", role=Role.AUDITOR, unit=bank),
        "admin": person("1012", "褚伟", role=Role.ADMIN, unit=bank),
        "other_cm": person("2001", "卫平", role=Role.CUSTOMER_MANAGER, unit=corporate2),
        "other_head": person("2002", "蒋红", role=Role.CUSTOMER_HEAD, unit=corporate2),
        "other_risk": person("2003", "沈波", role=Role.RISK_MANAGER, unit=risk_dept2),
        "other_president": person("2004", "韩雪", role=Role.PRESIDENT, unit=br2),
    }
    who = SimpleNamespace(**people)

    borrower = factories.make_borrower("C100001", "江南纺织有限公司", industry="纺织业", area="城西")
    contract = factories.make_contract(borrower, number="HT2026-0101", purpose="采购棉纱")
    loan = factories.make_loan(
        borrower, corporate, contract=contract, number="JJ2026-0101", balance=Decimal("2800000.00")
    )
    personal_borrower = factories.make_borrower("P200001", "刘建国", kind=BorrowerKind.PERSONAL, area="城东")
    personal_loan = factories.make_loan(
        personal_borrower,
        personal,
        number="JJ2026-0201",
        product=Product.HOUSING,
        amount=Decimal("800000.00"),
        matures_on=date(2046, 3, 10),
        contract=factories.make_contract(
            personal_borrower,
            number="HT2026-0201",
            product=Product.HOUSING,
            amount=Decimal("800000.00"),
            ends_on=date(2046, 3, 10),
        ),
    )
    other_borrower = factories.make_borrower("C300001", "城东机械有限公司")
    other_loan = factories.make_loan(other_borrower, corporate2, number="JJ2026-0301")
    for of, manager, risk, principal, dept in (
        (borrower, who.cm, who.risk, who.president, corporate),
        (personal_borrower, who.cm_personal, who.risk, who.president, personal),
        (other_borrower, who.other_cm, who.other_risk, who.other_president, corporate2),
    ):
        answers = factories.make_responsibility
        answers(of, manager, dept, role=ResponsibleRole.CUSTOMER_MANAGER)
        answers(of, risk, dept.parent, role=ResponsibleRole.RISK_MANAGER)
        answers(of, principal, dept.parent, role=ResponsibleRole.PRINCIPAL)
    return SimpleNamespace(
        today=TODAY,
        bank=bank,
        br1=br1,
        corporate=corporate,
        personal=personal,
        risk_dept=risk_dept,
        br2=br2,
        corporate2=corporate2,
        risk_dept2=risk_dept2,
        people=people,
        borrower=borrower,
        contract=contract,
        loan=loan,
        reading=loan.readings.get(),
        class_fact=loan.classes.get(),
        personal_borrower=personal_borrower,
        personal_loan=personal_loan,
        other_borrower=other_borrower,
        other_loan=other_loan,
        **people,
    )
