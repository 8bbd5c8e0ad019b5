import type { Database } from '../postgres/database.ts'

type PlanNode = Readonly<Record<string, unknown>>

/** Nodes that hand on the rows of their child: a plan that sorts reads no more rows than one by an index. */
const HANDING_ON = ['Sort', 'Incremental Sort', 'Hash', 'Materialize', 'Gather', 'Gather Merge']
const REJECTED = ['Rows Removed by Filter', 'Rows Removed by Join Filter', 'Rows Removed by Index Recheck']

/** Rows that a plan reads or compares: what its nodes return, and what their filters reject. */
export function rowsVisited(plan: PlanNode): number {
  const loops = Number(plan['Actual Loops'] ?? 0)
  const children = (plan['Plans'] ?? []) as PlanNode[]
  const isHandingOn = HANDING_ON.includes(String(plan['Node Type']))
  // Kept rows that are read again, which the child does not see, are counted.
  const read = isHandingOn ? Math.max(0, loops - Number(children[0]?.['Actual Loops'] ?? 0)) : loops
  let rows = read * Number(plan['Actual Rows'] ?? 0)
  for (const name of REJECTED) rows += loops * Number(plan[name] ?? 0)
  for (const child of children) rows += rowsVisited(child)
  return rows
}

/**
 * Rows that the query inside an SQL function visits, with the settings of the function.
 *
 * @param signature as `regprocedure` writes it, with its schema.
 */
export const rowsVisitedBy = async (
  db: Database,
  signature: string,
  values: readonly unknown[],
): Promise<number> => rowsVisited(await planInside(db, signature, values))

/** The plan of the query inside an SQL function, which was run with the settings of the function. */
export async function planInside(
  db: Database,
  signature: string,
  values: readonly unknown[],
): Promise<PlanNode> {
  return db.transaction(async (tx) => {
    const { body, settings, types } = await tx.one<{
      body: string
      settings: string[] | null
      types: string[]
    }>(
      `select p.prosrc as body, p.proconfig as settings,
         array(select format_type(t, null) from unnest(p.proargtypes) t) as types
       from pg_proc p
       where p.oid = $1::regprocedure`,
      [signature],
    )
    // Outside the function nothing gives a parameter its type.
    const typed = body.replaceAll(/\$(\d+)/g, (name, no) => `${name}::${types[Number(no) - 1]}`)
    for (const setting of settings ?? []) {
      const [name = '', value] = setting.split('=')
      await tx.rows('select set_config($1, $2, true)', [name, value])
    }
    const explained = await tx.one<{ 'QUERY PLAN': { Plan: PlanNode }[] }>(
      `explain (analyze, timing off, format json) ${typed}`,
      [...values],
    )
    return explained['QUERY PLAN'][0]?.Plan ?? {}
  })
}

/** How often a plan called each function that gives rows, by its name. */
export function callsOf(plan: PlanNode, calls = new Map<string, number>()): Map<string, number> {
  if (plan['Node Type'] === 'Function Scan') {
    const name = String(plan['Function Name'])
    calls.set(name, (calls.get(name) ?? 0) + Number(plan['Actual Loops'] ?? 0))
  }
  for (const child of (plan['Plans'] ?? []) as PlanNode[]) callsOf(child, calls)
  return calls
}

/** The plan of a query that was run. Buffers count what the functions in it read, too. */
export async function planOf(db: Database, sql: string, values: readonly unknown[] = []): Promise<PlanNode> {
  const explained = await db.one<{ 'QUERY PLAN': { Plan: PlanNode }[] }>(
    `explain (analyze, buffers, timing off, format json) ${sql}`,
    [...values],
  )
  return explained['QUERY PLAN'][0]?.Plan ?? {}
}

/** Pages of 8 kB that a query read, from memory or from disk. */
export const pagesRead = (plan: PlanNode): number =>
  Number(plan['Shared Hit Blocks'] ?? 0) + Number(plan['Shared Read Blocks'] ?? 0)
