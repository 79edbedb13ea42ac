"""Loans that are in the book already get their first terms, known since they began, as their plans are."""

from django.db import migrations

FORWARD = """
INSERT INTO credit_loanterms (loan_id, effective_on, known_on, matures_on, annual_rate, correction)
SELECT l.id, l.starts_on, l.starts_on, l.matures_on, l.annual_rate, 0 FROM credit_loan l
WHERE NOT EXISTS (SELECT 1 FROM credit_loanterms t WHERE t.loan_id = l.id);
"""


class Migration(migrations.Migration):
    dependencies = (("credit", "0006_book_stands"),)
    operations = (migrations.RunSQL(FORWARD, migrations.RunSQL.noop),)
