"""The guard of documents knows what a paper is about and how it was hashed: neither changes once it is signed.

And the guard that the facts of signed papers share: nothing of them changes but that a correction takes their place.
"""

from importlib import import_module

from django.db import migrations, models

before = import_module("workflow.migrations.0002_signature_guards").DOCUMENT.partition("CREATE TRIGGER")[0]
before = before.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
after = before
for row in ("NEW", "OLD"):
    known = f"{row}.author_id, {row}.created_on)"
    assert known in after
    after = after.replace(known, f"{row}.author_id, {row}.created_on, {row}.matter, {row}.canon)")

FACTS = """
CREATE FUNCTION workflow_fact_stands() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND OLD.replaced_on IS NULL AND NEW.replaced_on IS NOT NULL
     AND to_jsonb(NEW) - 'replaced_on' = to_jsonb(OLD) - 'replaced_on' THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION '已登记的内容只能由更正接替，不能修改或删除（%）', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
"""


class Migration(migrations.Migration):
    dependencies = (("workflow", "0007_papers_have_a_matter"),)

    operations = (
        migrations.RunSQL(after, before),
        migrations.RunSQL(FACTS, "DROP FUNCTION workflow_fact_stands();"),
        migrations.AddIndex(
            "document", models.Index(fields=["subject_id", "form"], name="documents_of_a_subject")
        ),
    )
