"""A person's posts stand on the person's line, whoever writes (第三条：同一人不得兼任两线)."""

from django.db import migrations

GUARDS = """
CREATE FUNCTION accounts_line_of_role(role text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE
        WHEN role IN ('CUSTOMER_MANAGER', 'CUSTOMER_HEAD') THEN 'CUSTOMER'
        WHEN role IN ('RISK_MANAGER', 'RISK_HEAD') THEN 'RISK'
        WHEN role IN ('VICE_PRESIDENT', 'PRESIDENT', 'PRINCIPAL') THEN 'MANAGEMENT'
        WHEN role IN ('ACCOUNTANT', 'LEGAL', 'ARCHIVIST', 'AUDITOR', 'ADMIN') THEN 'SUPPORT'
    END
$$;
CREATE FUNCTION accounts_guard_post() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- FOR SHARE: the person does not change lines meanwhile. A past post may be ended, whatever its line.
    IF TG_OP = 'UPDATE' AND NEW.to_on IS NOT NULL
       AND (NEW.person_id, NEW.role, NEW.from_on) IS NOT DISTINCT FROM (OLD.person_id, OLD.role, OLD.from_on)
    THEN
        RETURN NEW;
    END IF;
    PERFORM 1 FROM accounts_user
        WHERE id = NEW.person_id AND line = accounts_line_of_role(NEW.role) FOR SHARE;
    IF NOT FOUND THEN
        RAISE EXCEPTION '岗位与本人条线不符，同一人不得兼任两线（第三条）' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER guard_post BEFORE INSERT OR UPDATE ON accounts_post
    FOR EACH ROW EXECUTE FUNCTION accounts_guard_post();
CREATE FUNCTION accounts_guard_line() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.line <> OLD.line AND EXISTS (
        SELECT 1 FROM accounts_post
        WHERE person_id = NEW.id AND to_on IS NULL AND accounts_line_of_role(role) <> NEW.line)
    THEN
        RAISE EXCEPTION '%原条线的岗位还没有结束，不能转到另一条线（第三条）', NEW.name USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER guard_line BEFORE UPDATE OF line ON accounts_user
    FOR EACH ROW EXECUTE FUNCTION accounts_guard_line();
"""

UNDO = """
DROP TRIGGER guard_line ON accounts_user;
DROP TRIGGER guard_post ON accounts_post;
DROP FUNCTION accounts_guard_line();
DROP FUNCTION accounts_guard_post();
DROP FUNCTION accounts_line_of_role(text);
"""


class Migration(migrations.Migration):
    dependencies = (("accounts", "0001_initial"),)

    operations = (migrations.RunSQL(GUARDS, UNDO),)
