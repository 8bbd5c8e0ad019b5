import { randomBytes } from 'node:crypto'
import { expect, inject, onTestFinished, test } from 'vitest'
import type { Connection } from '../config/connection.ts'
import { withDatabase } from './database.ts'
import { requireRights, rightsText } from './rights.ts'

const admin = (): Connection => inject('testServer')
const asAdmin = (sql: string): Promise<void> => withDatabase(admin(), (db) => db.execute(sql))

/** A role of one test's own, with these attributes. */
async function roleWith(attributes: string): Promise<Connection> {
  const user = `rights_${randomBytes(4).toString('hex')}`
  await asAdmin(`create role ${user} login ${attributes} password 'of-this-test'`)
  onTestFinished(() => asAdmin(`drop role ${user}`))
  return { ...admin(), user, password: 'of-this-test' }
}
const databasesOf = ({ user }: Connection): Promise<unknown[]> =>
  withDatabase(admin(), (db) =>
    db.rows('select datname from pg_database where pg_get_userbyid(datdba) = $1', [user]),
  )

test('a role without CREATEDB is refused with the statement that grants it', async () => {
  const role = await roleWith('nocreatedb')
  const refusal = await requireRights(role, 'not_there_yet').catch((error: Error) => error)
  expect(refusal).toMatchObject({ name: 'PreconditionError' })
  expect((refusal as Error).message).toBe(
    `The role ${role.user} at ${role.host}:${role.port} lacks rights that the checklist needs. Nothing was ` +
      'made. Let a superuser, or the administrator of the server, run:\n' +
      `  alter role "${role.user}" createdb;    -- it may not create databases`,
  )
  expect(await databasesOf(role)).toEqual([])
  await asAdmin(`alter role ${role.user} createdb`)
  expect(await requireRights(role, 'not_there_yet')).toMatchObject({ may_create_databases: true })
})

test('what a role may do is listed in words: CREATEDB alone, with CREATEROLE, and a superuser', async () => {
  const alone = rightsText(await requireRights(await roleWith('createdb'), 'not_there_yet'))
  expect(alone.may).toEqual(['create databases', 'read the system identifier of the server'])
  expect(alone.may_not).toEqual([
    'everything (superuser)',
    'create roles: for restores, and to test the least privileges',
    'set session_replication_role',
  ])
  const both = rightsText(await requireRights(await roleWith('createdb createrole'), 'not_there_yet'))
  expect(both.may).toHaveLength(3)
  expect(rightsText(await requireRights(admin(), 'not_there_yet')).may_not).toEqual([])
})

test('a target that another role owns, or without CONNECT for us, is named with its statement', async () => {
  const role = await roleWith('createdb')
  const database = `rights_${randomBytes(4).toString('hex')}`
  await asAdmin(`create database ${database}`)
  onTestFinished(() => asAdmin(`drop database ${database}`))
  await asAdmin(`revoke all on database ${database} from public`)
  const refusal = requireRights(role, database)
  await expect(refusal).rejects.toThrow(
    `alter database "${database}" owner to "${role.user}";    -- it does not own ${database}, ` +
      `which belongs to ${admin().user}`,
  )
  await expect(refusal).rejects.toThrow('if it is not yours, set PGDATABASE to another name')
  await expect(refusal).rejects.toThrow(
    `grant connect on database "${database}" to "${role.user}";    -- it may not connect to ${database}`,
  )
})
