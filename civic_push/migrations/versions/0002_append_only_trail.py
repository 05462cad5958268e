"""The trail refuses to be changed: triggers, which models cannot say.

Revision ID: 0002
Revises: 0001
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_REFUSAL = "The audit trail is append-only."


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER trail_entry_no_{verb.lower()} BEFORE {verb} ON trail_entry "
                f"BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END")
        return
    op.execute(
        "CREATE FUNCTION refuse_trail_change() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{_REFUSAL}'; END $$")
    op.execute(
        "CREATE TRIGGER trail_entry_no_change BEFORE UPDATE OR DELETE ON trail_entry "
        "FOR EACH ROW EXECUTE FUNCTION refuse_trail_change()")


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(f"DROP TRIGGER trail_entry_no_{verb.lower()}")
        return
    op.execute("DROP TRIGGER trail_entry_no_change ON trail_entry")
    op.execute("DROP FUNCTION refuse_trail_change()")
