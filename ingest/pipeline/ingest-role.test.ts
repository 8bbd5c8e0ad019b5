import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ROOT_DIRECTORY } from '../../helpers/config/config.ts'
import { createRoles, ROLES, type RoleKind, roleName } from '../../helpers/database/roles.ts'
import { type Scratch, scratchDatabase } from '../../helpers/testing/scratch.ts'
import { deliveryEnvironment } from '../testing/commands/delivery-environment.ts'
import { SMALL_DELIVERY, writeDelivery } from '../testing/flat-files/delivery.ts'

const PASSWORDS = {
  admin: 'of the admin',
  owner: 'of the owner',
  ingest: 'of ingest',
  reader: 'of the reader',
  analyst: 'of the analyst',
}

let scratch: Scratch
let root: string
let names: Readonly<Record<RoleKind, string>>
beforeEach(async () => {
  scratch = await scratchDatabase({ migrated: true })
  names = await createRoles(scratch.connection, PASSWORDS)
  root = await writeDelivery(SMALL_DELIVERY)
})
afterEach(async () => {
  const { database, user } = scratch.connection
  await scratch.db.execute(`alter database ${database} owner to ${user}`)
  for (const kind of ROLES)
    await scratch.db.execute(
      `reassign owned by ${names[kind]} to ${user}; drop owned by ${names[kind]}; drop role ${names[kind]}`,
    )
  await scratch.drop()
})

const ingest = (...args: string[]) =>
  execa(process.execPath, [join(ROOT_DIRECTORY, 'ingest', 'run.ts'), ...args], {
    env: deliveryEnvironment(scratch.connection, root, { ROLE_INGEST_PASSWORD: PASSWORDS.ingest }),
    extendEnv: false,
    reject: false,
    all: true,
  })

test('all seven jobs run as the ingest role when its password is set, corrections included', async () => {
  const first = await ingest('run', 'all')
  expect(first.exitCode, first.all).toBe(0)
  const corrected = async (file: string, from: string, to: string): Promise<void> => {
    const text = await readFile(join(root, file), 'utf8')
    await writeFile(join(root, file), text.replace(from, to))
    expect(text).toContain(from)
  }
  await corrected(
    'prices_daily/prices.csv',
    'x:first,2020-02-03,5,5.5,4.5,5.3',
    'x:first,2020-02-03,5,5.5,4.5,5.4',
  )
  // The day on which the ticker changed was another one: the period that was stored contradicts, and goes.
  await corrected(
    'ticker_history/ticker_history.csv',
    'x:first,OLD,2010-01-04,2020-01-31',
    'x:first,OLD,2010-01-05,2020-01-31',
  )
  const second = await ingest('run', 'all')
  expect(second.exitCode, second.all).toBe(0)
  expect(
    await scratch.db.rows("select from stocks_research.ticker_history where valid_from = '2010-01-04'"),
  ).toEqual([])
  expect((await ingest('validate')).all).toContain('checks:')
  const users = await scratch.db.rows(
    'select distinct database_user::text as "user", run_id is null as "is_hand" from ingestion.table_changes',
  )
  expect(users).toEqual([{ user: roleName(scratch.connection.database, 'ingest'), is_hand: false }])
})
