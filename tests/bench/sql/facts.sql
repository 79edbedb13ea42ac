-- The facts of the day, read once for all rules: $on is the day, $go_live the lender's first day or NULL.
DROP TABLE IF EXISTS note, manager, holder, standing, customer, past, period, frequency_of, required, verdict;

CREATE TEMP TABLE note AS
WITH reading AS (
    SELECT DISTINCT ON (loan_id) loan_id, balance FROM credit_loanreading
    WHERE effective_on <= $on AND known_on <= $on ORDER BY loan_id, effective_on DESC, known_on DESC, id DESC
), eve AS (
    SELECT DISTINCT ON (loan_id) loan_id, balance FROM credit_loanreading
    WHERE effective_on < date_trunc('quarter', $on)::date AND known_on < date_trunc('quarter', $on)::date
    ORDER BY loan_id, effective_on DESC, known_on DESC, id DESC
), class AS (
    SELECT DISTINCT ON (loan_id) loan_id, risk_class, effective_on FROM credit_classfact
    WHERE effective_on <= $on AND known_on <= $on ORDER BY loan_id, effective_on DESC, known_on DESC, id DESC
), terms AS (
    SELECT DISTINCT ON (loan_id) loan_id, matures_on FROM credit_loanterms
    WHERE effective_on <= $on AND known_on <= $on ORDER BY loan_id, effective_on DESC, known_on DESC, id DESC
)
SELECT l.id, l.number, l.borrower_id, l.unit_id, l.product, l.starts_on,
    CASE u.kind WHEN 'DEPARTMENT' THEN u.parent_id ELSE u.id END AS branch_id,
    coalesce(nullif(c.scheme, ''), p.scheme) AS scheme,
    coalesce(terms.matures_on, l.matures_on) AS ends_on,
    reading.loan_id IS NOT NULL AS is_known,
    coalesce(reading.balance, 0) > 0 AS is_live,
    coalesce(eve.balance, 0) > 0 AS was_live,
    coalesce(k.severity, 0) AS severity, class.effective_on AS class_since
FROM credit_loan l
JOIN credit_contract c ON c.id = l.contract_id
JOIN accounts_unit u ON u.id = l.unit_id
LEFT JOIN by_hand.product p ON p.product = l.product
LEFT JOIN reading ON reading.loan_id = l.id
LEFT JOIN eve ON eve.loan_id = l.id
LEFT JOIN class ON class.loan_id = l.id
LEFT JOIN by_hand.class k ON k.code = class.risk_class
LEFT JOIN terms ON terms.loan_id = l.id;
ANALYZE note;

CREATE TEMP TABLE manager AS
SELECT DISTINCT ON (borrower_id) borrower_id, person_id, unit_id FROM credit_responsibility
WHERE role = 'CUSTOMER_MANAGER' AND from_on <= $on AND (to_on IS NULL OR to_on >= $on) AND known_on <= $on
ORDER BY borrower_id, from_on DESC, id DESC;
ANALYZE manager;

-- Who has held a post longest in a branch or in a department of it.
CREATE TEMP TABLE holder AS
SELECT DISTINCT ON (branch_id, role) branch_id, role, person_id
FROM accounts_post p
JOIN accounts_user x ON x.id = p.person_id AND x.is_active
JOIN accounts_unit u ON u.id = p.unit_id
CROSS JOIN LATERAL (
    VALUES (u.id), (CASE u.kind WHEN 'DEPARTMENT' THEN u.parent_id END)
) AS there (branch_id)
WHERE from_on <= $on AND (to_on IS NULL OR to_on >= $on) AND branch_id IS NOT NULL
ORDER BY branch_id, role, from_on, p.id;

CREATE TEMP TABLE standing AS
SELECT obligation, subject_kind, subject_id, period_key, due_on FROM by_hand.workitem WHERE status = 'OPEN';
ANALYZE standing;

CREATE TEMP TABLE customer AS
WITH live AS (
    SELECT borrower_id, max(severity) AS worst, min(starts_on) AS first_now,
        (array_agg(class_since ORDER BY severity DESC, class_since NULLS LAST))[1] AS in_class_since,
        bool_or(scheme IN (SELECT scheme FROM by_hand.under WHERE ancestor = 'GR')) AS is_gr,
        bool_or(scheme IN (SELECT scheme FROM by_hand.under WHERE ancestor = 'GD')) AS is_gd
    FROM note WHERE is_live GROUP BY borrower_id
), began AS (
    SELECT borrower_id, min(starts_on) AS first_then FROM note WHERE was_live GROUP BY borrower_id
), orphan AS (
    SELECT DISTINCT ON (borrower_id) borrower_id, unit_id FROM note
    WHERE borrower_id NOT IN (SELECT borrower_id FROM manager) ORDER BY borrower_id, starts_on DESC, id DESC
)
SELECT b.id, live.worst, live.in_class_since, coalesce(is_gr, false) AS is_gr, coalesce(is_gd, false) AS is_gd,
    coalesce(first_then, first_now) AS first_started_on,
    m.person_id, coalesce(m.unit_id, orphan.unit_id) AS unit_id
FROM credit_borrower b
LEFT JOIN live ON live.borrower_id = b.id
LEFT JOIN began ON began.borrower_id = b.id
LEFT JOIN manager m ON m.borrower_id = b.id
LEFT JOIN orphan ON orphan.borrower_id = b.id
WHERE live.borrower_id IS NOT NULL
    OR b.id IN (SELECT subject_id FROM standing WHERE subject_kind = 'BORROWER');
ANALYZE customer;

-- The last visit before going live.
CREATE TEMP TABLE past AS
SELECT borrower_id, max(effective_on) AS visit_on FROM credit_pastinspection
WHERE effective_on <= $on AND known_on <= $on GROUP BY borrower_id;
ANALYZE past;

-- The calendar periods that the day lies in.
CREATE TEMP TABLE period AS
SELECT 'quarterly' AS frequency, to_char($on, 'YYYY"Q"Q') AS key, date_trunc('quarter', $on)::date AS first,
    (date_trunc('quarter', $on) + interval '3 months')::date - 1 AS last
UNION ALL
SELECT 'monthly', to_char($on, 'YYYY-MM'), date_trunc('month', $on)::date,
    (date_trunc('month', $on) + interval '1 month')::date - 1
UNION ALL
SELECT 'half_monthly', to_char($on, 'YYYY-MM') || CASE WHEN extract(day FROM $on) <= 15 THEN '/1' ELSE '/2' END,
    date_trunc('month', $on)::date + CASE WHEN extract(day FROM $on) <= 15 THEN 0 ELSE 15 END,
    CASE WHEN extract(day FROM $on) <= 15 THEN date_trunc('month', $on)::date + 14
        ELSE (date_trunc('month', $on) + interval '1 month')::date - 1 END;

CREATE TEMP TABLE frequency_of AS
SELECT p.scheme, k.severity, f.rank FROM by_hand.parameter p
CROSS JOIN by_hand.class k JOIN by_hand.frequency f ON f.code = p.value ->> k.code
WHERE p.name = 'site_inspection.frequency';

CREATE TEMP TABLE required (
    obligation text, subject_id bigint, borrower_id bigint, unit_id bigint, person_id bigint, period_key text,
    counts_from date, due_on date, reason text, policy_id bigint
);
-- Why an open duty that is not required is dropped, and whether even a late one is.
CREATE TEMP TABLE verdict (obligation text, subject_id bigint, otherwise text, nothing_more boolean);
