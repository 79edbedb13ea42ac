"""A visit says since when it is known, and when a correction took its place."""

from django.db import migrations, models
from django.db.models.functions import Now

FORWARD = """
UPDATE inspections_siteinspection visit SET known_on = paper.locked_on, replaced_on = later.locked_on
FROM workflow_document paper
LEFT JOIN workflow_document later ON later.supersedes_id = paper.id AND later.status IN ('LOCKED', 'SUPERSEDED')
WHERE paper.id = visit.document_id;
CREATE TRIGGER a_fact_stands BEFORE UPDATE OR DELETE ON inspections_siteinspection
  FOR EACH ROW EXECUTE FUNCTION workflow_fact_stands();
"""


class Migration(migrations.Migration):
    dependencies = (
        ("inspections", "0003_samples"),
        ("workflow", "0008_what_is_signed_keeps_its_matter"),
    )

    operations = (
        # The default is for the version that still runs while this migrates; the model has none.
        migrations.AddField("siteinspection", "known_on", models.DateField("知悉日期", db_default=Now())),
        migrations.AddField("siteinspection", "replaced_on", models.DateField("更正日期", null=True)),
        migrations.RunSQL(FORWARD, "DROP TRIGGER a_fact_stands ON inspections_siteinspection;"),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField("siteinspection", "known_on", models.DateField("知悉日期"))
            ]
        ),
    )
