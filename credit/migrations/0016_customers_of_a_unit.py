"""The database keeps, for every unit, its customers in the order of their numbers: those with loans or responsibilities.

How many facts put a customer into a unit is counted, not looked up again: two that write at the same time wait for each
other on the row, and neither has to see what the other has not committed. Whoever writes with triggers switched off
(a synthetic book) says SELECT credit_count_presences() afterwards.

While this migration runs, loans and responsibilities can be read but not written: some seconds for a million loans.
"""

from __future__ import annotations

from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models

FACTS = ("credit_loan", "credit_responsibility")

FORWARD = """
-- Everything anew, of a table that was emptied or filled behind the triggers' back.
CREATE FUNCTION credit_count_presences() RETURNS void LANGUAGE sql AS $$
  DELETE FROM credit_presence;
  INSERT INTO credit_presence (unit_id, borrower_number, facts)
  SELECT f.unit_id, b.number, count(*)
  FROM (SELECT unit_id, borrower_id FROM credit_loan UNION ALL
        SELECT unit_id, borrower_id FROM credit_responsibility) f
  JOIN credit_borrower b ON b.id = f.borrower_id
  GROUP BY f.unit_id, b.number ORDER BY f.unit_id, b.number;
$$;

CREATE FUNCTION credit_facts_emptied() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM credit_count_presences();
  RETURN NULL;
END $$;

-- A whole set in one statement; sorted, so that two sets of the same customers wait for each other and never lock up.
-- A fact without its customer has no number to stand under (LEFT JOIN): it is refused here and not first at the commit.
CREATE FUNCTION credit_facts_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO credit_presence AS p (unit_id, borrower_number, facts)
  SELECT f.unit_id, b.number, count(*) FROM added f LEFT JOIN credit_borrower b ON b.id = f.borrower_id
  GROUP BY f.unit_id, b.number ORDER BY f.unit_id, b.number
  ON CONFLICT (unit_id, borrower_number) DO UPDATE SET facts = p.facts + EXCLUDED.facts;
  RETURN NULL;
END $$;

-- One at a time: a fact is hardly ever taken back or moved to another unit.
CREATE FUNCTION credit_fact_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' THEN
    INSERT INTO credit_presence AS p (unit_id, borrower_number, facts)
    VALUES (NEW.unit_id, (SELECT number FROM credit_borrower WHERE id = NEW.borrower_id), 1)
    ON CONFLICT (unit_id, borrower_number) DO UPDATE SET facts = p.facts + 1;
  END IF;
  UPDATE credit_presence SET facts = facts - 1
  WHERE unit_id = OLD.unit_id AND borrower_number = (SELECT number FROM credit_borrower WHERE id = OLD.borrower_id);
  DELETE FROM credit_presence WHERE facts = 0
  AND unit_id = OLD.unit_id AND borrower_number = (SELECT number FROM credit_borrower WHERE id = OLD.borrower_id);
  RETURN NULL;
END $$;

-- A customer is renumbered, or is no more; found by unit, since that is how the key begins.
CREATE FUNCTION credit_borrower_renumbered() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    DELETE FROM credit_presence WHERE unit_id IN (SELECT id FROM accounts_unit) AND borrower_number = OLD.number;
  ELSE
    UPDATE credit_presence SET borrower_number = NEW.number
    WHERE unit_id IN (SELECT id FROM accounts_unit) AND borrower_number = OLD.number;
  END IF;
  RETURN NULL;
END $$;

CREATE TRIGGER presences_follow_the_number AFTER UPDATE OF number ON credit_borrower FOR EACH ROW
  WHEN (OLD.number IS DISTINCT FROM NEW.number) EXECUTE FUNCTION credit_borrower_renumbered();
CREATE TRIGGER presences_end AFTER DELETE ON credit_borrower FOR EACH ROW
  EXECUTE FUNCTION credit_borrower_renumbered();
""" + "".join(
    f"""
CREATE TRIGGER presences_added AFTER INSERT ON {table} REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION credit_facts_added();
CREATE TRIGGER presences_moved AFTER UPDATE OF unit_id, borrower_id ON {table} FOR EACH ROW
  WHEN ((OLD.unit_id, OLD.borrower_id) IS DISTINCT FROM (NEW.unit_id, NEW.borrower_id))
  EXECUTE FUNCTION credit_fact_moved();
CREATE TRIGGER presences_taken AFTER DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION credit_fact_moved();
CREATE TRIGGER presences_emptied AFTER TRUNCATE ON {table}
  FOR EACH STATEMENT EXECUTE FUNCTION credit_facts_emptied();
"""
    for table in FACTS
) + "SELECT credit_count_presences();"

BACKWARD = (
    "DROP TRIGGER presences_follow_the_number ON credit_borrower; DROP TRIGGER presences_end ON credit_borrower;\n"
    + "".join(
        f"DROP TRIGGER presences_{what} ON {table};\n"
        for table in FACTS
        for what in ("added", "moved", "taken", "emptied")
    )
    + "DROP FUNCTION credit_borrower_renumbered(); DROP FUNCTION credit_fact_moved();\n"
    + "DROP FUNCTION credit_facts_added(); DROP FUNCTION credit_facts_emptied();\n"
    + "DROP FUNCTION credit_count_presences();"
)


class Migration(migrations.Migration):
    dependencies = (
        ("accounts", "0005_who_registers_a_leave"),
        ("credit", "0015_contacts_are_corrected"),
    )

    operations: ClassVar = [
        migrations.CreateModel(
            name="Presence",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "unit_id", "borrower_id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("facts", models.PositiveIntegerField()),
                (
                    "borrower",
                    models.ForeignKey(
                        db_column="borrower_number", db_constraint=False, db_index=False, to_field="number",
                        on_delete=django.db.models.deletion.DO_NOTHING, related_name="presences", to="credit.borrower",
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+", to="accounts.unit",
                    ),
                ),
            ],
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]  # fmt: skip
