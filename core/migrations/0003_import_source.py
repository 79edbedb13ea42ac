"""Where a batch came from: rows entered on screen do not count as the extracts of their date."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("core", "0002_kept_rows")]

    operations = [
        migrations.AddField(
            model_name="importbatch",
            name="source",
            field=models.CharField(
                "来源",
                max_length=8,
                choices=[("extract", "数据文件"), ("screen", "手工录入")],
                default="extract",
                db_default="extract",
            ),
        )
    ]
