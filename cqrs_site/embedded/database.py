"""The application's role and database on an embedded PostgreSQL server."""

import psycopg
from psycopg import sql

ROLE = "orders"
NAME = "orders"


def prepare(superuser_url: str, *, password: str) -> None:
    """Makes the role (no superuser) and its database, or sets the role's password."""
    with psycopg.connect(superuser_url, autocommit=True, connect_timeout=10) as link:
        known = link.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [ROLE])
        action = "ALTER" if known.fetchone() else "CREATE"
        link.execute(
            sql.SQL(action + " ROLE {} LOGIN NOSUPERUSER PASSWORD {}").format(
                sql.Identifier(ROLE), sql.Literal(password)
            )
        )
        made = link.execute("SELECT 1 FROM pg_database WHERE datname = %s", [NAME])
        if not made.fetchone():
            link.execute(
                sql.SQL("CREATE DATABASE {} OWNER {}").format(
                    sql.Identifier(NAME), sql.Identifier(ROLE)
                )
            )


def allow_creating_databases(superuser_url: str) -> None:
    """For the tests, which make a database of their own."""
    with psycopg.connect(superuser_url, autocommit=True, connect_timeout=10) as link:
        link.execute(sql.SQL("ALTER ROLE {} CREATEDB").format(sql.Identifier(ROLE)))
