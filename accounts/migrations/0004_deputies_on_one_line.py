"""The database keeps the lines apart where somebody stands in: the same line, one deputy at a time (第三条)."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION accounts_guard_deputy() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('leave:' || NEW.person_id, 0));
  PERFORM 1 FROM accounts_user a JOIN accounts_user b ON b.line = a.line
    WHERE a.id = NEW.person_id AND b.id = NEW.deputy_id FOR SHARE;
  IF NOT FOUND THEN
    RAISE EXCEPTION '代理人须与本人同一条线' USING ERRCODE = 'check_violation';
  END IF;
  IF EXISTS (SELECT 1 FROM accounts_deputy o WHERE o.person_id = NEW.person_id AND o.id <> NEW.id
             AND o.from_on <= NEW.to_on AND NEW.from_on <= o.to_on) THEN
    RAISE EXCEPTION '这段时间已有代理人' USING ERRCODE = 'exclusion_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER a_deputy_stands_on_the_same_line BEFORE INSERT OR UPDATE ON accounts_deputy
  FOR EACH ROW EXECUTE FUNCTION accounts_guard_deputy();
"""
BACKWARD = """
DROP TRIGGER a_deputy_stands_on_the_same_line ON accounts_deputy;
DROP FUNCTION accounts_guard_deputy();
"""


class Migration(migrations.Migration):
    dependencies = (("accounts", "0003_deputies"),)
    operations = (migrations.RunSQL(FORWARD, BACKWARD),)
