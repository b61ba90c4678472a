"""Where the tables of a generation stand, and moving whole sets of them at once.

The live tables keep the names that migrations gave them; those of a rebuild and those
that a swap replaced have the same names in schemas of their own. So indexes and
constraints never change a name, and a swap is a change of schema.
"""

from collections.abc import Iterable, Sequence

from django.db import connections
from django.db.backends.utils import truncate_name

from projections.models import Checkpoint
from projections.projection import Projection

USING = "read"
SHADOW = "projections_shadow"
KEPT = "projections_kept"
BESIDE = "_before"
LONGEST_NAME = 63  # bytes of a name, NAMEDATALEN - 1

# Everything but indexes and constraints that have some: those are made after filling,
# under the names they have on the live table.
CREATE = """
CREATE TABLE {new} (
    LIKE {live} INCLUDING ALL EXCLUDING INDEXES EXCLUDING STATISTICS
)
"""
OPTIONS = "SELECT reloptions FROM pg_class WHERE oid = %s::regclass"
# Who may read the live table may read the one that takes its place.
GRANTS = """
SELECT format(
    'GRANT %%s ON {new} TO %%s%%s', a.privilege_type,
    CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(r.rolname) END,
    CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END
)
FROM pg_class c
CROSS JOIN aclexplode(c.relacl) a
LEFT JOIN pg_roles r ON r.oid = a.grantee
WHERE c.oid = %s::regclass AND a.grantee <> c.relowner
"""
CONSTRAINTS = """
SELECT conname, pg_get_constraintdef(oid)
FROM pg_constraint
WHERE conrelid = %s::regclass AND contype IN ('p', 'u', 'x')
ORDER BY contype, conname
"""
# Those that belong to no constraint.
INDEXES = """
SELECT c.relname, pg_get_indexdef(i.indexrelid)
FROM pg_index i
JOIN pg_class c ON c.oid = i.indexrelid
WHERE i.indrelid = %s::regclass
  AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = i.indexrelid)
ORDER BY c.relname
"""
ADDED_COLUMNS = """
SELECT format(
    '%%I %%s%%s%%s', a.attname, format_type(a.atttypid, a.atttypmod),
    ' DEFAULT ' || pg_get_expr(d.adbin, d.adrelid),
    CASE WHEN a.attnotnull THEN ' NOT NULL' END
)
FROM pg_attribute a
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
LEFT JOIN pg_attribute o
    ON o.attrelid = %s::regclass AND o.attname = a.attname AND NOT o.attisdropped
WHERE a.attrelid = %s::regclass
  AND a.attnum > 0
  AND NOT a.attisdropped
  AND o.attname IS NULL
ORDER BY a.attnum
"""
HOME = """
SELECT n.nspname
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.oid = %s::regclass
"""
LEFT = """
SELECT relname
FROM pg_class
WHERE relkind = 'r' AND relnamespace = %s::regnamespace AND relname = ANY(%s)
"""


def schema_of(role: str) -> str:
    """The schema of a role's tables; "" for the live ones, which are found by path."""
    return {Checkpoint.Role.SHADOW: SHADOW, Checkpoint.Role.KEPT: KEPT}.get(
        Checkpoint.Role(role), ""
    )


def qualified(name: str, schema: str = "") -> str:
    quote = connections[USING].ops.quote_name
    return f"{quote(schema)}.{quote(name)}" if schema else str(quote(name))


def beside(name: str) -> str:
    """The table beside a shadow one in which live rows wait; see copying.py."""
    return f"{truncate_name(name, LONGEST_NAME - len(BESIDE))}{BESIDE}"


