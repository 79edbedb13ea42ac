-- 2.3（1）: the accountant reminds of an instalment so many days before it is due; longer than a year is long-term.
INSERT INTO required
SELECT 'FW-2.3.1', n.id, n.borrower_id, n.unit_id, h.person_id, 'due:' || i.due_on,
    greatest(r.due_on - 10, d.begins_on), r.due_on,
    i.due_on || ' 应还本金 ' || to_char(i.principal, 'FM999,999,999,999,999,990.00') || ' 元、利息 '
        || to_char(i.interest, 'FM999,999,999,999,999,990.00') || ' 元，提前 ' || (lead.value ->> 'days') || ' 天提醒。',
    lead.version
FROM note n
JOIN by_hand.under u ON u.scheme = n.scheme AND u.ancestor = 'FW'
JOIN by_hand.parameter lead ON lead.scheme = n.scheme
    AND lead.name = CASE WHEN n.ends_on > (n.starts_on + interval '12 months')::date
        THEN 'collection_reminder.long_term' ELSE 'collection_reminder.short_term' END
JOIN credit_installment i ON i.loan_id = n.id AND i.due_on > $on AND i.due_on <= $on + 24 + (lead.value ->> 'days')::int
    AND (i.principal > 0 OR i.interest > 0)
    AND (i.known_on IS NULL OR i.known_on <= $on) AND (i.replaced_on IS NULL OR i.replaced_on > $on)
CROSS JOIN LATERAL (SELECT greatest(n.starts_on, $go_live) AS begins_on) AS d
JOIN by_hand.calendar b ON b.day = d.begins_on
JOIN by_hand.calendar next ON next.is_workday AND next.place = b.place + 1
JOIN by_hand.calendar ahead ON ahead.day = i.due_on - (lead.value ->> 'days')::int
JOIN by_hand.calendar before ON before.is_workday AND before.place = ahead.place
CROSS JOIN LATERAL (SELECT greatest(before.day, next.day) AS due_on) AS r
LEFT JOIN holder h ON h.branch_id = n.branch_id AND h.role = 'ACCOUNTANT'
WHERE n.is_live AND r.due_on - 10 <= $on AND r.due_on < i.due_on;

INSERT INTO verdict
SELECT DISTINCT s.obligation, s.subject_id,
    CASE WHEN NOT n.is_live THEN '已无余额，不再需要提醒' WHEN u.scheme IS NULL THEN '已不适用本方案'
        ELSE '还款计划已变更，该期不再应还' END,
    NOT n.is_live OR u.scheme IS NULL
FROM standing s JOIN note n ON n.id = s.subject_id
LEFT JOIN by_hand.under u ON u.scheme = n.scheme AND u.ancestor = 'FW'
WHERE s.obligation = 'FW-2.3.1';

-- 本息催收第1至3项: owed while the day's look, which is given, finds the money short; a late one until the debt's day.
DROP TABLE IF EXISTS looked;
CREATE TEMP TABLE looked AS
SELECT f.*, c.loan_id, c.due_on, c.check_day, c.required, c.from_pots, c.from_balance, c.short,
    f.prefix || ':' || c.due_on AS key, s.subject_id IS NOT NULL AS is_standing, coalesce(s.due_on < $on, false) AS is_late
FROM monitoring_fundscheck c
JOIN by_hand.funds f ON f.kind = c.kind
LEFT JOIN standing s ON s.obligation = f.obligation AND s.subject_id = c.loan_id
    AND s.period_key = f.prefix || ':' || c.due_on
WHERE c."on" = $on AND (c.short > 0 OR s.subject_id IS NOT NULL);

INSERT INTO required
SELECT l.obligation, n.id, n.borrower_id, coalesce(m.unit_id, n.unit_id), m.person_id, l.key,
    greatest(l.check_day - (a.value ->> 'days')::int, n.starts_on), least(l.due_on, greatest(l.check_day, next.day)),
    to_char(l.due_on, 'MM-DD') || ' ' || l.words || ' ' || to_char(l.required, 'FM999,999,999,999,999,990.00') || ' 元，'
        || CASE WHEN l.from_pots <> 0
            THEN '保证金与存单 ' || to_char(l.from_pots, 'FM999,999,999,999,999,990.00') || ' 元，' ELSE '' END
        || '可用 ' || to_char(l.from_balance, 'FM999,999,999,999,999,990.00') || ' 元，'
        || CASE WHEN l.short <> 0 THEN '缺 ' || to_char(l.short, 'FM999,999,999,999,999,990.00') || ' 元'
            ELSE '现已足额，检查日未足额' END || '。',
    a.version
