"""Many tasks like one that is there, written into SQLite at once."""

import sqlalchemy as sa

_TABLES = ("tasks", "task_languages", "stage_runs", "jobs", "speakers", "segments", "lines", "language_processing_logs")
_PREFIX = "task_20260101_000000_"
_NUMBERS = "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {count}) "


def spread(database: sa.Engine, template: str, count: int) -> None:
    """Copy every row of a task `count` times under other ids; its open jobs are ready in each copy."""
    with database.begin() as connection:
        for table in sa.inspect(connection).get_table_names():
            if table in _TABLES:
                _copy(connection, table, template, count)
        connection.execute(sa.text("UPDATE jobs SET state = 'ready', dispatched_at = NULL WHERE state = 'dispatched'"))
        connection.execute(
            sa.text("UPDATE jobs SET task_order = (SELECT id FROM tasks WHERE tasks.task_id = jobs.task_id)")
        )


def _copy(connection: sa.Connection, table: str, template: str, count: int) -> None:
    own = f"printf('{_PREFIX}%08x', n)"
    values = {
        "task_id": own,
        "payload": f"replace(payload, '\"task_id\":\"' || :template || '\"', '\"task_id\":\"' || {own} || '\"')",
        "video_original_name": "'video ' || n || '.mp4'",
    }
    columns = [one["name"] for one in sa.inspect(connection).get_columns(table) if one["name"] != "id"]
    taken = ", ".join(values.get(name, name) for name in columns)
    connection.execute(
        sa.text(
            f"INSERT INTO {table} ({', '.join(columns)}) "  # noqa: S608 (names of our own tables)
            f"{_NUMBERS.format(count=count)} SELECT {taken} FROM numbers, {table} WHERE task_id = :template"
        ),
        {"template": template},
    )
