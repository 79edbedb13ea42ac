"""A leave keeps who registered it, and nobody makes themselves a deputy."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = (("accounts", "0004_deputies_on_one_line"),)

    operations = (
        migrations.AddField(
            model_name="deputy",
            name="registered_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="historicaldeputy",
            name="registered_by",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddConstraint(
            model_name="deputy",
            constraint=models.CheckConstraint(
                condition=models.Q(("registered_by", models.F("deputy")), _negated=True),
                name="nobody_makes_themselves_a_deputy",
                violation_error_message="代理人不能由代理人自己登记。",
            ),
        ),
    )
