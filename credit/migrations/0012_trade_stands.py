"""What other lenders lend and what a borrower declares is appended, never changed: the database holds it."""

from django.db import migrations

FACTS = ("credit_otherdebt", "credit_declaredsales")

FORWARD = "".join(
    f"CREATE TRIGGER a_fact_stands BEFORE UPDATE OR DELETE ON {table} "
    "FOR EACH ROW EXECUTE FUNCTION credit_fact_stands();\n"
    for table in FACTS
)
BACKWARD = "".join(f"DROP TRIGGER a_fact_stands ON {table};\n" for table in FACTS)


class Migration(migrations.Migration):
    dependencies = (("credit", "0011_funds_supervised"),)
    operations = (migrations.RunSQL(FORWARD, BACKWARD),)
