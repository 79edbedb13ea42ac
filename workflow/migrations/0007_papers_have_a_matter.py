"""What a paper is about beside its subject, and how it is hashed.

Every paper that stands gets its matter before the guard of documents knows the column (0008); what was signed keeps the
fingerprint that it has (`canon` 1, without matter). Where one paper answers everything about its subject, the matter
stays empty; so it does where a form was started without a duty, and on a draft thrown away that no duty names any more.
"""

from django.db import migrations, models

# The duties that a paper answers name one of its revisions.
MATTERS = """
UPDATE workflow_document SET matter = COALESCE(CASE form
    WHEN 'account_ledger_review' THEN content ->> 'month'
    WHEN 'misuse_rectification' THEN 'case:' || (content ->> 'case')
    WHEN 'self_payment_summary' THEN 'summary:' || (content ->> 'period')
    ELSE (
        SELECT CASE form WHEN 'supervised_account' THEN content ->> 'account'
                         ELSE item.kind || ':' || item.period_key END
        FROM workflow_workitem item JOIN workflow_document revision ON revision.id = item.document_id
        WHERE revision.number = workflow_document.number ORDER BY item.id LIMIT 1)
    END, '')
WHERE form IN ('account_ledger_review', 'misuse_rectification', 'self_payment_summary', 'supervised_account',
               'completion_record');
"""
# An open duty of another matter is not this paper's: it gets one of its own.
DUTIES = """
UPDATE workflow_workitem item SET document_id = NULL FROM workflow_document paper
WHERE paper.id = item.document_id AND item.status = 'OPEN' AND item.submitted_on IS NULL AND paper.matter <> (
    CASE paper.form WHEN 'completion_record' THEN item.kind || ':' || item.period_key ELSE item.period_key END)
AND paper.form IN ('account_ledger_review', 'misuse_rectification', 'self_payment_summary', 'completion_record');
"""


class Migration(migrations.Migration):
    dependencies = (("workflow", "0006_photographs_that_can_be_read"),)

    operations = (
        migrations.AddField(
            "document",
            "matter",
            models.CharField("事项", max_length=100, blank=True, default="", db_default=""),
        ),
        migrations.AddField(
            "document",
            "canon",
            models.PositiveSmallIntegerField("指纹规则", default=2, db_default=1),
        ),
        migrations.RunSQL(MATTERS, migrations.RunSQL.noop),
        migrations.RunSQL(DUTIES, migrations.RunSQL.noop),
    )
