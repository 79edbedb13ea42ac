"""附件1 and 附件2 as signed say since when they are known, and when a correction took their place.

The column `is_in_force` of uses stays for the version that still runs; nothing reads it any more.
"""

from django.db import migrations, models
from django.db.models import Q
from django.db.models.functions import Now

DROP = """
DROP TRIGGER a_reading_stands ON monitoring_accountledgerreview;
DROP TRIGGER a_row_is_not_deleted ON monitoring_funduse;
DROP TRIGGER a_row_that_has_ended_stands ON monitoring_funduse;
DROP TRIGGER a_row_only_moves ON monitoring_funduse;
ALTER TABLE monitoring_funduse ALTER COLUMN is_in_force SET DEFAULT true;
"""
PUT_BACK = """
CREATE TRIGGER a_reading_stands BEFORE UPDATE OR DELETE ON monitoring_accountledgerreview
  FOR EACH ROW EXECUTE FUNCTION monitoring_reading_stands();
UPDATE monitoring_funduse SET is_in_force = false WHERE replaced_on IS NOT NULL;
CREATE TRIGGER a_row_is_not_deleted BEFORE DELETE ON monitoring_funduse
  FOR EACH ROW EXECUTE FUNCTION monitoring_reading_stands();
CREATE TRIGGER a_row_that_has_ended_stands BEFORE UPDATE ON monitoring_funduse FOR EACH ROW
  WHEN (NOT OLD.is_in_force) EXECUTE FUNCTION monitoring_reading_stands();
CREATE TRIGGER a_row_only_moves BEFORE UPDATE ON monitoring_funduse FOR EACH ROW
  EXECUTE FUNCTION monitoring_only_moves('is_in_force');
ALTER TABLE monitoring_funduse ALTER COLUMN is_in_force DROP DEFAULT;
"""
DAYS = "".join(
    f"""
UPDATE {table} fact SET known_on = paper.locked_on, replaced_on = later.locked_on
FROM workflow_document paper
LEFT JOIN workflow_document later ON later.supersedes_id = paper.id AND later.status IN ('LOCKED', 'SUPERSEDED')
WHERE paper.id = fact.document_id;
"""
    for table in ("monitoring_accountledgerreview", "monitoring_funduse")
)
GUARD = "".join(
    f"CREATE TRIGGER a_fact_stands BEFORE UPDATE OR DELETE ON {table} "
    "FOR EACH ROW EXECUTE FUNCTION workflow_fact_stands();\n"
    for table in ("monitoring_accountledgerreview", "monitoring_funduse")
)
UNGUARD = """
DROP TRIGGER a_fact_stands ON monitoring_accountledgerreview;
DROP TRIGGER a_fact_stands ON monitoring_funduse;
"""


def dated(model: str) -> tuple[migrations.operations.base.Operation, ...]:
    """The two days of a fact; the default is for the version that still runs while this migrates."""
    return (
        migrations.AddField(model, "known_on", models.DateField("知悉日期", db_default=Now())),
        migrations.AddField(model, "replaced_on", models.DateField("更正日期", null=True)),
        migrations.SeparateDatabaseAndState(
            state_operations=[migrations.AlterField(model, "known_on", models.DateField("知悉日期"))]
        ),
    )


class Migration(migrations.Migration):
    dependencies = (
        ("monitoring", "0006_collateral_by_its_name"),
        ("workflow", "0008_what_is_signed_keeps_its_matter"),
    )

    operations = (
        migrations.RunSQL(DROP, PUT_BACK),
        *dated("accountledgerreview"),
        *dated("funduse"),
        migrations.RunSQL(DAYS, migrations.RunSQL.noop),
        migrations.RemoveConstraint("funduse", "a_movement_is_recorded_once_for_a_loan"),
        migrations.RemoveConstraint("funduse", "a_payment_is_recorded_once"),
        migrations.SeparateDatabaseAndState(
            state_operations=[migrations.RemoveField("funduse", "is_in_force")]
        ),
        migrations.AddConstraint(
            "funduse",
            models.UniqueConstraint(
                fields=["loan", "transaction"],
                condition=Q(replaced_on__isnull=True, transaction__isnull=False),
                name="a_movement_is_recorded_once_for_a_loan",
            ),
        ),
        migrations.AddConstraint(
            "funduse",
            models.UniqueConstraint(
                fields=["payment"],
                condition=Q(replaced_on__isnull=True, payment__isnull=False),
                name="a_payment_is_recorded_once",
            ),
        ),
        migrations.RunSQL(GUARD, UNGUARD),
    )
