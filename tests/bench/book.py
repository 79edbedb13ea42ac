"""A synthetic book of any size, built set by set in SQL: a city bank's mixture, the same rows every time.

Every number comes out of a hash of an id, so that two builds of one size are equal. Triggers and foreign keys are
not checked while it is built: a million loans would take an hour.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import connection

from accounts.choices import Role, UnitKind
from accounts.models import Post, Unit, User
from core import clock
from core.models import ImportBatch
from core.models.imports import ImportStatus

IN_OFFICE_FROM = date(2020, 1, 1)
BORROWERS_OF_A_MANAGER = 400
LOANS_OF_A_BRANCH = 50_000
POSTS_OF_A_BRANCH = (Role.PRESIDENT, Role.VICE_PRESIDENT, Role.ACCOUNTANT, Role.RISK_HEAD, Role.RISK_MANAGER)

# pg_temp.h(id, salt): a number from 0 to 999 that looks drawn at random.
SETUP = """
SET session_replication_role = replica;
SET synchronous_commit = off;
CREATE OR REPLACE FUNCTION pg_temp.h(id bigint, salt int) RETURNS int LANGUAGE sql IMMUTABLE AS
  $$ SELECT ((hashint8(id * 7919 + salt::bigint * 1000003) & 2147483647) %% 1000)::int $$;
"""

# 85 % persons, 10 % small businesses, 5 % companies; one to three loans each.
BORROWERS = """
CREATE TEMP TABLE made AS
SELECT b, CASE WHEN pg_temp.h(b, 1) < 850 THEN 'P' WHEN pg_temp.h(b, 1) < 950 THEN 'M' ELSE 'C' END AS seg,
       1 + (pg_temp.h(b, 2) >= 600)::int + (pg_temp.h(b, 2) >= 900)::int AS n
FROM generate_series(1, %(borrowers)s) b;
INSERT INTO credit_borrower (id, number, name, initials, kind, id_number, industry, address, area,
                             legal_representative, phone, main_business, rating)
SELECT b, 'B' || lpad(b::text, 8, '0'),
       CASE seg WHEN 'P' THEN '客户' WHEN 'M' THEN '商行' ELSE '有限公司' END || b,
       CASE seg WHEN 'P' THEN 'kh' WHEN 'M' THEN 'sh' ELSE 'yxgs' END || b,
       CASE seg WHEN 'P' THEN 'PERSONAL' WHEN 'M' THEN 'SOLE_TRADER' ELSE 'CORPORATE' END,
       'ID' || lpad(b::text, 16, '0'), '', '', '', '', '', '', ''
FROM made;
CREATE TEMP TABLE note AS
SELECT row_number() OVER (ORDER BY b, k) AS l, b, seg, k FROM made, generate_series(1, 3) k
WHERE k <= n LIMIT %(loans)s;
ALTER TABLE note ADD product text, ADD term int, ADD age int, ADD unit bigint;
UPDATE note SET unit = branch[1 + b %% array_length(branch, 1)], product = CASE seg
    WHEN 'M' THEN 'MICRO'
    WHEN 'P' THEN CASE WHEN pg_temp.h(l, 3) < 500 THEN 'HOUSING' WHEN pg_temp.h(l, 3) < 850 THEN 'CONSUMER'
                       ELSE 'PERSONAL_BUSINESS' END
    ELSE CASE WHEN pg_temp.h(l, 3) < 600 THEN 'WORKING_CAPITAL' WHEN pg_temp.h(l, 3) < 750 THEN 'FIXED_ASSET'
              WHEN pg_temp.h(l, 3) < 900 THEN 'ACCEPTANCE' WHEN pg_temp.h(l, 3) < 970 THEN 'LETTER_OF_GUARANTEE'
              ELSE 'DISCOUNT' END END
FROM (SELECT %(branches)s::bigint[] AS branch) x;
UPDATE note SET term = CASE product WHEN 'HOUSING' THEN 7300 WHEN 'CONSUMER' THEN 1095 WHEN 'FIXED_ASSET' THEN 1825
                               WHEN 'ACCEPTANCE' THEN 180 WHEN 'DISCOUNT' THEN 180 ELSE 365 END;
