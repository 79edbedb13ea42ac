"""A correction of a contact takes its place from the day on which it was signed."""

from django.db import migrations, models

# The same paper, signed once more: the contact of each revision but the last was corrected by the next.
FORWARD = """
DROP TRIGGER a_fact_stands ON credit_contact;
UPDATE credit_contact earlier SET replaced_on = later.known_on FROM (
    SELECT id, lead(known_on) OVER (PARTITION BY borrower_id, reference ORDER BY id) AS known_on FROM credit_contact
) later WHERE later.id = earlier.id AND later.known_on IS NOT NULL;
CREATE TRIGGER a_fact_stands BEFORE UPDATE OR DELETE ON credit_contact
  FOR EACH ROW EXECUTE FUNCTION workflow_fact_stands();
"""
BACKWARD = """
DROP TRIGGER a_fact_stands ON credit_contact;
CREATE TRIGGER a_fact_stands BEFORE UPDATE OR DELETE ON credit_contact
  FOR EACH ROW EXECUTE FUNCTION credit_fact_stands();
"""


class Migration(migrations.Migration):
    dependencies = (
        ("credit", "0014_past_uses"),
        ("workflow", "0008_what_is_signed_keeps_its_matter"),
    )

    operations = (
        migrations.AddField("contact", "replaced_on", models.DateField("更正日期", null=True)),
        migrations.RunSQL(FORWARD, BACKWARD),
    )
