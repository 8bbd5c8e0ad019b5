/**
 * The checklist on real market data, on both kinds of server, held to the expected results; and a target that
 * is not ours.
 */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { fingerprintOf } from '../../database/fingerprint.ts'
import { withDatabase } from '../../postgres/database.ts'
import { figure, referenceFolder } from '../reference.ts'
import { compareWithExpected } from './expected.ts'
import { Product } from './product.ts'

const WINDOW = { start_date: '2016-04-01', end_date: '2021-03-31' }
const DELIVERY = join(referenceFolder(), 'flat-files')
const SOURCE = {
  BOOTSTRAP_SOURCE: `flat-files:${DELIVERY}`,
  BOOTSTRAP_UNIVERSE: join(DELIVERY, 'universe.csv'),
  BOOTSTRAP_START: WINDOW.start_date,
  BOOTSTRAP_END: WINDOW.end_date,
}
const server = inject('testServer')
const ON_A_SERVER = {
  PGHOST: server.host,
  PGPORT: String(server.port),
  PGUSER: server.user,
  ...(server.password !== undefined && { PGPASSWORD: server.password }),
  PGDATABASE: `acceptance_${randomBytes(4).toString('hex')}`,
}

describe.for([
  ['the embedded server', {}],
  ['a server of the user’s own', ON_A_SERVER],
] as const)('the checklist on real data, on %s', ([, where]) => {
  const product = new Product({ ...SOURCE, ...where })
  afterAll(() => product.remove())
  let run: { readonly exit_code: number | null; readonly output: string }

  beforeAll(async () => {
    run = await product.checklist().ended
  })

  test('exits 0', () => {
    expect(run.exit_code, run.output.slice(-4_000)).toBe(0)
  })

  test('meets every expected result', async () => {
    const connection =
      'PGHOST' in where ? { ...server, database: where.PGDATABASE } : await product.connection()
    const figures = await withDatabase(connection, (db) => compareWithExpected(db, WINDOW))
    for (const { name, compared, value, bound } of figures)
      figure(name, `${value} (bound ${bound}, ${compared} compared)`)
    expect(figures.filter(({ compared, value, bound }) => !(compared > 0 && value <= bound))).toEqual([])
    expect(figures.length).toBeGreaterThanOrEqual(18)
  })

  test('names what the source does not have, and fails nothing by it', () => {
    expect(product.read('checklist.md')).toContain('sec:0001045810')
  })
})

describe('a populated database that the product did not make', () => {
  const database = `foreign_${randomBytes(4).toString('hex')}`
  const product = new Product({ ...ON_A_SERVER, PGDATABASE: database })
  const target = { ...server, database }
  beforeAll(async () => {
    await withDatabase(server, (db) => db.execute(`create database ${database}`))
    await withDatabase(target, (db) =>
      db.execute(
        `create schema stocks_research;
         create table stocks_research.securities (ticker text primary key);
         insert into stocks_research.securities values ('MINE')`,
      ),
    )
  })
  afterAll(async () => {
    await product.remove()
    await withDatabase(server, (db) => db.execute(`drop database ${database} with (force)`))
  })

  test('is refused before any write, untouched, with the way forward named', async () => {
    const before = await fingerprintOf(target, { scope: 'full' })
    const oid = () =>
      withDatabase(server, (db) =>
        db.one('select oid::text, datdba::text from pg_database where datname = $1', [database]),
      )
    const oid_before = await oid()
    const { exit_code, output } = await product.checklist().ended
    expect(exit_code).toBe(1)
    expect(output).toContain('was not made by this product')
    expect(output).toContain('PGDATABASE')
    expect(await fingerprintOf(target, { scope: 'full' })).toEqual(before)
    expect(await oid()).toEqual(oid_before)
  })
})
