"""What the database refuses of deputies and of documents entered afterwards, whoever writes.

A deputy signs in the absent person's place with both names, on a day of the leave; neither of the two reviews what
the other submitted for them. What a head consented to stays as it was, and stands still once it is being signed.
"""

from importlib import import_module

from django.db import migrations

BEFORE = import_module("workflow.migrations.0002_signature_guards").STEP

STEP = """
CREATE OR REPLACE FUNCTION workflow_guard_step() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    author bigint;
    behalf bigint;
    covered text;
    chain_status text;
    signer_line text;
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION '签字栏不能删除' USING ERRCODE = 'check_violation';
    END IF;
    IF TG_OP = 'UPDATE' THEN
        IF OLD.status <> 'WAITING' AND NEW IS DISTINCT FROM OLD THEN
            RAISE EXCEPTION '“%”一栏已处理，不能再改', OLD.label USING ERRCODE = 'check_violation';
        END IF;
        IF (NEW.chain_id, NEW.position, NEW.role, NEW.label, NEW.line)
           IS DISTINCT FROM (OLD.chain_id, OLD.position, OLD.role, OLD.label, OLD.line)
        THEN
            RAISE EXCEPTION '签字栏的次序、岗位和条线不能改' USING ERRCODE = 'check_violation';
        END IF;
    END IF;
    SELECT d.author_id, d.on_behalf_of_id, c.content_hash, c.status INTO author, behalf, covered, chain_status
        FROM workflow_chain c JOIN workflow_document d ON d.id = c.document_id WHERE c.id = NEW.chain_id;
    IF TG_OP = 'INSERT' THEN
        IF chain_status <> 'RUNNING' THEN
            RAISE EXCEPTION '签字链已结束，不能加签字栏' USING ERRCODE = 'check_violation';
        END IF;
        IF NEW.line IS DISTINCT FROM (CASE
            WHEN NEW.role IN ('CUSTOMER_MANAGER', 'CUSTOMER_HEAD') THEN 'CUSTOMER'
            WHEN NEW.role IN ('RISK_MANAGER', 'RISK_HEAD') THEN 'RISK'
            WHEN NEW.role IN ('VICE_PRESIDENT', 'PRESIDENT', 'PRINCIPAL') THEN 'MANAGEMENT'
            WHEN NEW.role IN ('ACCOUNTANT', 'LEGAL', 'ARCHIVIST', 'AUDITOR', 'ADMIN') THEN 'SUPPORT' END)
        THEN
            RAISE EXCEPTION '“%”不属于这条线（第三条）', NEW.label USING ERRCODE = 'check_violation';
        END IF;
    END IF;
    IF NEW.status NOT IN ('SIGNED', 'RETURNED') OR (TG_OP = 'UPDATE' AND OLD.status <> 'WAITING') THEN
        RETURN NEW;
    END IF;
    SELECT line INTO signer_line FROM accounts_user WHERE id = NEW.signed_by_id;
    IF signer_line IS DISTINCT FROM NEW.line THEN
        RAISE EXCEPTION '“%”一栏不能由另一条线的人签字（第三条）', NEW.label USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.position <> 1 AND NEW.signed_by_id = author THEN
        RAISE EXCEPTION '任何人不得审核自己提交的单据（第三条）' USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.position = 1 AND NEW.signed_by_id <> author THEN
        RAISE EXCEPTION '第一栏只能由经办人自己签字' USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.position <> 1 AND behalf IN (NEW.signed_by_id, NEW.on_behalf_of_id) THEN
        RAISE EXCEPTION '任何人不得审核由人代其提交的单据（第三条）' USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.position <> 1 AND NEW.on_behalf_of_id = author THEN
        RAISE EXCEPTION '代理人不得替经办人审核其单据（第三条）' USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.on_behalf_of_id IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM accounts_deputy WHERE person_id = NEW.on_behalf_of_id AND deputy_id = NEW.signed_by_id
            AND NEW.signed_on BETWEEN from_on AND to_on)
    THEN
        RAISE EXCEPTION '签字日没有这项代理，不能代签“%”', NEW.label USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.person_id IS NOT NULL AND NEW.person_id NOT IN (NEW.signed_by_id, coalesce(NEW.on_behalf_of_id, 0)) THEN
        RAISE EXCEPTION '“%”一栏应由指定的人签字', NEW.label USING ERRCODE = 'check_violation';
    END IF;
    IF EXISTS (SELECT 1 FROM workflow_step
               WHERE chain_id = NEW.chain_id AND id <> NEW.id AND signed_by_id = NEW.signed_by_id)
    THEN
        RAISE EXCEPTION '同一人不能在一份文书上签两次' USING ERRCODE = 'check_violation';
    END IF;
    IF chain_status <> 'RUNNING' THEN
        RAISE EXCEPTION '签字链已结束，不能再签' USING ERRCODE = 'check_violation';
    END IF;
    IF (SELECT count(*) FROM workflow_step
        WHERE chain_id = NEW.chain_id AND position < NEW.position AND status = 'SIGNED') <> NEW.position - 1
    THEN
        RAISE EXCEPTION '前面的栏还没有签，不能先签“%”', NEW.label USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.status = 'SIGNED' AND NEW.signed_hash IS DISTINCT FROM covered THEN
        RAISE EXCEPTION '签字须覆盖提交时的内容指纹' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
"""

