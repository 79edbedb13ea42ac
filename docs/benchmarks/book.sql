-- A made-up bank for docs/benchmarks/{search,pages}.py: ten branches of 200 customer managers, 700,000 borrowers,
-- 1,000,000 loans, 140,000 open duties; the customers of a branch have numbers in a row, which is the hardest case.
-- For an empty scratch database after `migrate` and `load_reference`; about two and a half minutes:
--     psql "$DATABASE_URL" -f docs/benchmarks/book.sql
\set ON_ERROR_STOP 1
\timing on
SET session_replication_role = replica;
SET synchronous_commit = off;
SET maintenance_work_mem = '512MB';

INSERT INTO accounts_unit (id, code, name, kind, path, parent_id) OVERRIDING SYSTEM VALUE
VALUES (1, 'BANK', '宁江银行', 'BANK', '/BANK/', NULL);
INSERT INTO accounts_unit (id, code, name, kind, path, parent_id) OVERRIDING SYSTEM VALUE
SELECT 1 + b, 'B' || b, '第' || b || '支行', 'BRANCH', '/BANK/B' || b || '/', 1 FROM generate_series(1, 10) b;
INSERT INTO accounts_unit (id, code, name, kind, path, parent_id) OVERRIDING SYSTEM VALUE
SELECT 100 + b * 10 + d, 'B' || b || 'D' || d, '部' || d, 'DEPARTMENT', '/BANK/B' || b || '/B' || b || 'D' || d || '/', 1 + b
FROM generate_series(1, 10) b, generate_series(1, 3) d;

-- Customer managers 1000 b + 1 … + 200; two heads, a risk manager, a risk head, a president, an auditor 1000 b + 901 … + 906.
INSERT INTO accounts_user (id, password, username, name, line, email, is_active) OVERRIDING SYSTEM VALUE
SELECT 1000 * b + i, '!', 'U' || (1000 * b + i), '客户经理' || (1000 * b + i), 'CUSTOMER', '', true
FROM generate_series(1, 10) b, generate_series(1, 200) i;
INSERT INTO accounts_user (id, password, username, name, line, email, is_active) OVERRIDING SYSTEM VALUE
SELECT 1000 * b + 900 + i, '!', 'U' || (1000 * b + 900 + i), '负责人' || (1000 * b + 900 + i),
  (ARRAY['CUSTOMER', 'CUSTOMER', 'RISK', 'RISK', 'MANAGEMENT', 'SUPPORT'])[i], '', true
FROM generate_series(1, 10) b, generate_series(1, 6) i;
INSERT INTO accounts_post (role, from_on, person_id, unit_id)
SELECT 'CUSTOMER_MANAGER', '2024-01-01', 1000 * b + i, 100 + b * 10 + 1 + i % 2
FROM generate_series(1, 10) b, generate_series(1, 200) i;
INSERT INTO accounts_post (role, from_on, person_id, unit_id)
SELECT (ARRAY['CUSTOMER_HEAD', 'CUSTOMER_HEAD', 'RISK_MANAGER', 'RISK_HEAD', 'PRESIDENT', 'AUDITOR'])[i], '2024-01-01',
  1000 * b + 900 + i, CASE WHEN i < 3 THEN 100 + b * 10 + i WHEN i < 5 THEN 103 + b * 10 ELSE 1 + b END
FROM generate_series(1, 10) b, generate_series(1, 6) i;

