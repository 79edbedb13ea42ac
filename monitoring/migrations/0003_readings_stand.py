"""What was paid, used, read and confirmed is appended: the database refuses to change or delete it.

A payment, a signal, a case and a supervised account move along their states; of these the database keeps what they say.
"""

from django.db import migrations

# Never changed at all.
APPENDED = (
    "monitoring_accountmonth",
    "monitoring_borrowermonth",
    "monitoring_accountledgerreview",
    "monitoring_seenuse",
    "monitoring_signalmovement",
    "monitoring_refusedrelease",
    "monitoring_paymentauthority",
    "monitoring_paymenttier",
)
# Moved along: the columns that may change.
MOVED = {
    "monitoring_payment": (
        "mode", "account_id", "counterparty_id", "payee_name", "payee_account", "payee_bank", "amount", "purpose",
        "status", "submitted_on", "submitted_by_id", "reviewed_on", "reviewed_by_id", "released_on", "released_by_id",
        "transaction_id",
    ),
    "monitoring_signal": ("status", "decided_on", "decided_by_id", "decided_why", "document_id"),
    "monitoring_misusecase": ("status", "accepted_on", "accepted_by_id", "document_id"),
    "monitoring_supervisedaccount": ("ended_on", "ended_by_document_id"),
    "monitoring_funduse": ("is_in_force",),
}  # fmt: skip
# Where a row has come to its end, nothing of it changes any more.
ENDED = {
    "monitoring_payment": "OLD.status IN ('CANCELLED') OR (OLD.status = 'RELEASED' AND OLD.transaction_id IS NOT NULL)",
    "monitoring_signal": "OLD.status <> 'OPEN'",
    "monitoring_misusecase": "OLD.status = 'ACCEPTED'",
    "monitoring_supervisedaccount": "OLD.ended_on IS NOT NULL",
    "monitoring_funduse": "NOT OLD.is_in_force",
}

FUNCTION = """
CREATE FUNCTION monitoring_reading_stands() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '已登记的内容不能修改或删除（%）', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE FUNCTION monitoring_only_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF to_jsonb(NEW) - TG_ARGV <> to_jsonb(OLD) - TG_ARGV THEN
    RAISE EXCEPTION '已登记的内容不能修改（%）', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
-- Art. 23: whoever releases and whoever freezes wait for each other (the name is that of monitoring.freezes.hold).
CREATE FUNCTION monitoring_freeze_holds() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE contract bigint;
BEGIN
  IF TG_TABLE_NAME = 'monitoring_misusecase' THEN
    PERFORM pg_advisory_xact_lock(hashtextextended('frozen:' || NEW.contract_id, 0));
    RETURN NEW;
  END IF;
  SELECT contract_id INTO contract FROM credit_loan WHERE id = NEW.loan_id;
  PERFORM pg_advisory_xact_lock(hashtextextended('frozen:' || contract, 0));
  IF EXISTS (SELECT 1 FROM monitoring_misusecase WHERE contract_id = contract AND status = 'RECTIFYING') THEN
    RAISE EXCEPTION '合同因挪用已暂停用款，不能放行' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER a_freeze_waits_for_a_release BEFORE INSERT ON monitoring_misusecase
  FOR EACH ROW EXECUTE FUNCTION monitoring_freeze_holds();
CREATE TRIGGER nothing_is_released_while_it_is_frozen BEFORE INSERT OR UPDATE OF status ON monitoring_payment
  FOR EACH ROW WHEN (NEW.status = 'RELEASED') EXECUTE FUNCTION monitoring_freeze_holds();
"""
FORWARD = (
    FUNCTION
    + "".join(
        f"CREATE TRIGGER a_reading_stands BEFORE UPDATE OR DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION monitoring_reading_stands();\n"
        for table in APPENDED
    )
    + "".join(
        f"CREATE TRIGGER a_row_is_not_deleted BEFORE DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION monitoring_reading_stands();\n"
        f"CREATE TRIGGER a_row_that_has_ended_stands BEFORE UPDATE ON {table} FOR EACH ROW WHEN ({ENDED[table]}) "
        "EXECUTE FUNCTION monitoring_reading_stands();\n"
        f"CREATE TRIGGER a_row_only_moves BEFORE UPDATE ON {table} FOR EACH ROW "
        f"EXECUTE FUNCTION monitoring_only_moves({', '.join(repr(column) for column in columns)});\n"
        for table, columns in MOVED.items()
    )
)
BACKWARD = (
    "".join(f"DROP TRIGGER a_reading_stands ON {table};\n" for table in APPENDED)
    + "".join(
        f"DROP TRIGGER {name} ON {table};\n"
        for table in MOVED
        for name in ("a_row_is_not_deleted", "a_row_that_has_ended_stands", "a_row_only_moves")
    )
    + "DROP TRIGGER a_freeze_waits_for_a_release ON monitoring_misusecase;"
    "DROP TRIGGER nothing_is_released_while_it_is_frozen ON monitoring_payment;"
    "DROP FUNCTION monitoring_reading_stands(); DROP FUNCTION monitoring_only_moves();"
    "DROP FUNCTION monitoring_freeze_holds();"
)


class Migration(migrations.Migration):
    dependencies = (("monitoring", "0002_account_funds"),)
    operations = (migrations.RunSQL(FORWARD, BACKWARD),)
