"""What the database itself refuses of documents and signatures, whoever writes.

The services refuse the same with a sentence beforehand; these triggers hold against raw SQL, a forgotten check and
two sessions at once. They raise 23514 (check_violation), which Django shows as IntegrityError.
"""

from django.db import migrations

DOCUMENT = """
CREATE FUNCTION workflow_guard_document() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.status <> 'DRAFT' THEN
            RAISE EXCEPTION '文书只能从草稿开始（%）', NEW.number USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF TG_OP = 'DELETE' THEN
        IF OLD.status <> 'DRAFT' OR EXISTS (SELECT 1 FROM workflow_chain WHERE document_id = OLD.id) THEN
            RAISE EXCEPTION '文书 % 已提交过签字，不能删除', OLD.number USING ERRCODE = 'check_violation';
        END IF;
        RETURN OLD;
    END IF;
    IF OLD.status IN ('SIGNING', 'LOCKED', 'SUPERSEDED') AND
       (NEW.content, NEW.content_hash, NEW.prefilled, NEW.form, NEW.form_version, NEW.number, NEW.revision,
        NEW.supersedes_id, NEW.subject_kind, NEW.subject_id, NEW.borrower_number, NEW.borrower_name, NEW.unit_id,
        NEW.author_id, NEW.created_on)
       IS DISTINCT FROM
       (OLD.content, OLD.content_hash, OLD.prefilled, OLD.form, OLD.form_version, OLD.number, OLD.revision,
        OLD.supersedes_id, OLD.subject_kind, OLD.subject_id, OLD.borrower_number, OLD.borrower_name, OLD.unit_id,
        OLD.author_id, OLD.created_on)
    THEN
        RAISE EXCEPTION '文书 % 已提交签字，内容不能再改', OLD.number USING ERRCODE = 'check_violation';
    END IF;
    IF OLD.status IN ('LOCKED', 'SUPERSEDED') AND
       (NEW.locked_on, NEW.locked_at) IS DISTINCT FROM (OLD.locked_on, OLD.locked_at)
    THEN
        RAISE EXCEPTION '文书 % 的锁定时间不能再改', OLD.number USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.status IS DISTINCT FROM OLD.status THEN
        IF (OLD.status, NEW.status) NOT IN (('DRAFT', 'SIGNING'), ('DRAFT', 'DISCARDED'), ('SIGNING', 'DRAFT'),
                                            ('SIGNING', 'LOCKED'), ('LOCKED', 'SUPERSEDED'))
        THEN
            RAISE EXCEPTION '文书 % 不能从 % 变为 %', OLD.number, OLD.status, NEW.status
                USING ERRCODE = 'check_violation';
        END IF;
        IF NEW.status = 'LOCKED' AND NOT EXISTS (
            SELECT 1 FROM workflow_chain
            WHERE document_id = NEW.id AND status = 'COMPLETED' AND content_hash = NEW.content_hash)
        THEN
            RAISE EXCEPTION '文书 % 的签字没有完成，不能锁定', OLD.number USING ERRCODE = 'check_violation';
        END IF;
        IF OLD.status = 'SIGNING' AND NEW.status = 'DRAFT' AND EXISTS (
            SELECT 1 FROM workflow_chain WHERE document_id = NEW.id AND status = 'RUNNING')
        THEN
            RAISE EXCEPTION '文书 % 还在签字中，不能改回草稿', OLD.number USING ERRCODE = 'check_violation';
        END IF;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER guard_document BEFORE INSERT OR UPDATE OR DELETE ON workflow_document
    FOR EACH ROW EXECUTE FUNCTION workflow_guard_document();
"""

ATTACHMENT = """
CREATE FUNCTION workflow_guard_attachment() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    state text;
    parent bigint;
BEGIN
    FOR parent IN
        SELECT DISTINCT id FROM unnest(ARRAY[
            CASE WHEN TG_OP <> 'INSERT' THEN OLD.document_id END,
            CASE WHEN TG_OP <> 'DELETE' THEN NEW.document_id END]) AS id WHERE id IS NOT NULL
    LOOP
        -- FOR SHARE: the draft stays a draft until this transaction ends.
        SELECT status INTO state FROM workflow_document WHERE id = parent FOR SHARE;
        IF state <> 'DRAFT' THEN
            RAISE EXCEPTION '文书已提交签字，附件不能再改' USING ERRCODE = 'check_violation';
        END IF;
    END LOOP;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER guard_attachment BEFORE INSERT OR UPDATE OR DELETE ON workflow_attachment
    FOR EACH ROW EXECUTE FUNCTION workflow_guard_attachment();
"""

CHAIN = """
CREATE FUNCTION workflow_guard_chain() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION '签字链不能删除' USING ERRCODE = 'check_violation';
    END IF;
    IF TG_OP = 'INSERT' THEN
        IF NEW.status <> 'RUNNING' OR NOT EXISTS (
            SELECT 1 FROM workflow_document
            WHERE id = NEW.document_id AND status = 'SIGNING' AND content_hash = NEW.content_hash)
        THEN
            RAISE EXCEPTION '签字链只能从已提交的文书开始，且须覆盖其内容' USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF (NEW.document_id, NEW.round, NEW.content_hash, NEW.started_on, NEW.started_at)
       IS DISTINCT FROM (OLD.document_id, OLD.round, OLD.content_hash, OLD.started_on, OLD.started_at)
       OR (OLD.status <> 'RUNNING' AND (NEW.status, NEW.finished_at) IS DISTINCT FROM (OLD.status, OLD.finished_at))
    THEN
        RAISE EXCEPTION '签字链不能改动' USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.status = 'COMPLETED' AND OLD.status <> 'COMPLETED' AND (
        NOT EXISTS (SELECT 1 FROM workflow_step WHERE chain_id = NEW.id)
        OR EXISTS (SELECT 1 FROM workflow_step WHERE chain_id = NEW.id AND status <> 'SIGNED'))
    THEN
        RAISE EXCEPTION '还有未签的栏，签字链不能完成' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER guard_chain BEFORE INSERT OR UPDATE OR DELETE ON workflow_chain
    FOR EACH ROW EXECUTE FUNCTION workflow_guard_chain();
"""

STEP = """
CREATE FUNCTION workflow_guard_step() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    author bigint;
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
    SELECT d.author_id, c.content_hash, c.status INTO author, covered, chain_status
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
    IF NEW.person_id IS NOT NULL AND NEW.signed_by_id <> NEW.person_id THEN
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
CREATE TRIGGER guard_step BEFORE INSERT OR UPDATE OR DELETE ON workflow_step
    FOR EACH ROW EXECUTE FUNCTION workflow_guard_step();
"""

# The next number of a month is found by prefix.
NUMBERS = "CREATE INDEX documents_by_number ON workflow_document (number varchar_pattern_ops);"


def undo(noun: str) -> str:
    """Takes a guard away again."""
    return f"DROP TRIGGER guard_{noun} ON workflow_{noun}; DROP FUNCTION workflow_guard_{noun}();"


class Migration(migrations.Migration):
    dependencies = (
        ("workflow", "0001_initial"),
        ("accounts", "0001_initial"),
    )

    operations = (
        migrations.RunSQL(DOCUMENT, undo("document")),
        migrations.RunSQL(ATTACHMENT, undo("attachment")),
        migrations.RunSQL(CHAIN, undo("chain")),
        migrations.RunSQL(STEP, undo("step")),
        migrations.RunSQL(NUMBERS, "DROP INDEX documents_by_number;"),
    )
