"""What held of a loan on a day is read off an index; whatever narrows the subjects of a rule has one of its own."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = (("credit", "0009_found_by_fragment"),)
    operations = (
        migrations.AddIndex(
            "loanreading",
            models.Index(
                fields=["loan", "-effective_on", "-known_on", "-id"],
                include=["balance"],
                name="readings_in_force",
            ),
        ),
        migrations.AddIndex(
            "classfact",
            models.Index(
                fields=["loan", "-effective_on", "-known_on", "-id"],
                include=["risk_class"],
                name="classes_in_force",
            ),
        ),
        migrations.AddIndex(
            "classfact",
            models.Index(fields=["loan"], condition=~models.Q(risk_class="NORMAL"), name="loans_ever_worse"),
        ),
        migrations.AddIndex(
            "contract",
            models.Index(
                fields=["scheme"], condition=~models.Q(scheme=""), name="contracts_with_a_scheme"
            ),
        ),
        migrations.AddIndex("loan", models.Index(fields=["starts_on"], name="loans_by_start")),
        migrations.AddIndex("loan", models.Index(fields=["product", "borrower"], name="loans_of_a_product")),
    )