-- Paid out evenly over the term; one letter in twelve has expired.
UPDATE note SET age = 1 + ((pg_temp.h(l, 4) * 1000 + pg_temp.h(l, 5)) %%
    (term - 2 + CASE WHEN product = 'LETTER_OF_GUARANTEE' THEN 30 ELSE 0 END));
CREATE INDEX ON note (l);
ANALYZE note;
"""

LOANS = """
INSERT INTO credit_contract (id, number, product, amount, signed_on, ends_on, purpose, approval_number, borrower_id,
                             scheme)
SELECT l, 'HT' || lpad(l::text, 9, '0'), product, 10000 * (10 + pg_temp.h(l, 6)), %(on)s::date - age - 7,
       %(on)s::date - age + term, '经营', '', b,
       CASE WHEN seg = 'C' AND pg_temp.h(l, 7) < 100 THEN 'GS' WHEN seg = 'C' AND pg_temp.h(l, 7) < 200 THEN 'FW'
            ELSE '' END
FROM note;
INSERT INTO credit_loan (id, number, product, amount, annual_rate, starts_on, matures_on, purpose, settlement_account,
                         borrower_id, contract_id, unit_id, interest_frequency, margin, margin_account)
SELECT l, 'JJ' || lpad(l::text, 9, '0'), product, 10000 * (10 + pg_temp.h(l, 6)), 0.03 + pg_temp.h(l, 8) / 50000.0,
       %(on)s::date - age, %(on)s::date - age + term, '经营', '', b, l, unit,
       CASE WHEN seg = 'P' THEN 'WITH_INSTALMENT' WHEN pg_temp.h(l, 9) < 300 THEN 'MONTHLY' ELSE '' END,
       CASE WHEN product IN ('ACCEPTANCE', 'LETTER_OF_GUARANTEE') THEN 3000 * (10 + pg_temp.h(l, 6)) ELSE 0 END,
       CASE WHEN product IN ('ACCEPTANCE', 'LETTER_OF_GUARANTEE') THEN 'BZJ' || l ELSE '' END
FROM note;
-- Three readings of each; two in a hundred are repaid, three in arrears.
INSERT INTO credit_loanreading (loan_id, effective_on, known_on, balance, overdue_principal, overdue_interest,
                                days_past_due, correction)
SELECT l, GREATEST(%(on)s::date - 1 - 31 * m - (l %% 29)::int, %(on)s::date - age)::date,
       GREATEST(%(on)s::date - 31 * m - (l %% 29)::int, %(on)s::date - age)::date,
       CASE WHEN m = 0 AND (pg_temp.h(l, 10) < 20 OR age >= term) THEN 0
            ELSE 10000 * (10 + pg_temp.h(l, 6)) / (4 - m) END,
       CASE WHEN m = 0 AND pg_temp.h(l, 10) BETWEEN 20 AND 39 THEN 1000 ELSE 0 END,
       CASE WHEN m = 0 AND pg_temp.h(l, 10) BETWEEN 20 AND 49 THEN 120.5 ELSE 0 END,
       CASE WHEN m = 0 AND pg_temp.h(l, 10) BETWEEN 20 AND 49 THEN 1 + pg_temp.h(l, 11) / 10 ELSE 0 END, 2 - m
FROM note, generate_series(0, 2) m ORDER BY l, m DESC;
-- 正常 from the first day; five in a hundred are worse by now.
INSERT INTO credit_classfact (loan_id, risk_class, source, effective_on, known_on, correction)
SELECT l, 'NORMAL', 'CORE', %(on)s::date - age, %(on)s::date - age, 0 FROM note ORDER BY l;
INSERT INTO credit_classfact (loan_id, risk_class, source, effective_on, known_on, correction)
SELECT l, CASE WHEN pg_temp.h(l, 12) < 30 THEN 'SPECIAL_MENTION' WHEN pg_temp.h(l, 12) < 40 THEN 'SUBSTANDARD'
               WHEN pg_temp.h(l, 12) < 46 THEN 'DOUBTFUL' ELSE 'LOSS' END, 'CORE',
       %(on)s::date - LEAST(age, 1 + pg_temp.h(l, 13) / 2), %(on)s::date - LEAST(age, 1 + pg_temp.h(l, 13) / 2), 1
