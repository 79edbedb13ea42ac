"""Photographs whose camera said a day that nothing can read back, and the guard against more of them.

What Python cannot carry was never signed, since its document did not open: there the time becomes unknown, as in every
draft. One that was signed with a strange day keeps it, or its fingerprint would no longer hold; so the constraint does
not ask about rows that stand.
"""

import datetime

from django.db import migrations, models

FIRST = datetime.datetime(1899, 12, 31, 15, 54, 17, tzinfo=datetime.UTC)  # 1900 begins in Shanghai
AFTER = datetime.datetime(2199, 12, 31, 16, 0, tzinfo=datetime.UTC)  # 2200 begins there

FORGET = f"""
ALTER TABLE workflow_attachment DISABLE TRIGGER guard_attachment;
UPDATE workflow_attachment SET taken_at = NULL
    WHERE taken_at < '0001-01-01 00:00:00+00' OR taken_at >= '10000-01-01 00:00:00+00'
    OR ((taken_at < '{FIRST}' OR taken_at >= '{AFTER}')
        AND document_id IN (SELECT id FROM workflow_document WHERE status = 'DRAFT'));
ALTER TABLE workflow_attachment ENABLE TRIGGER guard_attachment;
"""
GUARD = f"""
ALTER TABLE workflow_attachment ADD CONSTRAINT a_photograph_was_taken_on_a_day_of_the_calendar
    CHECK (taken_at IS NULL OR (taken_at >= '{FIRST}' AND taken_at < '{AFTER}')) NOT VALID;
"""
UNGUARD = "ALTER TABLE workflow_attachment DROP CONSTRAINT a_photograph_was_taken_on_a_day_of_the_calendar;"


class Migration(migrations.Migration):
    dependencies = (("workflow", "0005_figures_by_person"),)

    operations = (
        migrations.RunSQL(FORGET, migrations.RunSQL.noop),
        migrations.RunSQL(
            GUARD,
            UNGUARD,
            state_operations=[
                migrations.AddConstraint(
                    model_name="attachment",
                    constraint=models.CheckConstraint(
                        condition=models.Q(taken_at__isnull=True)
                        | models.Q(taken_at__gte=FIRST, taken_at__lt=AFTER),
                        name="a_photograph_was_taken_on_a_day_of_the_calendar",
                    ),
                )
            ],
        ),
    )
