"""Pages that are sent in once, previews that are sent once, and the mark of a database made for the demonstration."""

from django.db import migrations, models

# A preview from before that has become a proposal was sent when that was proposed; of two rehearsals of one version that
# wait, the later goes on.
BEFORE = """
UPDATE core_preview p SET sent_at = v.proposed_at FROM core_schemeversion v
 WHERE v.id = p.version_id AND p.change ? 'parameters' AND p.result IS NOT NULL;
UPDATE core_preview p SET error = '另有一次推演在进行'
 WHERE p.result IS NULL AND p.error = '' AND EXISTS (
    SELECT FROM core_preview q WHERE q.version_id = p.version_id AND q.id > p.id AND q.result IS NULL AND q.error = '');
"""

# What was sent is what was rehearsed, and becomes one proposal: neither is exchanged afterwards.
SENT = """
CREATE FUNCTION core_preview_sent() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.change IS DISTINCT FROM OLD.change OR OLD.sent_at IS NOT NULL
       AND (NEW.sent_at, NEW.version_id) IS DISTINCT FROM (OLD.sent_at, OLD.version_id)
    THEN
        RAISE EXCEPTION 'a preview is sent once, as it was rehearsed' USING ERRCODE = 'unique_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER core_preview_sent BEFORE UPDATE ON core_preview
    FOR EACH ROW EXECUTE FUNCTION core_preview_sent();
"""
NOT_SENT = "DROP TRIGGER core_preview_sent ON core_preview; DROP FUNCTION core_preview_sent();"


class Migration(migrations.Migration):

    dependencies = [
        ('core', '0004_preview'),
    ]

    operations = [
        migrations.CreateModel(
            name='Demonstration',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('only', models.BooleanField(default=True, editable=False)),
                ('marked_at', models.DateTimeField(verbose_name='标记时间')),
                ('marked_by', models.CharField(max_length=60, verbose_name='标记人')),
                ('loaded_at', models.DateTimeField(null=True, verbose_name='装载完成')),
            ],
        ),
        migrations.CreateModel(
            name='Submission',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('by', models.CharField(max_length=40, verbose_name='工号')),
                ('key', models.CharField(max_length=32, verbose_name='一次性编号')),
                ('route', models.CharField(max_length=60, verbose_name='页面')),
                ('digest', models.CharField(max_length=64, verbose_name='内容摘要')),
                ('at', models.DateTimeField(db_index=True, verbose_name='时间')),
                ('status', models.PositiveSmallIntegerField(default=0, verbose_name='应答')),
                ('location', models.TextField(blank=True, verbose_name='去向')),
                ('content', models.TextField(blank=True, verbose_name='应答页面')),
            ],
        ),
        migrations.AddField(
            model_name='preview',
            name='sent_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='提交时间'),
        ),
        migrations.RunSQL(BEFORE, migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name='preview',
            constraint=models.UniqueConstraint(condition=models.Q(('sent_at__isnull', False)), fields=('version',), name='a_proposal_comes_of_one_preview'),
        ),
        migrations.AddConstraint(
            model_name='preview',
            constraint=models.CheckConstraint(condition=models.Q(('sent_at__isnull', True), ('version__isnull', True), ('result__isnull', False), _connector='OR'), name='what_is_proposed_was_rehearsed'),
        ),
        migrations.AddConstraint(
            model_name='preview',
            constraint=models.UniqueConstraint(condition=models.Q(('error', ''), ('result__isnull', True)), fields=('version',), name='a_version_is_rehearsed_once_at_a_time'),
        ),
        migrations.RunSQL(SENT, NOT_SENT),
        migrations.AddConstraint(
            model_name='demonstration',
            constraint=models.UniqueConstraint(fields=('only',), name='a_database_is_marked_once'),
        ),
        migrations.AddConstraint(
            model_name='demonstration',
            constraint=models.CheckConstraint(condition=models.Q(('only', True)), name='a_mark_is_the_only_one'),
        ),
        migrations.AddConstraint(
            model_name='demonstration',
            constraint=models.CheckConstraint(condition=models.Q(('loaded_at__isnull', True), ('loaded_at__gte', models.F('marked_at')), _connector='OR'), name='a_demonstration_is_loaded_after_its_mark'),
        ),
        migrations.AddConstraint(
            model_name='submission',
            constraint=models.UniqueConstraint(fields=('by', 'key'), name='a_page_is_sent_in_once'),
        ),
        migrations.AddConstraint(
            model_name='submission',
            constraint=models.CheckConstraint(condition=models.Q(('key', ''), _negated=True), name='a_page_has_its_key'),
        ),
    ]
