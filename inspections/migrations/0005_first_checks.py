"""First checks as handed in; nothing of one changes but that another takes its place."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('credit', '0015_contacts_are_corrected'),
        ('inspections', '0004_visits_are_corrected'),
        ('workflow', '0008_what_is_signed_keeps_its_matter'),
    ]

    operations = [
        migrations.CreateModel(
            name='FirstCheckRecord',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('checked_on', models.DateField(verbose_name='检查日期')),
                ('fill_by', models.DateField(verbose_name='应填表日')),
                ('use_changed', models.BooleanField(verbose_name='改变用途')),
                ('explained', models.CharField(blank=True, max_length=500, verbose_name='改变用途的说明')),
                ('conditions_met', models.BooleanField(verbose_name='限制性条件已落实')),
                ('known_on', models.DateField(verbose_name='提交日')),
                ('replaced_on', models.DateField(null=True, verbose_name='更正日期')),
                ('document', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.document')),
                ('loan', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='credit.loan')),
            ],
            options={
                'ordering': ('-known_on', '-pk'),
                'constraints': [models.UniqueConstraint(condition=models.Q(('replaced_on__isnull', True)), fields=('document',), name='a_first_check_is_told_once'), models.CheckConstraint(condition=models.Q(('use_changed', False), models.Q(('explained', ''), _negated=True), _connector='OR'), name='a_changed_use_is_explained'), models.CheckConstraint(condition=models.Q(('known_on__gte', models.F('checked_on'))), name='a_check_is_told_afterwards')],
            },
        ),
        migrations.RunSQL(
            "CREATE TRIGGER a_fact_stands BEFORE UPDATE OR DELETE ON inspections_firstcheckrecord "
            "FOR EACH ROW EXECUTE FUNCTION workflow_fact_stands();",
            "DROP TRIGGER a_fact_stands ON inspections_firstcheckrecord;",
        ),
    ]