def create_shadow(projection: Projection) -> None:
    """Empty tables as the live ones are now, with keys and without other indexes."""
    drop(projection, SHADOW)
    with connections[USING].cursor() as cursor:
        for name in _names(projection):
            live, new = qualified(name), qualified(name, SHADOW)
            cursor.execute(CREATE.format(new=new, live=live))
            cursor.execute(OPTIONS, [live])
            if options := cursor.fetchone()[0]:
                cursor.execute(f"ALTER TABLE {new} SET ({', '.join(options)})")
            cursor.execute(CONSTRAINTS, [live])
            for constraint, definition in cursor.fetchall():
                quoted = connections[USING].ops.quote_name(constraint)
                cursor.execute(
                    f"ALTER TABLE {new} ADD CONSTRAINT {quoted} {definition}"
                )
            cursor.execute(GRANTS.format(new=new), [live])
            for (grant,) in cursor.fetchall():
                cursor.execute(grant)


def missing_indexes(projection: Projection) -> list[str]:
    """The statements that give the shadow tables the indexes they still lack."""
    statements = []
    with connections[USING].cursor() as cursor:
        for name in _names(projection):
            cursor.execute(INDEXES, [qualified(name, SHADOW)])
            there = {index for index, _ in cursor.fetchall()}
            cursor.execute(INDEXES, [qualified(name)])
            statements += [
                _on_shadow(definition, name)
                for index, definition in cursor.fetchall()
                if index not in there
            ]
    return statements


def align(projection: Projection, schema: str) -> None:
    """Gives a schema's tables the columns that migrations have added to the live ones
    since they were made.

    In rows that are there they are empty, or what the column's default says.
    """
    with connections[USING].cursor() as cursor:
        for name in _names(projection):
            other = qualified(name, schema)
            cursor.execute(ADDED_COLUMNS, [other, qualified(name)])
            for (column,) in cursor.fetchall():
                cursor.execute(f"ALTER TABLE {other} ADD COLUMN {column}")


def vacuum(projection: Projection) -> None:
    """Cleans the shadow tables and tells the planner what they hold, before anybody
    queries them. Outside a transaction.
    """
    with connections[USING].cursor() as cursor:
        for name in left(_names(projection), SHADOW):
            cursor.execute(f"VACUUM (ANALYZE) {qualified(name, SHADOW)}")


def lock(projection: Projection) -> None:
    """Waits, as long as lock_timeout allows, until nobody reads the live tables."""
    names = ", ".join(qualified(name) for name in _names(projection))
    if not names:
        return
    with connections[USING].cursor() as cursor:
        cursor.execute(f"LOCK TABLE {names} IN ACCESS EXCLUSIVE MODE")


def move(projection: Projection, moves: Iterable[tuple[str, str]]) -> None:
    """Sets tables from schema to schema, in this order; "" is the live one's."""
    names = _names(projection)
    if not names:
        return
    home = _home(names[0])
    with connections[USING].cursor() as cursor:
        for source, target in moves:
            to = connections[USING].ops.quote_name(target or home)
            for name in names:
                old = qualified(name, source or home)
                cursor.execute(f"ALTER TABLE {old} SET SCHEMA {to}")


def drop(projection: Projection, schema: str) -> None:
    """Drops the projection's tables in a schema that is not the live one."""
    if not schema:
        raise AssertionError("live tables are never dropped")
    names = _names(projection)
    with connections[USING].cursor() as cursor:
        for name in left([*names, *map(beside, names)], schema):
            cursor.execute(f"DROP TABLE {qualified(name, schema)}")


def left(names: Sequence[str], schema: str) -> list[str]:
    """Those of the tables that are in the schema."""
    with connections[USING].cursor() as cursor:
        cursor.execute(LEFT, [schema, list(names)])
        return [name for (name,) in cursor.fetchall()]


def _on_shadow(definition: str, name: str) -> str:
    """`CREATE INDEX … ON <live> USING …`, as pg_get_indexdef writes it, elsewhere."""
    head, using, rest = definition.partition(" USING ")
    start = head.rpartition(" ON ")[0]
    return f"{start} ON {qualified(name, SHADOW)}{using}{rest}"


def _names(projection: Projection) -> list[str]:
    return sorted(table.name for table in projection.tables)


def _home(name: str) -> str:
    with connections[USING].cursor() as cursor:
        cursor.execute(HOME, [qualified(name)])
        found: str = cursor.fetchone()[0]
        return found
