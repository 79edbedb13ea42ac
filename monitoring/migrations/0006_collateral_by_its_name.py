"""The part that margin and pledged deposits meet is named as the bank names it; its column stays as it is."""

from django.db import migrations, models
from django.db.models import F, Q


class Migration(migrations.Migration):
    dependencies = [("monitoring", "0005_tiers_differ")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RemoveConstraint("fundscheck", "what_is_checked_is_not_negative"),
                migrations.RemoveConstraint("fundscheck", "what_is_required_is_met_or_short"),
                migrations.RenameField("fundscheck", "from_pots", "from_collateral"),
                migrations.AlterField(
                    "fundscheck",
                    "from_collateral",
                    models.DecimalField(
                        db_column="from_pots", decimal_places=2, max_digits=18, verbose_name="保证金与存单"
                    ),
                ),
                migrations.AddConstraint(
                    "fundscheck",
                    models.CheckConstraint(
                        condition=Q(
                            required__gt=0,
                            from_collateral__gte=0,
                            from_balance__gte=0,
                            short__gte=0,
                            available__gte=0,
                        ),
                        name="what_is_checked_is_not_negative",
                    ),
                ),
                migrations.AddConstraint(
                    "fundscheck",
                    models.CheckConstraint(
                        condition=Q(required=F("from_collateral") + F("from_balance") + F("short")),
                        name="what_is_required_is_met_or_short",
                    ),
                ),
            ]
        )
    ]
