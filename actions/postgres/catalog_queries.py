"""The queries of PostgreSQL's system catalogs that `postgres.setup_users` makes.

The sandbox's database recognises them by their text. Parameters are pg8000's (`:name`). Only `VERIFIERS` reads what needs a
superuser; it is used only if `CURRENT_USER` says that it may be.

A restored database is hostile input: in a schema of the search path, another role may have created an operator or a
function that fits better than PostgreSQL's, and it would run as the admin. So `SEARCH_PATH` is set first, and every
operator, function and type here names its schema. `IN` and `CASE x WHEN` look an operator up by its name alone, so they
are not used.
"""

from __future__ import annotations

from typing import Final


def _qualified(sql: str) -> str:
    """The query with `=` and `<>` of PostgreSQL, whatever the search path is."""
    return sql.replace(" = ", " OPERATOR(pg_catalog.=) ").replace(" <> ", " OPERATOR(pg_catalog.<>) ")


STANDARD_STRINGS: Final = "SET standard_conforming_strings = on"
"""The first statement of every session. Without it, a backslash in a literal could escape the closing quote."""

SEARCH_PATH: Final = "SET search_path = pg_catalog, pg_temp"
"""The second. PostgreSQL, "Writing SECURITY DEFINER Functions Safely": without `pg_temp` at the end, it comes first."""

SETUP_LOCK: Final = "SELECT pg_catalog.pg_advisory_xact_lock(7022341108116971)"
"""Allows one set-up at a time: two at once would conflict in the catalogs ("tuple concurrently updated")."""

CURRENT_USER: Final = """\
SELECT CAST(current_user AS pg_catalog.text),
       pg_catalog.has_column_privilege('pg_catalog.pg_authid', 'rolpassword', 'SELECT')"""
"""→ (name, whether it may read verifiers)."""

ROLES: Final = _qualified("""\
SELECT r.rolname, r.rolcanlogin, pg_catalog.shobj_description(r.oid, 'pg_authid')
FROM pg_catalog.pg_roles r
WHERE r.rolname = ANY(CAST(:names AS pg_catalog.text[]))""")
"""→ (name, whether it can log in, comment or null), one row for each role that exists."""

VERIFIERS: Final = _qualified("""\
SELECT a.rolname, a.rolpassword
FROM pg_catalog.pg_authid a
WHERE a.rolname = ANY(CAST(:names AS pg_catalog.text[]))""")
"""→ (name, verifier of its password)."""

MEMBER_OF: Final = _qualified("""\
SELECT g.rolname
FROM pg_catalog.pg_auth_members m
JOIN pg_catalog.pg_roles g ON g.oid = m.roleid
JOIN pg_catalog.pg_roles u ON u.oid = m.member
WHERE u.rolname = :name""")
"""→ (group), one row for each role that `name` is a member of."""

MISSING_GRANTS: Final = _qualified("""\
WITH who AS (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = :role),
     place AS (SELECT oid, nspname, nspacl FROM pg_catalog.pg_namespace WHERE nspname = :schema),
     wanted AS (
       SELECT * FROM ROWS FROM (
         pg_catalog.unnest(CAST(:things AS pg_catalog.text[])),
         pg_catalog.unnest(CAST(:privileges AS pg_catalog.text[]))) AS w(thing, privilege)),
     things AS (
       SELECT 'schema' AS thing, p.nspname AS name, p.oid, p.nspacl AS acl FROM place p
       UNION ALL
       SELECT CASE WHEN c.relkind = 'S' THEN 'sequence' ELSE 'table' END, c.relname, c.oid, c.relacl
       FROM pg_catalog.pg_class c JOIN place p ON p.oid = c.relnamespace CROSS JOIN who
       WHERE c.relkind = ANY(CAST('{r,p,v,m,f,S}' AS pg_catalog."char"[])) AND c.relowner <> who.oid
         AND (pg_catalog.pg_has_role(c.relowner, 'USAGE') OR NOT EXISTS (
           SELECT FROM pg_catalog.pg_depend d
           WHERE d.classid = CAST('pg_catalog.pg_class' AS pg_catalog.regclass)
             AND d.objid = c.oid AND d.deptype = 'e'))
       UNION ALL
       SELECT k.thing, '', 0, (
         SELECT d.defaclacl FROM pg_catalog.pg_default_acl d
         WHERE d.defaclrole = (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = current_user)
           AND d.defaclnamespace = p.oid AND d.defaclobjtype = k.word)
       FROM place p CROSS JOIN (VALUES ('default table', 'r'), ('default sequence', 'S')) AS k(thing, word))
SELECT t.thing, t.name, pg_catalog.bool_and(CASE
    WHEN t.thing = 'schema' THEN pg_catalog.has_schema_privilege(who.oid, t.oid, w.privilege)
    WHEN t.thing = 'table' THEN pg_catalog.has_table_privilege(who.oid, t.oid, w.privilege)
    WHEN t.thing = 'sequence' THEN pg_catalog.has_sequence_privilege(who.oid, t.oid, w.privilege)
    ELSE false END)
FROM things t JOIN wanted w ON w.thing = t.thing CROSS JOIN who
WHERE NOT EXISTS (
  SELECT FROM pg_catalog.aclexplode(t.acl) a WHERE a.grantee = who.oid AND a.privilege_type = w.privilege)
GROUP BY t.thing, t.name
ORDER BY t.thing, t.name""")
"""→ (thing, name, whether the role can use it anyway), one row for each thing in `schema` that `role` has not been granted
each of the wanted privileges on by name: the schema, a table, a sequence, or the defaults for what admin creates later
(without a name). `things` and `privileges` are two lists of equal length: a wanted privilege, and what it is on. Objects
of an extension whose owner is out of reach are left out (`pg_stat_statements`, PostGIS on RDS)."""
