"""What Alembic runs: the revisions of one store, in the transaction that it is given."""

from alembic import context

_schema = context.config.attributes["schema"]
context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=_schema.metadata,
    version_table=_schema.version_table,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