FROM looked l
JOIN note n ON n.id = l.loan_id
JOIN by_hand.under u ON u.scheme = n.scheme AND u.ancestor = 'GR'
JOIN by_hand.parameter a ON a.scheme = n.scheme AND a.name = l.ahead
JOIN by_hand.calendar today ON today.day = $on
JOIN by_hand.calendar next ON next.is_workday AND next.place = today.place + 1
LEFT JOIN manager m ON m.borrower_id = n.borrower_id
WHERE n.is_live AND (l.short <> 0 OR l.is_late)
    AND n.borrower_id NOT IN (SELECT subject_id FROM workflow_quarantined q WHERE q."on" = $on AND q.step = 'funds'
        AND q.subject_kind = 'BORROWER' AND q.resolved_at IS NULL);

INSERT INTO verdict
SELECT DISTINCT s.obligation, s.subject_id,
    CASE WHEN NOT n.is_live THEN '已无余额，不再核对资金' WHEN u.scheme IS NULL THEN '已不适用本方案'
        WHEN EXISTS (SELECT FROM looked l WHERE l.obligation = s.obligation AND l.loan_id = n.id
            AND l.is_standing AND NOT l.is_late) THEN '资金已足额'
        ELSE '已归还，或已过应还日，不再核对资金' END,
    true
FROM standing s JOIN note n ON n.id = s.subject_id
LEFT JOIN by_hand.under u ON u.scheme = n.scheme AND u.ancestor = 'GR'
WHERE s.obligation IN (SELECT obligation FROM by_hand.funds)
    AND n.borrower_id NOT IN (SELECT subject_id FROM workflow_quarantined q WHERE q."on" = $on AND q.step = 'funds'
        AND q.subject_kind = 'BORROWER' AND q.resolved_at IS NULL);

-- 本息催收第1项: the letter is out a month before maturity, its receipts are in half a month before it.
DROP TABLE IF EXISTS maturing;
CREATE TEMP TABLE maturing AS
SELECT n.id, n.number, n.borrower_id, n.ends_on, coalesce(m.unit_id, n.unit_id) AS unit_id, m.person_id, n.is_live,
    u.scheme IS NOT NULL AND n.product NOT IN ('ACCEPTANCE', 'LETTER_OF_GUARANTEE', 'DISCOUNT') AS is_ours,
    greatest(n.starts_on, t.known_on, $go_live) AS begins_on,
    letter.is_sent, letter.is_unconfirmed,
    (n.ends_on - make_interval(months => (before.value ->> 'months')::int))::date AS month_before,
    (prepare.value ->> 'workdays')::int AS prepare, prepare.version AS prepare_version,
    (receipts.value ->> 'days')::int AS receipts, receipts.version AS receipts_version
FROM note n
LEFT JOIN by_hand.under u ON u.scheme = n.scheme AND u.ancestor = 'GR'
LEFT JOIN by_hand.parameter before ON before.scheme = n.scheme AND before.name = 'maturity_letter.before'
LEFT JOIN by_hand.parameter prepare ON prepare.scheme = n.scheme AND prepare.name = 'maturity_letter.prepare'
LEFT JOIN by_hand.parameter receipts ON receipts.scheme = n.scheme AND receipts.name = 'maturity_letter.receipts_before'
LEFT JOIN manager m ON m.borrower_id = n.borrower_id
CROSS JOIN LATERAL (
    SELECT min(t.known_on) AS known_on, min(t.effective_on) AS agreed_on FROM credit_loanterms t
    WHERE t.loan_id = n.id AND t.matures_on = n.ends_on AND t.effective_on <= $on AND t.known_on <= $on
) AS t
CROSS JOIN LATERAL (
    SELECT coalesce(bool_or(p.recipient = 'BORROWER'), false) AS is_sent,
        coalesce(bool_or(p.received_on IS NULL), false) AS is_unconfirmed
    FROM credit_pastletter p
    WHERE p.loan_id = n.id AND p.kind = 'MATURITY' AND p.effective_on >= coalesce(t.agreed_on, n.starts_on)
        AND p.effective_on <= $on AND p.known_on <= $on
) AS letter
WHERE (n.is_live AND u.scheme IS NOT NULL AND n.ends_on > $on AND n.ends_on <= $on + 90
        AND n.product NOT IN ('ACCEPTANCE', 'LETTER_OF_GUARANTEE', 'DISCOUNT'))
    OR n.id IN (SELECT subject_id FROM standing WHERE obligation = 'GR-6.4.1');

INSERT INTO required
SELECT 'GR-6.4.1', n.id, n.borrower_id, n.unit_id, n.person_id, need.key || ':' || n.ends_on, need.counts_from,
    need.due_on, '借据 ' || n.number || ' 于 ' || n.ends_on || ' 到期，' || need.words, need.version
