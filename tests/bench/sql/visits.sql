-- 第二十七条 and 贷款贷后管理规定第三条: one visit in the period of the day, by the worst class of all live loans.
DROP TABLE IF EXISTS visit, last_visit;
CREATE TEMP TABLE last_visit AS
SELECT obligation, subject_id, max(done_on) AS visit_on FROM by_hand.workitem
WHERE obligation IN ('GR-27', 'GD-3.3', 'GD-2') AND status = 'DONE' AND due_on < $on AND done_on <= $on
GROUP BY obligation, subject_id;

CREATE TEMP TABLE visit AS
WITH own AS (
    SELECT n.borrower_id, u.ancestor, max(f.rank) AS rank, min(n.scheme) AS scheme
    FROM note n
    JOIN by_hand.under u ON u.scheme = n.scheme AND u.ancestor IN ('GR', 'GD')
    JOIN customer c ON c.id = n.borrower_id
    JOIN frequency_of f ON f.scheme = n.scheme AND f.severity = c.worst
    WHERE n.is_live
    GROUP BY n.borrower_id, u.ancestor
), timed AS (
    SELECT CASE own.ancestor WHEN 'GR' THEN 'GR-27' ELSE 'GD-3.3' END AS obligation, own.ancestor, own.scheme,
        c.id AS borrower_id, c.unit_id, c.person_id, c.worst, c.first_started_on, f.code AS frequency, f.words,
        CASE WHEN f.code = 'twelve_monthly' THEN '12m:' || n + 1 || '@' || c.in_class_since ELSE p.key END AS key,
        CASE WHEN f.code = 'twelve_monthly' THEN (c.in_class_since + make_interval(years => n))::date
            ELSE p.first END AS first,
        CASE WHEN f.code = 'twelve_monthly' THEN (c.in_class_since + make_interval(years => n + 1))::date - 1
            ELSE p.last END AS last
    FROM own
    JOIN customer c ON c.id = own.borrower_id
    JOIN by_hand.frequency f ON f.rank = own.rank
    LEFT JOIN period p ON p.frequency = f.code
    CROSS JOIN LATERAL (
        SELECT y - CASE WHEN c.in_class_since + make_interval(years => y) > $on THEN 1 ELSE 0 END AS n
        FROM (SELECT (extract(year FROM $on) - extract(year FROM c.in_class_since))::int AS y) AS years
    ) AS twelve
), begun AS (
    -- The last day on which a first loan may have begun: its first check fell due before the period.
    SELECT edge.ancestor, edge.first, next.day - 1 AS started_by
    FROM (SELECT DISTINCT ancestor, first FROM timed) AS edge
    JOIN by_hand.parameter w ON w.scheme = edge.ancestor AND w.name = 'first_check.within'
    JOIN by_hand.calendar eve ON eve.day = edge.first - 1
    JOIN by_hand.calendar next ON next.is_workday AND next.place = eve.place - (w.value #>> '{}')::int + 1
)
SELECT t.*, coalesce(t.first_started_on <= b.started_by, false) AS is_begun, past.visit_on AS past_on,
    greatest(l.visit_on, past.visit_on) AS last_on
FROM timed t
LEFT JOIN begun b ON b.ancestor = t.ancestor AND b.first = t.first
LEFT JOIN past ON past.borrower_id = t.borrower_id
LEFT JOIN last_visit l ON l.obligation = t.obligation AND l.subject_id = t.borrower_id;

INSERT INTO required
SELECT v.obligation, v.borrower_id, v.borrower_id, v.unit_id, v.person_id, v.key,
    coalesce(least(greatest(v.first, v.last_on + (gap.value ->> v.frequency)::int), v.last), v.first), v.last,
    k.label || '类，' || v.words || coalesce('；上次检查 ' || v.last_on, '') || '。', f.version
FROM visit v
JOIN by_hand.class k ON k.severity = v.worst
JOIN by_hand.parameter gap ON gap.scheme = v.ancestor AND gap.name = 'site_inspection.min_gap'
JOIN by_hand.parameter f ON f.scheme = v.scheme AND f.name = 'site_inspection.frequency'
WHERE v.frequency <> 'none' AND v.is_begun AND (v.past_on BETWEEN v.first AND v.last) IS NOT TRUE;

INSERT INTO verdict
SELECT s.obligation, s.subject_id,
    CASE WHEN c.worst IS NULL THEN '已无余额，不再需要检查'
        WHEN v.borrower_id IS NULL THEN '已无本方案下的贷款'
        WHEN v.frequency <> 'none' AND NOT v.is_begun THEN '首次检查到期后的下一期起定期检查'
        WHEN v.frequency <> 'none' AND v.past_on BETWEEN v.first AND v.last THEN '上线前已检查（' || v.past_on || '）'
        ELSE '分类为' || k.label || '，' || v.words END,
    v.borrower_id IS NULL
FROM (SELECT DISTINCT obligation, subject_id FROM standing WHERE obligation IN ('GR-27', 'GD-3.3')) AS s
JOIN customer c ON c.id = s.subject_id
LEFT JOIN visit v ON v.obligation = s.obligation AND v.borrower_id = s.subject_id
LEFT JOIN by_hand.class k ON k.severity = c.worst;

-- 贷款贷后管理规定第二条: who was drawn is visited within the period. The draw itself is given.
DROP TABLE IF EXISTS drawn;
CREATE TEMP TABLE drawn AS
SELECT d.borrower_id, p.*, f.version, f.value #>> '{}' AS code, min(x.drawn_on) AS drawn_on
FROM by_hand.parameter f
JOIN period p ON p.frequency = f.value #>> '{}'
JOIN inspections_sample x ON x.scheme = 'GD' AND x.period_key = p.key AND x.drawn_on <= $on
JOIN inspections_sampledborrower d ON d.sample_id = x.id
WHERE f.scheme = 'GD' AND f.name = 'normal_sampling.period'
GROUP BY d.borrower_id, p.frequency, p.key, p.first, p.last, f.version, f.value;

INSERT INTO required
SELECT 'GD-2', c.id, c.id, c.unit_id, c.person_id, d.key,
    coalesce(least(greatest(d.first, v.last_on + (gap.value ->> d.code)::int), d.last), d.first), d.last,
    '正常类抽查，' || d.drawn_on || ' 抽中' || coalesce('；上次检查 ' || v.last_on, '') || '。', d.version
FROM drawn d
JOIN customer c ON c.id = d.borrower_id AND c.is_gd
JOIN by_hand.parameter gap ON gap.scheme = 'GD' AND gap.name = 'site_inspection.min_gap'
LEFT JOIN past ON past.borrower_id = c.id
LEFT JOIN last_visit l ON l.obligation = 'GD-2' AND l.subject_id = c.id
CROSS JOIN LATERAL (SELECT greatest(l.visit_on, past.visit_on) AS last_on) AS v
WHERE (past.visit_on BETWEEN d.first AND d.last) IS NOT TRUE;

INSERT INTO verdict
SELECT 'GD-2', s.subject_id,
    CASE WHEN c.worst IS NULL THEN '已无余额，不再需要检查' WHEN NOT c.is_gd THEN '已无本方案下的贷款'
        WHEN past.visit_on BETWEEN d.first AND d.last THEN '上线前已检查（' || past.visit_on || '）'
        ELSE '本期未抽中' END,
    NOT c.is_gd
FROM (SELECT DISTINCT subject_id FROM standing WHERE obligation = 'GD-2') AS s
JOIN customer c ON c.id = s.subject_id
LEFT JOIN drawn d ON d.borrower_id = c.id
LEFT JOIN past ON past.borrower_id = c.id;

-- 第二十八条: a risk event since going live calls for a visit so many workdays after it became known.
INSERT INTO required
SELECT k.obligation, c.id, c.id, c.unit_id, c.person_id, 'event:' || e.id, e.effective_on, due.day,
    left(to_char(e.effective_on, 'MM-DD') || ' ' || k.label || '：' || rtrim(e.detail, '。；，') || '，'
        || (w.value #>> '{}') || ' 个工作日内到场。', 300),
    w.version
FROM credit_riskevent e
JOIN by_hand.event k ON k.code = e.kind
JOIN customer c ON c.id = e.borrower_id AND c.is_gr
JOIN by_hand.parameter w ON w.scheme = 'GR' AND w.name = 'event_visit.within'
JOIN by_hand.calendar known ON known.day = e.known_on
JOIN by_hand.calendar due ON due.is_workday AND due.place = known.place + (w.value #>> '{}')::int
WHERE e.effective_on <= $on AND e.known_on <= $on AND e.reverses_id IS NULL
    AND ($go_live IS NULL OR e.effective_on >= $go_live)
    AND NOT EXISTS (SELECT FROM credit_riskevent r WHERE r.reverses_id = e.id AND r.known_on <= $on);

INSERT INTO verdict
SELECT DISTINCT s.obligation, s.subject_id,
    CASE WHEN c.worst IS NULL THEN '已无余额，不再需要检查' WHEN c.is_gr THEN '触发事项已冲销' ELSE '已无本方案下的贷款' END, true
FROM standing s JOIN customer c ON c.id = s.subject_id
WHERE s.obligation IN (SELECT obligation FROM by_hand.event);

-- 贷后管理办法（公司）第八条: a loan paid out lately is checked so many workdays after it was paid out.
DROP TABLE IF EXISTS paid_out;
CREATE TEMP TABLE paid_out AS
SELECT n.*, coalesce(m.unit_id, n.unit_id) AS duty_unit, m.person_id,
    n.scheme IN (SELECT scheme FROM by_hand.under WHERE ancestor = 'GS') AS is_gs,
    (SELECT min(p.effective_on) FROM credit_pastinspection p
        WHERE p.borrower_id = n.borrower_id AND p.effective_on >= n.starts_on
            AND p.effective_on <= $on AND p.known_on <= $on) AS past_on
FROM note n LEFT JOIN manager m ON m.borrower_id = n.borrower_id
WHERE n.product NOT IN ('ACCEPTANCE', 'LETTER_OF_GUARANTEE', 'DISCOUNT')
    AND ((n.is_live AND n.starts_on > $on - 90 AND n.scheme IN (SELECT scheme FROM by_hand.under WHERE ancestor = 'GS'))
        OR n.id IN (SELECT subject_id FROM standing WHERE obligation = 'GS-8'));

INSERT INTO required
SELECT 'GS-8', n.id, n.borrower_id, n.duty_unit, n.person_id, 'first:' || n.starts_on, n.starts_on, due.day,
    n.starts_on || ' 放款，' || (w.value #>> '{}') || ' 个工作日内首次跟踪检查，检查后 ' || (f.value ->> 'workdays')
        || ' 个工作日内填《首次跟踪检查表》。',
    w.version
FROM paid_out n
JOIN by_hand.parameter w ON w.scheme = n.scheme AND w.name = 'first_check.within'
JOIN by_hand.parameter f ON f.scheme = n.scheme AND f.name = 'first_check.form_within'
JOIN by_hand.calendar began ON began.day = n.starts_on
JOIN by_hand.calendar due ON due.is_workday AND due.place = began.place + (w.value #>> '{}')::int
WHERE n.is_live AND n.is_gs AND n.past_on IS NULL;

-- Its table is owed so many workdays after the check; no draft tells of one here.
INSERT INTO required
SELECT 'GS-8', n.id, n.borrower_id, n.duty_unit, n.person_id, 'form:' || n.starts_on, n.starts_on, due.day,
    '检查后 ' || (f.value ->> 'workdays') || ' 个工作日内填《首次跟踪检查表》。', f.version
FROM paid_out n
JOIN by_hand.parameter w ON w.scheme = n.scheme AND w.name = 'first_check.within'
JOIN by_hand.parameter f ON f.scheme = n.scheme AND f.name = 'first_check.form_within'
JOIN by_hand.calendar began ON began.day = n.starts_on
JOIN by_hand.calendar due ON due.is_workday
    AND due.place = began.place + (w.value #>> '{}')::int + (f.value ->> 'workdays')::int
WHERE n.is_live AND n.is_gs AND n.past_on IS NULL;

INSERT INTO verdict
SELECT DISTINCT s.obligation, s.subject_id,
    CASE WHEN NOT n.is_live THEN '已无余额，不再需要检查' WHEN NOT n.is_gs THEN '已不适用本方案'
        WHEN n.past_on IS NOT NULL THEN '上线前已检查（' || n.past_on || '）' ELSE '放款日已更正' END,
    NOT n.is_live OR NOT n.is_gs OR n.past_on IS NOT NULL
FROM standing s JOIN paid_out n ON n.id = s.subject_id
WHERE s.obligation = 'GS-8';
