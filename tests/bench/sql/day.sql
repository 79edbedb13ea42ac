-- What the day requires against what stands: raise, renew and bring forward, hand over, drop; then climb and measure.
ANALYZE required;
ANALYZE verdict;
INSERT INTO by_hand.workitem (
    obligation, subject_kind, subject_id, period_key, kind, borrower_number, borrower_name, unit_id, line, post,
    person_id, raised_on, counts_from, due_on, reason, policy_id
)
SELECT r.obligation, k.subject_kind, r.subject_id, r.period_key,
    CASE WHEN r.period_key LIKE 'form:%' THEN 'first_check_form' ELSE k.kind END, coalesce(b.number, ''), coalesce(b.name, u.name),
    r.unit_id, k.line, k.post, r.person_id, $on, least(r.counts_from, r.due_on), r.due_on, r.reason, r.policy_id
FROM required r
JOIN by_hand.rule k ON k.obligation = r.obligation
LEFT JOIN credit_borrower b ON b.id = r.borrower_id
LEFT JOIN accounts_unit u ON u.id = r.unit_id
WHERE ($go_live IS NULL OR r.due_on >= $go_live)
    AND NOT EXISTS (
        SELECT FROM by_hand.workitem w WHERE w.obligation = r.obligation AND w.subject_kind = k.subject_kind
            AND w.subject_id = r.subject_id AND w.period_key = r.period_key
    )
ON CONFLICT (obligation, subject_kind, subject_id, period_key) DO NOTHING;
ANALYZE by_hand.workitem;

UPDATE by_hand.workitem w
SET status = 'OPEN', closed_on = NULL, close_reason = '', reason = a.reason, due_on = a.due_on,
    person_id = a.person_id, unit_id = a.unit_id
FROM (
    SELECT w.id, r.reason,
        CASE WHEN w.status = 'VOID' THEN greatest(r.due_on, w.counts_from)
            WHEN r.due_on < w.due_on THEN greatest(r.due_on, w.counts_from) ELSE w.due_on END AS due_on,
        CASE WHEN w.submitted_on IS NULL THEN r.person_id ELSE w.person_id END AS person_id,
        CASE WHEN w.submitted_on IS NULL THEN r.unit_id ELSE w.unit_id END AS unit_id
    FROM required r
    JOIN by_hand.workitem w ON w.obligation = r.obligation AND w.subject_id = r.subject_id
        AND w.period_key = r.period_key AND w.status IN ('OPEN', 'VOID')
) AS a
WHERE w.id = a.id AND (w.status, w.due_on, w.reason, w.person_id, w.unit_id)
    IS DISTINCT FROM ('OPEN', a.due_on, a.reason, a.person_id, a.unit_id);

UPDATE by_hand.workitem w SET status = 'VOID', closed_on = $on, close_reason = v.otherwise
FROM verdict v
WHERE v.obligation = w.obligation AND v.subject_id = w.subject_id AND w.status = 'OPEN' AND w.submitted_on IS NULL
    AND (w.due_on >= $on OR v.nothing_more)
    AND NOT EXISTS (
        SELECT FROM required r WHERE r.obligation = w.obligation AND r.subject_id = w.subject_id
            AND r.period_key = w.period_key
    );

-- 逾期升级: who has held the rung's post longest for the unit, else for its branch; a customer head only for the unit.
WITH ladder AS (
    SELECT line.key AS line, step.place AS rung, (step.value ->> 'after_days')::int AS after, step.value ->> 'role' AS role
    FROM by_hand.parameter p
    CROSS JOIN LATERAL jsonb_each(p.value) AS line
    CROSS JOIN LATERAL jsonb_array_elements(line.value) WITH ORDINALITY AS step (value, place)
    WHERE p.scheme = 'BASE' AND p.name = 'escalation.ladder'
), post AS (
    SELECT p.*, u.parent_id FROM accounts_post p
    JOIN accounts_user x ON x.id = p.person_id AND x.is_active
    JOIN accounts_unit u ON u.id = p.unit_id
    WHERE p.from_on <= $on AND (p.to_on IS NULL OR p.to_on >= $on)
), first AS (
    SELECT DISTINCT ON (u.id, post.role) u.id AS unit_id, post.role, post.person_id
    FROM accounts_unit u
    JOIN post ON post.unit_id = u.id
        OR (post.role <> 'CUSTOMER_HEAD'
            AND (post.parent_id = u.id OR post.unit_id = u.parent_id OR post.parent_id = u.parent_id))
    ORDER BY u.id, post.role, (post.unit_id <> u.id AND post.parent_id IS DISTINCT FROM u.id), post.from_on, post.id
)
INSERT INTO by_hand.escalation
SELECT w.id, l.rung, l.role, f.person_id, $on
FROM by_hand.workitem w
JOIN ladder l ON l.line = w.line AND w.due_on + l.after <= $on
LEFT JOIN first f ON f.unit_id = w.unit_id AND f.role = l.role
WHERE w.raised_on <= $on AND (w.closed_on IS NULL OR w.closed_on > $on) AND w.due_on < $on
    AND (w.submitted_on IS NULL OR w.submitted_on > w.due_on)
ON CONFLICT (work_item_id, rung) DO NOTHING;

DELETE FROM by_hand.measure WHERE "on" = $on;
INSERT INTO by_hand.measure
SELECT $on, unit_id, person_id, post, obligation, figure.measure, figure.value
FROM (
    SELECT unit_id, person_id, post, obligation,
        count(*) FILTER (WHERE raised_on = $on) AS raised,
        count(*) FILTER (WHERE closed_on = $on AND status = 'DONE') AS done,
        count(*) FILTER (WHERE closed_on = $on AND status = 'DONE' AND NOT late_entry AND done_on <= due_on) AS done_in_time,
        count(*) FILTER (WHERE closed_on = $on AND status = 'DONE' AND late_entry) AS late_entry,
        count(*) FILTER (WHERE closed_on = $on AND status = 'DONE' AND late_entry AND done_on <= due_on) AS late_in_time,
        count(*) FILTER (WHERE closed_on = $on AND status = 'VOID') AS void,
        count(*) FILTER (WHERE closed_on = $on AND status = 'WAIVED') AS waived,
        count(*) FILTER (WHERE due_on = $on AND status <> 'VOID') AS fell_due,
        count(*) FILTER (WHERE stood) AS open,
        count(*) FILTER (WHERE stood AND due_on < $on AND (submitted_on IS NULL OR submitted_on > due_on)) AS late
    FROM (
        SELECT *, raised_on <= $on AND (closed_on IS NULL OR closed_on > $on) AS stood FROM by_hand.workitem
    ) AS w
    WHERE stood OR raised_on = $on OR closed_on = $on OR due_on = $on
    GROUP BY unit_id, person_id, post, obligation
) AS f
CROSS JOIN LATERAL (VALUES
    ('raised', raised), ('done', done), ('done_in_time', done_in_time), ('late_entry', late_entry),
    ('late_entry_in_time', late_in_time), ('void', void), ('waived', waived), ('fell_due', fell_due), ('open', open),
    ('late', late)
) AS figure (measure, value)
WHERE figure.value > 0;