FROM maturing n
JOIN by_hand.calendar month ON month.day = n.month_before
JOIN by_hand.calendar sent ON sent.is_workday AND sent.place = month.place
JOIN by_hand.calendar shown ON shown.is_workday AND shown.place = sent.place - n.prepare
JOIN by_hand.calendar began ON began.day = n.begins_on
JOIN by_hand.calendar first ON first.is_workday AND first.place = began.place + 1
JOIN by_hand.calendar second ON second.is_workday AND second.place = began.place + 2
JOIN by_hand.calendar half ON half.day = n.ends_on - n.receipts
JOIN by_hand.calendar back ON back.is_workday AND back.place = half.place
CROSS JOIN LATERAL (VALUES
    ('letter', greatest(shown.day, n.begins_on), greatest(sent.day, first.day), NOT n.is_sent, n.prepare_version,
        '须提前一个月向借款人和担保人发出到期贷款催收函。'),
    ('receipts', greatest(sent.day, n.begins_on), greatest(back.day, second.day), NOT n.is_sent OR n.is_unconfirmed,
        n.receipts_version, '到期前 ' || n.receipts || ' 天收齐借款人和担保人对催收函的确认并存档。')
) AS need (key, counts_from, due_on, is_owed, version, words)
WHERE n.is_live AND n.is_ours AND need.is_owed AND need.due_on < n.ends_on
    AND need.counts_from <= $on AND $on < n.ends_on;

INSERT INTO verdict
SELECT DISTINCT s.obligation, s.subject_id,
    CASE WHEN NOT n.is_live THEN '已结清，不再需要催收函' WHEN NOT n.is_ours THEN '已不适用本方案'
        ELSE '到期日已变更，或上线前已办' END,
    NOT n.is_live OR NOT n.is_ours OR $on < n.ends_on
FROM standing s JOIN maturing n ON n.id = s.subject_id
WHERE s.obligation = 'GR-6.4.1';

-- 本息催收第4项: the original of a letter of guarantee is asked for before its expiry and taken back after it.
DROP TABLE IF EXISTS guarantee;
CREATE TEMP TABLE guarantee AS
SELECT n.*, coalesce(m.unit_id, n.unit_id) AS duty_unit, m.person_id,
    EXISTS (SELECT FROM credit_letterofguarantee g WHERE g.loan_id = n.id AND g.is_electronic) AS is_electronic,
    EXISTS (SELECT FROM credit_letterreturn r WHERE r.loan_id = n.id AND r.effective_on <= $on AND r.known_on <= $on) AS is_back
FROM note n LEFT JOIN manager m ON m.borrower_id = n.borrower_id
WHERE (n.product = 'LETTER_OF_GUARANTEE' AND n.is_known)
    OR n.id IN (SELECT subject_id FROM standing WHERE obligation = 'GR-6.4.4');

INSERT INTO required
SELECT 'GR-6.4.4', g.id, g.borrower_id, g.duty_unit, g.person_id, 'recover:' || g.ends_on, g.ends_on + 1, due.day,
    '保函 ' || g.number || ' 已于 ' || g.ends_on || ' 到期，' || (w.value ->> 'workdays') || ' 个工作日内收回签发原件。',
    w.version
FROM guarantee g
JOIN by_hand.parameter w ON w.scheme = g.scheme AND w.name = 'letter_of_guarantee.recover_within'
JOIN by_hand.calendar expiry ON expiry.day = g.ends_on
JOIN by_hand.calendar due ON due.is_workday AND due.place = expiry.place + (w.value ->> 'workdays')::int
WHERE NOT g.is_electronic AND NOT g.is_back AND $on > g.ends_on
UNION ALL
SELECT 'GR-6.4.4', g.id, g.borrower_id, g.duty_unit, g.person_id, 'remind:' || g.ends_on,
    greatest(shown.day, g.starts_on), g.ends_on,
    '保函 ' || g.number || ' 将于 ' || g.ends_on || ' 到期，请与客户约定交还签发原件。', b.version
FROM guarantee g
JOIN by_hand.parameter b ON b.scheme = g.scheme AND b.name = 'letter_of_guarantee.remind_before'
JOIN by_hand.calendar before ON before.day = g.ends_on - (b.value ->> 'days')::int
JOIN by_hand.calendar shown ON shown.is_workday AND shown.place = before.place
WHERE NOT g.is_electronic AND NOT g.is_back AND $on BETWEEN greatest(shown.day, g.starts_on) AND g.ends_on;

