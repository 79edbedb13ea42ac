"""The database keeps the lines apart: nobody answers for a borrower in a role of another line (第三条)."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION credit_responsible_line() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM accounts_user WHERE id = NEW.person_id AND line = accounts_line_of_role(NEW.role) FOR SHARE;
  IF NOT FOUND THEN
    RAISE EXCEPTION '责任人的条线与岗位不符，双线不能兼任' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER a_responsible_person_stands_on_the_line_of_the_role BEFORE INSERT OR UPDATE OF person_id, role
  ON credit_responsibility FOR EACH ROW EXECUTE FUNCTION credit_responsible_line();
"""

BACKWARD = """
DROP TRIGGER a_responsible_person_stands_on_the_line_of_the_role ON credit_responsibility;
DROP FUNCTION credit_responsible_line();
"""


class Migration(migrations.Migration):
    dependencies = (("credit", "0002_facts_stand"), ("accounts", "0002_posts_on_one_line"))
    operations = (migrations.RunSQL(FORWARD, BACKWARD),)
