"""Rows that are only ever added: the database refuses to change them, whoever asks; and the floor that seals stand on."""

from __future__ import annotations

from django.db import migrations

REFUSE = """
CREATE FUNCTION core_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on % refused: rows of this table are only ever added', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END $$;
"""

# ALWAYS: also where session_replication_role is set to replica. A superuser can still take the triggers away; the
# seals and anchors are there for that.
KEPT = """
CREATE TRIGGER {table}_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION core_refuse();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_kept;
"""

# Before a transaction's first entry gets its id, it takes a shared lock whose key is the highest id given out so far,
# and holds it to its end: every id of the transaction is above that floor. Shared locks wait for nobody. The sealer
# reads the floors from pg_locks. A savepoint that is rolled back gives back the lock and the setting together.
# core/sealing.py reads the same key: 0x6175 in the upper 16 bits, the floor in the lower 48.
FLOOR = """
CREATE FUNCTION core_auditentry_floor() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    mine text := pg_current_xact_id()::text;
    floor bigint;
BEGIN
    IF current_setting('postloan.audit_floor', true) IS DISTINCT FROM mine THEN
        SELECT CASE WHEN is_called THEN last_value ELSE last_value - 1 END INTO floor FROM core_auditentry_id_seq;
        PERFORM pg_advisory_xact_lock_shared((24949::bigint << 48) | floor);
        PERFORM set_config('postloan.audit_floor', mine, true);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER core_auditentry_floor BEFORE INSERT ON core_auditentry
    FOR EACH STATEMENT EXECUTE FUNCTION core_auditentry_floor();

CREATE FUNCTION core_auditentry_own() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.id IS DISTINCT FROM currval('core_auditentry_id_seq') THEN
        RAISE EXCEPTION 'an audit entry does not choose its id' USING ERRCODE = 'insufficient_privilege';
    END IF;
    NEW.xid := pg_current_xact_id()::text::bigint;
    RETURN NEW;
END $$;
CREATE TRIGGER core_auditentry_own BEFORE INSERT ON core_auditentry
    FOR EACH ROW EXECUTE FUNCTION core_auditentry_own();
"""

# A version of a policy is decided once; what it said when it decided stays.
VERSION = """
CREATE FUNCTION core_schemeversion_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR OLD.status <> 'PROPOSED'
       OR (NEW.id, NEW.scheme_id, NEW.number, NEW.parameters, NEW.effective_on, NEW.proposed_by, NEW.proposed_at,
           NEW.reason)
          IS DISTINCT FROM
          (OLD.id, OLD.scheme_id, OLD.number, OLD.parameters, OLD.effective_on, OLD.proposed_by, OLD.proposed_at,
           OLD.reason)
    THEN
        RAISE EXCEPTION '% on % refused: a version of a policy is never rewritten', TG_OP, TG_TABLE_NAME
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER core_schemeversion_kept BEFORE UPDATE OR DELETE ON core_schemeversion
    FOR EACH ROW EXECUTE FUNCTION core_schemeversion_kept();
"""

UNDO = """
DROP TRIGGER core_schemeversion_kept ON core_schemeversion;
DROP TRIGGER core_auditentry_own ON core_auditentry;
DROP TRIGGER core_auditentry_floor ON core_auditentry;
DROP TRIGGER core_auditseal_kept ON core_auditseal;
DROP TRIGGER core_auditentry_kept ON core_auditentry;
DROP FUNCTION core_schemeversion_kept(), core_auditentry_own(), core_auditentry_floor(), core_refuse();
"""


class Migration(migrations.Migration):
    dependencies = [("core", "0001_initial")]

    operations = [
        migrations.RunSQL(
            REFUSE
            + KEPT.format(table="core_auditentry")
            + KEPT.format(table="core_auditseal")
            + FLOOR
            + VERSION,
            UNDO,
        )
    ]