-- Two of five are companies: a place, four of 1,200 characters, a trade, 有限公司. The others are people of two or three.
CREATE TEMP TABLE names AS
SELECT n, n % 5 < 2 AS firm, string_agg(chr(19968 + h * 17), '' ORDER BY k) AS core, string_agg(chr(97 + h * 7919 % 26), '' ORDER BY k) AS ini
FROM (
  SELECT n, k, abs(hashint8(n::bigint * 31 + k)) % 1200 AS h
  FROM generate_series(1, 700000) n, generate_series(1, 4) k WHERE k <= CASE WHEN n % 5 < 2 THEN 4 ELSE 2 + n % 2 END
) letters GROUP BY n;
INSERT INTO credit_borrower (id, number, name, initials, kind, id_number, industry, address, area, legal_representative, phone, main_business, rating)
OVERRIDING SYSTEM VALUE
SELECT n, 'C' || lpad(n::text, 8, '0'),
  CASE WHEN firm THEN (ARRAY['江西', '江南', '宁江', '浙江', '上海'])[1 + n % 5] || core
    || (ARRAY['粮油', '纺织', '陶瓷', '商贸', '建设', '科技'])[1 + n % 6] || '有限公司' ELSE core END,
  CASE WHEN firm THEN (ARRAY['jx', 'jn', 'nj', 'zj', 'sh'])[1 + n % 5] || ini
    || (ARRAY['ly', 'fz', 'tc', 'sm', 'js', 'kj'])[1 + n % 6] || 'yxgs' ELSE ini END,
  CASE WHEN firm THEN 'CORPORATE' ELSE 'PERSONAL' END,
  CASE WHEN firm THEN '91360' || lpad((n::bigint * 7919 % 1000000007)::text, 12, '0') || 'X'
    ELSE '36010219' || lpad((n::bigint * 104729 % 999999937)::text, 10, '0') END,
  '制造业', '南昌市某路' || n || '号', '城东', '张三', '13800000000', '粮油加工', 'AA'
FROM names;

INSERT INTO credit_contract (id, number, product, amount, signed_on, ends_on, purpose, approval_number, borrower_id)
OVERRIDING SYSTEM VALUE
SELECT n, 'HT' || lpad(n::text, 9, '0'), 'WORKING_CAPITAL', 1000000, '2026-01-05', '2027-01-04', '', '', 1 + (n - 1) % 700000
FROM generate_series(1, 1000000) n;
INSERT INTO credit_loan (id, number, product, amount, annual_rate, starts_on, matures_on, purpose, settlement_account, borrower_id, contract_id, unit_id)
OVERRIDING SYSTEM VALUE
SELECT n, 'JJ' || lpad(n::text, 9, '0'), 'WORKING_CAPITAL', 1000000, 0.045, '2026-01-05', '2027-01-04', '', '',
  1 + (n - 1) % 700000, n, 100 + (1 + ((n - 1) % 700000) / 70000) * 10 + 1 + n % 2
FROM generate_series(1, 1000000) n;
INSERT INTO credit_loanreading (effective_on, known_on, balance, overdue_principal, overdue_interest, days_past_due, correction, loan_id)
SELECT '2026-10-31', '2026-10-31', 900000, 0, 0, 0, 0, n FROM generate_series(1, 1000000) n;
INSERT INTO credit_classfact (risk_class, source, effective_on, known_on, correction, loan_id)
SELECT 'NORMAL', 'CORE', '2026-10-31', '2026-10-31', 0, n FROM generate_series(1, 1000000) n;
INSERT INTO credit_responsibility (role, from_on, known_on, borrower_id, person_id, unit_id)
SELECT 'CUSTOMER_MANAGER', '2026-01-05', '2026-01-05', n, 1000 * (1 + (n - 1) / 70000) + 1 + n % 200,
  100 + (1 + (n - 1) / 70000) * 10 + 1 + n % 2
FROM generate_series(1, 700000) n;
INSERT INTO workflow_workitem (obligation, subject_kind, subject_id, period_key, kind, borrower_number, borrower_name, line, post,
  raised_on, counts_from, due_on, reason, status, closed_by, close_reason, person_id, unit_id)
SELECT 'GR-27', 'BORROWER', n, '2026Q4', 'site_inspection', 'C' || lpad(n::text, 8, '0'), '某客户', 'CUSTOMER', 'CUSTOMER_MANAGER',
  '2026-10-01', '2026-10-01', date '2026-11-20' + (n % 180)::int, '首次检查', 'OPEN', '', '',
  1000 * (1 + (n - 1) / 70000) + 1 + n % 200, 100 + (1 + (n - 1) / 70000) * 10 + 1 + n % 2
FROM generate_series(1, 700000, 5) n;
SELECT credit_count_presences();  -- triggers are off
VACUUM ANALYZE;
\di+ borrower*
