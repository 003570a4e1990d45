"""The table of saves in any database that SQLAlchemy knows. It is imported here alone, and only where something is saved."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlalchemy import Engine, Table

SQLITE = "sqlite"
# Seconds that a run of the page may wait for a database that does not answer, under the name that each driver has for it.
PATIENCE = 5
CONNECT_TIMEOUT = {
    "pysqlite": "timeout",
    "psycopg": "connect_timeout",
    "psycopg2": "connect_timeout",
    "pg8000": "timeout",
    "pymysql": "connect_timeout",
    "mysqldb": "connect_timeout",
    "mysqlconnector": "connection_timeout",
    "mariadbconnector": "connect_timeout",
    "pymssql": "login_timeout",
}


class DatabaseError(ValueError):
    """A database address that cannot be used; its text is a sentence for the page. It never holds the address itself."""


@lru_cache(maxsize=4)
def engine(place: str | Path) -> Engine:
    """Whatever answers at a database address, or an SQLite file; nothing is connected yet. Raises DatabaseError."""
    import sqlalchemy
    from sqlalchemy.exc import ArgumentError, NoSuchModuleError

    try:
        made = (
            sqlalchemy.URL.create(SQLITE, database=str(place))
            if isinstance(place, Path)
            else sqlalchemy.make_url(place)
        )
        kind = made.get_backend_name()
        if kind == SQLITE and made.database in (None, "", ":memory:"):
            raise DatabaseError("The database address in the secrets names no file: sqlite:////folder/work.sqlite3.")
        dialect = made.get_dialect()
        if dialect.is_async:
            raise DatabaseError(
                f"The driver “{dialect.driver}” in the database address is asynchronous; a plain one is needed."
            )
        timeout = CONNECT_TIMEOUT.get(dialect.driver)
        options: dict[str, Any] = {"connect_args": {timeout: PATIENCE} if timeout and timeout not in made.query else {}}
        # A file is opened anew for every save, so that one that was moved or removed does no harm.
        options |= {"poolclass": sqlalchemy.NullPool} if kind == SQLITE else {"pool_pre_ping": True, "pool_size": 2}
        return sqlalchemy.create_engine(made, **options)
    except NoSuchModuleError as error:
        raise DatabaseError(
            "The database address in the secrets names a kind of database that is not known."
        ) from error
    except ImportError as error:
        driver = (error.name or "").split(".")[0] or "its driver"
        raise DatabaseError(
            f"The driver for the database in the secrets is not installed: the Python package “{driver}”."
        ) from error
    except (ArgumentError, ValueError) as error:
        if isinstance(error, DatabaseError):
            raise
        raise DatabaseError(
            "The database address in the secrets cannot be read; it must look like dialect://user:password@host/name."
        ) from error


def file_of(engine: Engine) -> Path | None:
    """The file that an SQLite database is; None for any other database."""
    return Path(engine.url.database) if engine.url.get_backend_name() == SQLITE and engine.url.database else None


@lru_cache(maxsize=1)
def table() -> Table:
    """One row a saved project: its key, what a list of saves shows, and the project itself, compressed."""
    import sqlalchemy as sql

    # MySQL's plain BLOB ends at 64 KB.
    from sqlalchemy.dialects.mysql import LONGBLOB

    return sql.Table(
        "saves",
        sql.MetaData(),
        sql.Column("key", sql.String(64), primary_key=True),
        sql.Column("title", sql.String(400)),
        sql.Column("prompts", sql.Integer),
        sql.Column("labels", sql.Integer),
        sql.Column("at", sql.Double, index=True),
        sql.Column("data", sql.LargeBinary().with_variant(LONGBLOB, "mysql", "mariadb")),
    )
