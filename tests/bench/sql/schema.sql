-- What the hand-written day leaves behind, and what its rules are called. Nothing here refers to the product's duties.
DROP SCHEMA IF EXISTS by_hand CASCADE;
CREATE SCHEMA by_hand;

CREATE TABLE by_hand.rule (
    obligation text PRIMARY KEY, subject_kind text NOT NULL, kind text NOT NULL, line text NOT NULL, post text NOT NULL
);
INSERT INTO by_hand.rule VALUES
    ('GR-27', 'BORROWER', 'site_inspection', 'CUSTOMER', 'CUSTOMER_MANAGER'),
    ('GD-3.3', 'BORROWER', 'site_inspection', 'CUSTOMER', 'CUSTOMER_MANAGER'),
    ('GD-2', 'BORROWER', 'site_inspection', 'CUSTOMER', 'CUSTOMER_MANAGER'),
    ('GR-28.1', 'BORROWER', 'site_inspection', 'CUSTOMER', 'CUSTOMER_MANAGER'),
    ('GR-28.2', 'BORROWER', 'site_inspection', 'CUSTOMER', 'CUSTOMER_MANAGER'),
    ('GR-28.3', 'BORROWER', 'site_inspection', 'CUSTOMER', 'CUSTOMER_MANAGER'),
    ('GR-28.4', 'BORROWER', 'site_inspection', 'CUSTOMER', 'CUSTOMER_MANAGER'),
    ('GD-3.2', 'BORROWER', 'fixed_contact', 'CUSTOMER', 'CUSTOMER_MANAGER'),
    ('GS-8', 'LOAN', 'first_check', 'CUSTOMER', 'CUSTOMER_MANAGER'),
    ('GR-6.4.1', 'LOAN', 'maturity_letter', 'CUSTOMER', 'CUSTOMER_MANAGER'),
    ('GR-6.4.1b', 'LOAN', 'funds_check', 'CUSTOMER', 'CUSTOMER_MANAGER'),
    ('GR-6.4.2', 'LOAN', 'funds_check', 'CUSTOMER', 'CUSTOMER_MANAGER'),
    ('GR-6.4.3', 'LOAN', 'funds_check', 'CUSTOMER', 'CUSTOMER_MANAGER'),
    ('GR-6.4.4', 'LOAN', 'original_recovery', 'CUSTOMER', 'CUSTOMER_MANAGER'),
    ('FW-2.3.1', 'LOAN', 'collection_reminder', 'SUPPORT', 'ACCOUNTANT'),
    ('GR-35', 'UNIT', 'review_meeting', 'MANAGEMENT', 'PRESIDENT');

-- Severity of a class and the words for it; the rank of a frequency, from the laxest to the strictest.
CREATE TABLE by_hand.class (severity int PRIMARY KEY, code text UNIQUE, label text);
INSERT INTO by_hand.class VALUES
    (0, 'NORMAL', '正常'), (1, 'SPECIAL_MENTION', '关注'), (2, 'SUBSTANDARD', '次级'), (3, 'DOUBTFUL', '可疑'), (4, 'LOSS', '损失');
CREATE TABLE by_hand.frequency (rank int PRIMARY KEY, code text UNIQUE, words text);
INSERT INTO by_hand.frequency VALUES
    (0, 'none', '不要求定期检查'), (1, 'twelve_monthly', '每 12 个月至少一次'), (2, 'quarterly', '每季至少一次'),
    (3, 'monthly', '每月至少一次'), (4, 'half_monthly', '每月至少两次');
