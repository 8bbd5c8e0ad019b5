/**
 * content: the market tables of schema stocks_research, equal across a rebuild. full: all that a dump holds,
 * equal after a restore.
 */
export type Scope = 'content' | 'full'

/** SQL: the namespace is one of ours (content) or of the user (full). */
export const inScope = (namespaceOid: string, scope: Scope): string =>
  scope === 'content'
    ? `${namespaceOid} = (select oid from pg_namespace where nspname = 'stocks_research')`
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
