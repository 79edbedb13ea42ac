"""Borrowers are found by a fragment of the name or of its initials, and by the tail of the certificate number.

A fragment in the middle of a word is nothing that a prefix index finds, and pg_trgm is an extension. But arrays have
an inverted index of their own: the runs of characters of a name are kept in one, computed by the index itself, so there
is no key to store and none to go stale. Sizes and speed stand in docs/performance.md.
"""

from django.db import migrations

# Names of pg_catalog only: a restore builds the indexes with an empty search_path.
FORWARD = """
CREATE FUNCTION credit_grams(word text, size integer) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT coalesce(array_agg(DISTINCT substr(lower(word), i, size)), '{}')
  FROM generate_series(1, length(word) - size + 1) AS i
$$;
CREATE INDEX borrower_name_grams ON credit_borrower USING gin (credit_grams(name, 2));
CREATE INDEX borrower_initials_grams ON credit_borrower USING gin (credit_grams(initials, 3));
CREATE INDEX borrower_certificate_tail ON credit_borrower (reverse(id_number) text_pattern_ops);
"""
BACKWARD = """
DROP INDEX borrower_certificate_tail;
DROP INDEX borrower_initials_grams;
DROP INDEX borrower_name_grams;
DROP FUNCTION credit_grams(text, integer);
"""


class Migration(migrations.Migration):
    dependencies = (("credit", "0008_contacts_and_claims"),)
    operations = (migrations.RunSQL(FORWARD, BACKWARD),)
