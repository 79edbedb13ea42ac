"""How borrowers are reached; and the database holds that no margin goes back while the beneficiary claims."""

import django.db.models.deletion
from django.db import migrations, models

# 本息催收第4项: 索赔未了不得释放保证金. A claim that is being written at this moment holds a key-share lock on its loan,
# so the lock here waits for it, and a claim that comes a moment later finds the margin gone.
FORWARD = """
CREATE FUNCTION credit_guard_margin() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM credit_loan WHERE id = NEW.loan_id FOR UPDATE;
  IF EXISTS (
    SELECT 1 FROM credit_letterclaim c
    WHERE c.loan_id = NEW.loan_id AND (c.settled_on IS NULL OR c.settled_on > NEW.effective_on)
  ) THEN
    RAISE EXCEPTION '索赔未了，不得释放保证金' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER no_margin_goes_while_a_claim_is_open BEFORE INSERT ON credit_marginrelease
  FOR EACH ROW EXECUTE FUNCTION credit_guard_margin();
CREATE TRIGGER a_fact_stands BEFORE UPDATE OR DELETE ON credit_contact
  FOR EACH ROW EXECUTE FUNCTION credit_fact_stands();
"""
BACKWARD = """
DROP TRIGGER a_fact_stands ON credit_contact;
DROP TRIGGER no_margin_goes_while_a_claim_is_open ON credit_marginrelease;
DROP FUNCTION credit_guard_margin();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('credit', '0007_terms_begin'),
    ]

    operations = [
        migrations.CreateModel(
            name='Contact',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('person', models.CharField(max_length=60, verbose_name='联系人')),
                ('relation', models.CharField(max_length=20, verbose_name='与借款人关系')),
                ('phone', models.CharField(max_length=40, verbose_name='电话')),
                ('reachable_at', models.CharField(max_length=200, verbose_name='地址或微信')),
                ('way', models.CharField(choices=[('PHONE', '电话'), ('WECHAT', '微信'), ('VISIT', '上门或到单位'), ('POST', '信函')], max_length=8, verbose_name='约定方式')),
                ('effective_on', models.DateField(verbose_name='联系日')),
                ('known_on', models.DateField(verbose_name='知悉日期')),
                ('reference', models.CharField(max_length=120, verbose_name='凭证')),
                ('borrower', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='contacts', to='credit.borrower')),
            ],
            options={
                'ordering': ('borrower', 'effective_on'),
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('person', ''), _negated=True), models.Q(('phone', ''), _negated=True), models.Q(('reachable_at', ''), _negated=True)), name='a_contact_says_whom_and_where'), models.CheckConstraint(condition=models.Q(('way__in', ['PHONE', 'WECHAT', 'VISIT', 'POST'])), name='a_contact_is_kept_in_a_known_way'), models.CheckConstraint(condition=models.Q(('known_on__gte', models.F('effective_on'))), name='a_contact_is_known_afterwards')],
            },
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
