"""Codes that are typed are counted by address.

Revision ID: 0004
Revises: 0003

"""
from alembic import op
import sqlalchemy as sa


# revision identifiers, used by Alembic.
revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade():
    with op.batch_alter_table('knock', schema=None) as batch_op:
        batch_op.add_column(
            sa.Column('tries', sa.Integer(), server_default='0', nullable=False))


def downgrade():
    with op.batch_alter_table('knock', schema=None) as batch_op:
        batch_op.drop_column('tries')
