import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Database } from '../postgres/database.ts'
import { quoteIdentifier } from '../postgres/sql.ts'
import { type Scratch, scratchDatabase } from '../testing/scratch.ts'
import { hashTables } from './fingerprint.ts'

/** Two values of each type that a column of ours has. */
const SAMPLES: Readonly<Record<string, readonly [string, string]>> = {
  bigint: ['1', '2'],
  bigint_array: ['{1}', '{2}'],
  boolean: ['true', 'false'],
  date: ['2020-01-02', '2020-01-03'],
  integer: ['1', '2'],
  jsonb: ['{"a": 1}', '{"a": 2}'],
  numeric: ['1.5', '1.6'],
  text: ['a', 'b'],
  text_array: ['{a}', '{b}'],
  'timestamp with time zone': ['2020-01-02 03:04:05.000006Z', '2020-01-02 03:04:05.000007Z'],
  uuid: ['00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-000000000002'],
}

interface Column {
  readonly table: string
  readonly column: string
  readonly type: string
  readonly is_generated: boolean
}

/** Every column of every table, by the catalog alone: not by the query that the hash is made of. */
const COLUMNS = `
select a.attrelid::regclass::text as table, a.attname as column, format_type(a.atttypid, null) as type,
  a.attgenerated <> '' as is_generated
from pg_attribute a
join pg_class c on c.oid = a.attrelid and c.relkind in ('r', 'p') and not c.relispartition
where c.relnamespace in ('stocks_research'::regnamespace, 'ingestion'::regnamespace)
  and a.attnum > 0 and not a.attisdropped
order by 1, a.attnum`

/** Constraints say what a row may be; here any row will do. Keys stay: they order the rows. */
const RELAX = `
select format('alter table %s drop constraint %I cascade', conrelid::regclass, conname) as statement
from pg_constraint
where contype in ('c', 'f', 'x') and conparentid = 0 and conrelid <> 0
  and connamespace in ('stocks_research'::regnamespace, 'ingestion'::regnamespace)`

let scratch: Scratch
beforeAll(async () => {
  scratch = await scratchDatabase({ migrated: true })
})
afterAll(() => scratch?.drop())

test('a change of any column of any table changes the hash of its table', async () => {
  const { db } = scratch
  for (const { statement } of await db.rows<{ statement: string }>(RELAX)) await db.execute(statement)
  const columns = await db.rows<Column & Record<string, unknown>>(COLUMNS)
  const tables = Map.groupBy(columns, ({ table }) => table)
  expect(tables.size).toBeGreaterThan(20)
  const unnoticed: string[] = []
  for (const [table, own] of tables) unnoticed.push(...(await columnsUnnoticed(db, table, own)))
  expect(unnoticed).toEqual([])
})

async function columnsUnnoticed(db: Database, table: string, own: readonly Column[]): Promise<string[]> {
  const samples = own
    .filter(({ is_generated }) => !is_generated)
    .map(({ column, type }) => {
      const values = SAMPLES[type.replace('[]', '_array')]
      expect(values, `samples of type ${type}, which ${table}.${column} has`).toBeDefined()
      return { column: quoteIdentifier(column), values: values ?? ['', ''] }
    })
  const unnoticed: string[] = []
  await db.transaction(async (tx) => {
    await tx.execute('set local session_replication_role = replica')
    const names = samples.map(({ column }) => column).join(', ')
    const places = samples.map((_, at) => `$${at + 1}`).join(', ')
    const row = samples.map(({ values: [first] }) => first)
    // Identity columns refuse an update, so the row is written anew.
    const write = async (): Promise<void> => {
      await tx.execute(`truncate ${table} cascade`)
      await tx.rows(`insert into ${table} (${names}) overriding system value values (${places})`, row)
    }
    const hash = async (): Promise<string | undefined> => {
      const found = await hashTables(tx, { scope: 'full', isWanted: (name) => name === table })
      return found[table]?.sha256
    }
    await write()
    let before = await hash()
    expect(before, `${table} is hashed`).toBeDefined()
    for (const [at, { column, values }] of samples.entries()) {
      row[at] = values[1]
      await write()
      const after = await hash()
      if (after === before) unnoticed.push(`${table}.${column}`)
      before = after
    }
  })
  return unnoticed
}