FROM note WHERE pg_temp.h(l, 12) < 50 ORDER BY l;
INSERT INTO credit_loanterms (loan_id, effective_on, known_on, matures_on, annual_rate, correction)
SELECT l, %(on)s::date - age / 2, %(on)s::date - age / 2, %(on)s::date - age + term, 0.04, 0
FROM note WHERE pg_temp.h(l, 14) < 50;
"""

FACTS = """
INSERT INTO credit_installment (loan_id, due_on, principal, interest)
SELECT l, %(on)s::date + 1 + (l %% 28)::int + 30 * m, 10 * (10 + pg_temp.h(l, 6)),
       CASE WHEN seg = 'P' THEN 3 * (10 + pg_temp.h(l, 6)) ELSE 0 END
FROM note, generate_series(0, 2) m
WHERE (seg = 'P' OR product = 'FIXED_ASSET' OR (seg = 'M' AND l %% 2 = 0)) AND 2 + (l %% 28)::int + 30 * m < term - age
ORDER BY l, m;
INSERT INTO credit_responsibility (borrower_id, role, person_id, unit_id, from_on, known_on)
SELECT b, 'CUSTOMER_MANAGER', manager[1 + b %% array_length(manager, 1)],
       branch[1 + b %% array_length(branch, 1)], '2025-01-06', '2025-01-06'
FROM made, (SELECT %(managers)s::bigint[] AS manager, %(branches)s::bigint[] AS branch) x
WHERE pg_temp.h(b, 15) >= 5;
INSERT INTO credit_account (id, number, kind, opened_on, overdraft, unit_id, borrower_id)
SELECT b, 'ZH' || b, 'BASIC', '2020-01-06', false, branch[1 + b %% array_length(branch, 1)], b
FROM made, (SELECT %(branches)s::bigint[] AS branch) x WHERE seg <> 'P';
INSERT INTO credit_account (id, number, kind, opened_on, overdraft, unit_id, borrower_id)
SELECT 100000000 + l, 'BZJ' || l, 'MARGIN', '2020-01-06', false, unit, b
FROM note WHERE product IN ('ACCEPTANCE', 'LETTER_OF_GUARANTEE');
INSERT INTO credit_accountbalance (account_id, effective_on, known_on, balance, frozen, correction)
SELECT a.id, %(on)s::date - 1 - 9 * m, %(on)s::date - 1 - 9 * m,
       5000 * (10 + pg_temp.h(a.id, 16)) + m, CASE WHEN pg_temp.h(a.id, 17) < 20 THEN 500 ELSE 0 END, 0
FROM credit_account a, generate_series(0, 2) m ORDER BY a.id, m DESC;
INSERT INTO credit_bill (number, loan_id, amount, drawn_on, matures_on, drawer, payee, acceptor, known_on)
SELECT 'PJ' || l || '-' || m, l, 2500 * (10 + pg_temp.h(l, 6)), %(on)s::date - age,
       %(on)s::date - age + term, '', '', '', %(on)s::date - age
FROM note, generate_series(1, 4) m WHERE product IN ('ACCEPTANCE', 'DISCOUNT');
INSERT INTO credit_letterofguarantee (loan_id, kind, beneficiary, is_electronic, original_number)
SELECT l, 'PERFORMANCE', '业主单位', pg_temp.h(l, 18) < 300, '' FROM note WHERE product = 'LETTER_OF_GUARANTEE';
INSERT INTO credit_letterreturn (loan_id, outcome, effective_on, known_on, custody, reference)
SELECT l, 'RETURNED', %(on)s::date - 1, %(on)s::date - 1, '档案室', ''
FROM note WHERE product = 'LETTER_OF_GUARANTEE' AND age > term AND pg_temp.h(l, 19) < 300;
INSERT INTO credit_contact (borrower_id, person, relation, phone, reachable_at, way, effective_on, known_on, reference)
SELECT b, '本人', '本人', '13800000000', '住所', 'PHONE', '2025-01-06', '2025-01-06', ''
FROM made WHERE seg = 'P' AND pg_temp.h(b, 20) < 980;
INSERT INTO credit_riskevent (borrower_id, kind, effective_on, known_on, detail, reference, recorded_by, recorded_at)
SELECT b, (ARRAY['DOWNGRADE', 'OVERDUE', 'STOPPAGE', 'DEBT_DISPUTE', 'INTEREST_ARREARS'])[1 + b %% 5],
       %(on)s::date, %(on)s::date, '抽样事项', '', 'bench', now()
