"""The database holds that the new facts are appended, never changed, and that no group contains itself."""

from django.db import migrations

FACTS = (
    "credit_loanterms",
    "credit_valuation",
    "credit_letterreturn",
    "credit_marginrelease",
    "credit_pastinspection",
    "credit_pastletter",
)

FORWARD = """
CREATE FUNCTION credit_guard_group() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.parent_id IS NOT NULL AND EXISTS (
    WITH RECURSIVE up AS (
      SELECT id, parent_id FROM credit_group WHERE id = NEW.parent_id
      UNION SELECT g.id, g.parent_id FROM credit_group g JOIN up ON g.id = up.parent_id
    ) SELECT 1 FROM up WHERE id = NEW.id
  ) THEN
    RAISE EXCEPTION '集团不能包含自己' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER a_group_does_not_contain_itself BEFORE INSERT OR UPDATE OF parent_id ON credit_group
  FOR EACH ROW EXECUTE FUNCTION credit_guard_group();
""" + "".join(
    f"CREATE TRIGGER a_fact_stands BEFORE UPDATE OR DELETE ON {table} "
    "FOR EACH ROW EXECUTE FUNCTION credit_fact_stands();\n"
    for table in FACTS
)
BACKWARD = (
    "".join(f"DROP TRIGGER a_fact_stands ON {table};\n" for table in FACTS)
    + "DROP TRIGGER a_group_does_not_contain_itself ON credit_group; DROP FUNCTION credit_guard_group();"
)


class Migration(migrations.Migration):
    dependencies = (("credit", "0005_plans_are_kept"),)
    operations = (migrations.RunSQL(FORWARD, BACKWARD),)