CREATE TABLE by_hand.event (code text PRIMARY KEY, obligation text NOT NULL, label text NOT NULL);
INSERT INTO by_hand.event VALUES
    ('DOWNGRADE', 'GR-28.1', '风险分类下迁'), ('INTEREST_ARREARS', 'GR-28.2', '欠息'), ('EXTENSION', 'GR-28.2', '展期'),
    ('OVERDUE', 'GR-28.2', '逾期'), ('ADVANCE', 'GR-28.2', '或有资产垫付'), ('STOPPAGE', 'GR-28.3', '停产'),
    ('PARTIAL_STOPPAGE', 'GR-28.3', '半停产'), ('MAJOR_INVESTMENT', 'GR-28.4', '重大投资活动'),
    ('RESTRUCTURING', 'GR-28.4', '体制改革'), ('DEBT_DISPUTE', 'GR-28.4', '债权债务纠纷'),
    ('ACCIDENT', 'GR-28.4', '事故与赔偿'), ('OTHER_MAJOR', 'GR-28.4', '其他重大事项');
CREATE TABLE by_hand.funds (
    kind text PRIMARY KEY, obligation text NOT NULL, prefix text NOT NULL, words text NOT NULL, ahead text NOT NULL
);
INSERT INTO by_hand.funds VALUES
    ('LOAN', 'GR-6.4.1b', 'maturity', '应还本金', 'maturity_funds.ahead'),
    ('ACCEPTANCE', 'GR-6.4.2', 'bills', '到期票据', 'acceptance_funds.ahead'),
    ('INTEREST', 'GR-6.4.3', 'interest', '应付利息', 'interest_funds.ahead');

CREATE TABLE by_hand.workitem (
    id bigserial PRIMARY KEY,
    obligation text NOT NULL, subject_kind text NOT NULL, subject_id bigint NOT NULL, period_key text NOT NULL,
    kind text NOT NULL, borrower_number text NOT NULL, borrower_name text NOT NULL, unit_id bigint NOT NULL,
    line text NOT NULL, post text NOT NULL, person_id bigint, raised_on date NOT NULL, counts_from date NOT NULL,
    due_on date NOT NULL, reason text NOT NULL, status text NOT NULL DEFAULT 'OPEN', policy_id bigint,
    submitted_on date, done_on date, late_entry boolean NOT NULL DEFAULT false, closed_on date,
    close_reason text NOT NULL DEFAULT '',
    CHECK (due_on >= counts_from)
);
CREATE UNIQUE INDEX ON by_hand.workitem (obligation, subject_kind, subject_id, period_key);
CREATE INDEX ON by_hand.workitem (person_id, due_on) WHERE status = 'OPEN';
CREATE INDEX ON by_hand.workitem (unit_id, due_on) WHERE status = 'OPEN';
CREATE INDEX ON by_hand.workitem (obligation, subject_id) WHERE status = 'OPEN';
CREATE INDEX ON by_hand.workitem (borrower_number);
CREATE INDEX ON by_hand.workitem (closed_on);
CREATE TABLE by_hand.escalation (
    work_item_id bigint NOT NULL, rung int NOT NULL, role text NOT NULL, person_id bigint, "on" date NOT NULL,
    PRIMARY KEY (work_item_id, rung)
);
CREATE TABLE by_hand.measure (
    "on" date, unit_id bigint, person_id bigint, post text, obligation text, measure text, value numeric(20, 2) NOT NULL,
    UNIQUE NULLS NOT DISTINCT ("on", unit_id, person_id, post, obligation, measure)
);

-- Inputs of a day: policy and calendar, loaded anew for each.
CREATE TABLE by_hand.parameter (scheme text, name text, value jsonb, version bigint, PRIMARY KEY (scheme, name));
CREATE TABLE by_hand.under (scheme text, ancestor text, PRIMARY KEY (scheme, ancestor));
CREATE TABLE by_hand.product (product text PRIMARY KEY, scheme text NOT NULL);
-- `place` counts the workdays up to and including the day: the n-th workday after it is the workday at place + n.
CREATE TABLE by_hand.calendar (day date PRIMARY KEY, place int NOT NULL, is_workday boolean NOT NULL);
CREATE UNIQUE INDEX ON by_hand.calendar (place) WHERE is_workday;
