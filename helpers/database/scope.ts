/**
 * content: the market tables of schema stocks_research, equal across a rebuild. full: all that a dump holds,
 * equal after a restore. own: what users made in schema research.
 */
export type Scope = 'content' | 'full' | 'own'

/** The schema in which users of the database keep tables of their own. */
export const OWN_SCHEMA = 'research'
const SCHEMAS = { content: 'stocks_research', own: OWN_SCHEMA } as const

/** SQL: the namespace is one of ours (content), of its users (own), or any but the system's (full). */
export const inScope = (namespaceOid: string, scope: Scope): string =>
  scope !== 'full'
    ? `${namespaceOid} = (select oid from pg_namespace where nspname = '${SCHEMAS[scope]}')`
    : `${namespaceOid} in (select oid from pg_namespace where nspname <> 'information_schema' ` +
      "and nspname !~ '^pg_')"

/**
 * SQL: the object came with no extension. An extension's objects are made by `create extension`, not by the
 * dump.
 */
export const notOfExtension = (oid: string, catalog: string): string =>
  `not exists (
     select from pg_depend d
     where d.classid = '${catalog}'::regclass and d.objid = ${oid} and d.deptype = 'e')`