DOCUMENT = """
CREATE FUNCTION workflow_guard_behalf() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.on_behalf_of_id IS DISTINCT FROM OLD.on_behalf_of_id THEN
        RAISE EXCEPTION '文书 % 代谁经办不能再改', NEW.number USING ERRCODE = 'check_violation';
    END IF;
    IF TG_OP = 'INSERT' AND NEW.on_behalf_of_id IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM accounts_deputy WHERE person_id = NEW.on_behalf_of_id AND deputy_id = NEW.author_id
            AND NEW.created_on BETWEEN from_on AND to_on)
    THEN
        RAISE EXCEPTION '当日没有这项代理，不能代为经办 %', NEW.number USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER guard_behalf BEFORE INSERT OR UPDATE ON workflow_document
    FOR EACH ROW EXECUTE FUNCTION workflow_guard_behalf();
"""

LATE_ENTRY = """
CREATE FUNCTION workflow_guard_lateentry() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    state text;
BEGIN
    IF TG_OP <> 'INSERT' AND OLD.status = 'GRANTED' THEN
        RAISE EXCEPTION '补录已获同意，不能再改' USING ERRCODE = 'check_violation';
    END IF;
    -- FOR SHARE: the draft stays a draft until this transaction ends.
    SELECT status INTO state FROM workflow_document
        WHERE id = CASE WHEN TG_OP = 'DELETE' THEN OLD.document_id ELSE NEW.document_id END FOR SHARE;
    IF state <> 'DRAFT' THEN
        RAISE EXCEPTION '文书已提交签字，补录说明不能再改' USING ERRCODE = 'check_violation';
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER guard_lateentry BEFORE INSERT OR UPDATE OR DELETE ON workflow_lateentry
    FOR EACH ROW EXECUTE FUNCTION workflow_guard_lateentry();
"""


def undo(noun: str, table: str) -> str:
    """Takes a guard away again."""
    return f"DROP TRIGGER guard_{noun} ON workflow_{table}; DROP FUNCTION workflow_guard_{noun}();"


class Migration(migrations.Migration):
    dependencies = (
        ("workflow", "0003_deputies_and_late_entries"),
        ("accounts", "0003_deputies"),
    )

    operations = (
        migrations.RunSQL(STEP, f"DROP TRIGGER guard_step ON workflow_step; DROP FUNCTION workflow_guard_step(); {BEFORE}"),
        migrations.RunSQL(DOCUMENT, undo("behalf", "document")),
        migrations.RunSQL(LATE_ENTRY, undo("lateentry", "lateentry")),
    )
