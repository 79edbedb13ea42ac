"""The database holds what facts are: appended, never changed; and one responsible person per role at a time."""

from django.db import migrations

FACTS = (
    "credit_loanreading",
    "credit_classfact",
    "credit_ledgerentry",
    "credit_transaction",
    "credit_accountbalance",
    "credit_riskevent",
)

# Art. 8: a customer's role is one person's at a time. An exclusion constraint would need an extension; the advisory
# lock makes two writers of one customer's role wait for each other, so that neither misses the other's row.
FORWARD = """
CREATE FUNCTION credit_fact_stands() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '已入账的事实不能修改或删除，请以冲正更正（%）', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;

CREATE FUNCTION credit_one_responsible() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('responsibility:' || NEW.borrower_id || ':' || NEW.role, 0));
  IF EXISTS (
    SELECT 1 FROM credit_responsibility o
    WHERE o.borrower_id = NEW.borrower_id AND o.role = NEW.role AND o.id <> NEW.id
      AND o.from_on <= coalesce(NEW.to_on, 'infinity') AND NEW.from_on <= coalesce(o.to_on, 'infinity')
  ) THEN
    RAISE EXCEPTION '这个客户的该岗位在这段时间已有责任人' USING ERRCODE = 'exclusion_violation';
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER one_responsible_person_at_a_time BEFORE INSERT OR UPDATE ON credit_responsibility
  FOR EACH ROW EXECUTE FUNCTION credit_one_responsible();
""" + "".join(
    f"CREATE TRIGGER a_fact_stands BEFORE UPDATE OR DELETE ON {table} "
    "FOR EACH ROW EXECUTE FUNCTION credit_fact_stands();\n"
    for table in FACTS
)

BACKWARD = (
    "DROP TRIGGER one_responsible_person_at_a_time ON credit_responsibility;\n"
    + "".join(f"DROP TRIGGER a_fact_stands ON {table};\n" for table in FACTS)
    + "DROP FUNCTION credit_one_responsible(); DROP FUNCTION credit_fact_stands();"
)


class Migration(migrations.Migration):
    dependencies = (("credit", "0001_initial"),)
    operations = (migrations.RunSQL(FORWARD, BACKWARD),)