INSERT INTO verdict
SELECT DISTINCT s.obligation, s.subject_id,
    CASE WHEN g.is_back THEN '原件已收回，或受益人已书面解除责任' WHEN g.is_electronic THEN '电子保函，没有原件可收'
        ELSE '保函到期日已变更' END,
    g.is_back OR g.is_electronic OR $on <= g.ends_on
FROM standing s JOIN guarantee g ON g.id = s.subject_id
WHERE s.obligation = 'GR-6.4.4';

-- 贷款贷后管理规定第三条: a new borrower is reached within so many workdays of the first live loan; a loan whose duty
-- stands stays the first one.
DROP TABLE IF EXISTS met;
CREATE TEMP TABLE met AS
WITH owing AS (SELECT DISTINCT subject_id AS id FROM standing WHERE obligation = 'GD-3.2'),
first AS (
    SELECT DISTINCT ON (n.borrower_id) n.borrower_id, n.number, n.starts_on, n.scheme
    FROM note n
    JOIN by_hand.under u ON u.scheme = n.scheme AND u.ancestor = 'GD'
    LEFT JOIN standing s ON s.obligation = 'GD-3.2' AND s.subject_id = n.borrower_id AND s.period_key = 'first:' || n.number
    WHERE n.is_live OR s.subject_id IS NOT NULL
    ORDER BY n.borrower_id, n.starts_on, n.number
)
SELECT c.id, c.unit_id, c.person_id, c.is_gd, f.number, f.starts_on, f.scheme,
    EXISTS (SELECT FROM credit_contact k WHERE k.borrower_id = c.id AND k.effective_on <= $on AND k.known_on <= $on)
        AS is_reached
FROM customer c LEFT JOIN first f ON f.borrower_id = c.id LEFT JOIN owing ON owing.id = c.id
WHERE (c.is_gd AND ($go_live IS NULL OR f.starts_on >= $go_live - 24)) OR owing.id IS NOT NULL;

INSERT INTO required
SELECT 'GD-3.2', m.id, m.id, m.unit_id, m.person_id, 'first:' || m.number, m.starts_on, due.day,
    '借据 ' || m.number || ' 于 ' || m.starts_on || ' 发放，' || (w.value ->> 'workdays')
        || ' 个工作日内与借款人建立固定联系方式。',
    w.version
FROM met m
JOIN by_hand.parameter w ON w.scheme = m.scheme AND w.name = 'contact.within'
JOIN by_hand.calendar began ON began.day = m.starts_on
JOIN by_hand.calendar due ON due.is_workday AND due.place = began.place + (w.value ->> 'workdays')::int
WHERE m.is_gd AND NOT m.is_reached;

INSERT INTO verdict
SELECT DISTINCT s.obligation, s.subject_id,
    CASE WHEN m.is_reached THEN '已建立固定联系方式' WHEN NOT m.is_gd THEN '已无本方案下的贷款' ELSE '首笔借据已更正' END,
    m.is_reached OR NOT m.is_gd
FROM standing s JOIN met m ON m.id = s.subject_id
WHERE s.obligation = 'GD-3.2';

-- 第五章: every branch that lends, itself or by a unit below it, meets once in the period.
DROP TABLE IF EXISTS lending;
CREATE TEMP TABLE lending AS
WITH live AS (SELECT DISTINCT unit_id FROM note WHERE is_live)
SELECT DISTINCT b.id FROM live
JOIN accounts_unit u ON u.id = live.unit_id
JOIN accounts_unit b ON b.kind = 'BRANCH' AND b.id IN (u.id, u.parent_id);

INSERT INTO required
SELECT 'GR-35', b.id, NULL, b.id, h.person_id, p.key, p.first, p.last,
    CASE p.frequency
        WHEN 'quarterly' THEN extract(year FROM p.first) || ' 年第'
            || substr('一二三四', extract(quarter FROM p.first)::int, 1) || '季度贷后管理例会，季末前召开。'
        ELSE p.first || ' 至 ' || p.last || ' 贷后管理例会，期末前召开。' END,
    f.version
FROM lending b
JOIN by_hand.parameter f ON f.scheme = 'GR' AND f.name = 'review_meeting.frequency'
JOIN period p ON p.frequency = f.value #>> '{}'
LEFT JOIN holder h ON h.branch_id = b.id AND h.role = 'PRESIDENT';

INSERT INTO verdict
SELECT DISTINCT s.obligation, s.subject_id,
    CASE WHEN b.id IS NULL THEN '已无贷款余额，不再需要召开例会' ELSE '例会周期已调整' END, false
FROM standing s LEFT JOIN lending b ON b.id = s.subject_id
WHERE s.obligation = 'GR-35';