FROM made WHERE seg <> 'P' AND pg_temp.h(b, 21) < 2;
INSERT INTO credit_pastinspection (borrower_id, effective_on, known_on, inspector, overall, proposed_class, reference)
SELECT b, %(on)s::date - 10 - pg_temp.h(b, 22) / 6, %(on)s::date - pg_temp.h(b, 22) / 6, '某人', '', '', ''
FROM made WHERE seg <> 'P' AND pg_temp.h(b, 23) < 300;
INSERT INTO credit_pastletter (number, loan_id, kind, recipient, recipient_name, effective_on, known_on, method,
                               received_on, proof)
SELECT 'HJ' || l, l, 'MATURITY', 'BORROWER', '借款人', %(on)s::date - 3, %(on)s::date - 2, '',
       CASE WHEN l %% 2 = 0 THEN %(on)s::date - 2 END, CASE WHEN l %% 2 = 0 THEN '回执' ELSE '' END
FROM note WHERE seg <> 'P' AND term - age BETWEEN 1 AND 30 AND age > 10 AND pg_temp.h(l, 24) < 200;
"""

TIDY = """
DROP TABLE note; DROP TABLE made;
SELECT credit_count_presences();
SET session_replication_role = DEFAULT;
"""


def build(loans: int, *, on: date) -> None:
    """Fill an empty database, reference data loaded, with so many loans as they stand on a day."""
    branches, managers = _lender(loans)
    # One and a half loans a borrower on the average; a few borrowers more, so that none of the loans is missing.
    figures: dict[str, Any] = {
        "borrowers": loans * 7 // 10 + 20, "loans": loans, "on": on, "branches": branches, "managers": managers,
    }  # fmt: skip
    with connection.cursor() as cursor:
        for script in (SETUP, BORROWERS, LOANS, FACTS, TIDY):
            cursor.execute(script, figures)
    _sequences()
    ImportBatch.objects.create(
        profile="bench",
        as_of=on,
        known_on=on,
        status=ImportStatus.APPLIED,
        received_at=clock.now(),
        received_by="bench",
    )
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def _lender(loans: int) -> tuple[list[int], list[int]]:
    """The tree and the people: a branch for every 50 000 loans, a customer manager for every 400 borrowers."""
    bank = Unit.objects.create(code="BENCH", name="基准银行", kind=UnitKind.BANK, path="/BENCH/")
    branches = Unit.objects.bulk_create(
        Unit(code=f"N{n:03d}", name=f"第{n}支行", kind=UnitKind.BRANCH, parent=bank, path=f"/BENCH/N{n:03d}/")
        for n in range(1, max(2, loans // LOANS_OF_A_BRANCH) + 1)
    )
    posts = []
    for branch in branches:
        people = _people([(f"{branch.code}.{role}", role) for role in POSTS_OF_A_BRANCH])
        posts += [_post(person, role, branch) for person, role in zip(people, POSTS_OF_A_BRANCH, strict=True)]
    # As many in each branch, so that a manager's customers are customers of his branch.
    count = len(branches) * (1 + loans * 2 // 3 // BORROWERS_OF_A_MANAGER // len(branches))
    managers = _people([(f"manager{n:05d}", Role.CUSTOMER_MANAGER) for n in range(count)])
    posts += [
        _post(person, Role.CUSTOMER_MANAGER, branches[n % len(branches)]) for n, person in enumerate(managers)
    ]
    Post.objects.bulk_create(posts)
    return [branch.pk for branch in branches], [person.pk for person in managers]


def _people(names: list[tuple[str, Role]]) -> list[User]:
    return User.objects.bulk_create(
        User(username=name, name=name, line=role.line, password="!") for name, role in names
    )


def _post(person: User, role: Role, unit: Unit) -> Post:
    return Post(person=person, role=role, unit=unit, from_on=IN_OFFICE_FROM)


def _sequences() -> None:
    """What was inserted with its id moves the sequences on."""
    with connection.cursor() as cursor:
        for table in ("credit_borrower", "credit_contract", "credit_loan", "credit_account"):
            cursor.execute(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT coalesce(max(id), 1) FROM {table}))"
            )
