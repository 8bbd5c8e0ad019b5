import { join } from 'node:path'
import { Option } from 'commander'
import { execa } from 'execa'
import { childEnvironment } from '../../helpers/config/children.ts'
import { ROOT_DIRECTORY, readRolePasswords, readServerConfig } from '../../helpers/config/config.ts'
import type { Connection } from '../../helpers/config/connection.ts'
import { PreconditionError } from '../../helpers/core/errors.ts'
import { auditContent, auditText } from '../../helpers/database/content-hashes.ts'
import { driftOf } from '../../helpers/database/drift.ts'
import { requireCurrentSchema } from '../../helpers/database/migrate-state.ts'
import {
  connectionOf,
  createReader,
  createRoles,
  ROLES,
  type RoleKind,
  roleName,
} from '../../helpers/database/roles.ts'
import { requireBuilt } from '../../helpers/database/target-database.ts'
import { withDatabase } from '../../helpers/postgres/database.ts'
import { embeddedStatus, stopEmbedded } from '../../helpers/postgres/embedded.ts'
import { describeServer, type Server, startServer } from '../../helpers/postgres/server.ts'
import { connectionEnvironment, findTools } from '../../helpers/postgres/tools.ts'
import { programOf, runProgram, say } from './entry.ts'

// A person at the prompt wants short names; everything else of ours writes them in full.
const PROMPT_OPTIONS = '-c search_path=stocks_research,ingestion,public -c timezone=UTC'

async function reach(): Promise<Server> {
  const config = readServerConfig()
  if (config.postgres.kind === 'container')
    throw new PreconditionError(
      'A container lives only as long as its run. Unset BOOTSTRAP_POSTGRES for the embedded server, or ' +
        'set PGHOST to one of yours.',
    )
  return startServer(config)
}

async function openPrompt(
  args: readonly string[],
  { asRole }: { readonly asRole?: RoleKind },
): Promise<void> {
  const server = await reach()
  const { version } = await server.describe()
  const { psql } = await findTools(version)
  const { rows } = await withDatabase(server.maintenance, async (db) => ({
    rows: await db.rows('select from pg_database where datname = $1', [server.connection.database]),
  }))
  if (rows.length === 0)
    throw new PreconditionError(
      `The database ${server.connection.database} does not exist yet. Run npx vitest run phases to build it.`,
    )
  const connection = asRole === undefined ? server.connection : await connectionAs(server.connection, asRole)
  const { exitCode } = await execa(psql.path, [...args], {
    env: {
      ...childEnvironment(),
      ...connectionEnvironment(connection, psql.major, PROMPT_OPTIONS),
      PGAPPNAME: 'psql',
    },
    extendEnv: false,
    stdio: 'inherit',
    reject: false,
  })
  process.exitCode = exitCode ?? 1
}

/** The connection of a role, whose password must be given. */
async function connectionAs(connection: Connection, kind: RoleKind): Promise<Connection> {
  const found = await connectionOf(connection, kind, readRolePasswords([kind]))
  if (found.user === roleName(connection.database, kind)) return found
  throw new PreconditionError(
    `The role ${roleName(connection.database, kind)} does not exist. Create it: npm run db:roles` +
      `${kind === 'reader' ? ' -- --only reader' : ''}`,
  )
}

async function showStatus(): Promise<void> {
  const config = readServerConfig()
  if (config.postgres.kind !== 'embedded')
    return say('PostgreSQL is not the embedded one: PGHOST or BOOTSTRAP_POSTGRES is set.')
  const status = await embeddedStatus(config.directories.data)
  if (status === undefined)
    return say('The embedded PostgreSQL has not been made yet. npm run db:start makes it.')
  if (status.connection === undefined) {
    process.exitCode = 3 // As pg_ctl status does.
    return say(`The embedded PostgreSQL is stopped. Its data is in ${status.directory}.`)
  }
  const { version } = await describeServer(status.connection)
  const { host, port, user } = status.connection
  say(
    `The embedded PostgreSQL ${version} runs (pid ${status.pid}) at ${host}:${port}, user ${user}. Its ` +
      `data and password are in ${status.directory}.`,
  )
}

async function start(): Promise<void> {
  await reach()
  await showStatus()
}

async function stop(): Promise<void> {
  const { postgres, directories } = readServerConfig()
  if (postgres.kind !== 'embedded')
    throw new PreconditionError(
      'Only the embedded server is ours to stop; PGHOST or BOOTSTRAP_POSTGRES is set.',
    )
  say(
    (await stopEmbedded(directories.data))
      ? 'The embedded PostgreSQL has stopped.'
      : 'The embedded PostgreSQL was not running.',
  )
}

/**
 * Schema and rows against what the migrations make, and what the last runs left. Exit code 1 when either
 * differs.
 */
async function showDrift(): Promise<void> {
  const { connection } = await reach()
  await requireBuilt(connection)
  const { objects } = await driftOf(connection, join(ROOT_DIRECTORY, 'migrations'))
  for (const { object, difference } of objects) say(`${object}: ${difference}, compared with the migrations.`)
  if (objects.length === 0) say('The schema is what the migrations make.')
  const audit = await auditContent(connection)
  say(auditText(audit))
  if (objects.length + audit.drifts.length > 0) process.exitCode = 1
}

async function makeRoles({ only }: { readonly only?: 'reader' }): Promise<void> {
  if (only === 'reader') return makeReader()
  const passwords = readRolePasswords(ROLES)
  const { connection } = await reach()
  await requireBuilt(connection)
  await requireCurrentSchema(connection)
  const names = await createRoles(connection, passwords)
  for (const kind of ROLES) say(`${kind}: ${names[kind]}`)
  say(
    'The ingest role is used by npm run ingest while ROLE_INGEST_PASSWORD is set; any other by naming ' +
      'it in PGUSER and PGPASSWORD.',
  )
}

async function makeReader(): Promise<void> {
  const { reader } = readRolePasswords(['reader'])
  const { connection } = await reach()
  await requireBuilt(connection)
  await requireCurrentSchema(connection)
  say(`reader: ${await createReader(connection, reader)}`)
  say('It only reads: npm run db:psql -- --as-role reader, or PGUSER and PGPASSWORD.')
}

const program = programOf('db', 'The PostgreSQL of this project.')
program
  .command('psql')
  .description('open psql on the database')
  .argument('[arguments...]', 'passed on to psql')
  .addOption(
    new Option('--as-role <kind>', 'connect as a role of db:roles, by its ROLE_…_PASSWORD').choices([
      ...ROLES,
    ]),
  )
  .allowUnknownOption()
  .action(openPrompt)
program.command('start').description('start the server').action(start)
program.command('stop').description('stop the server').action(stop)
program
  .command('drift')
  .description('list the objects and rows that differ from what was last recorded')
  .action(showDrift)
program
  .command('roles')
  .description('create the roles admin, owner, ingest, reader and analyst, or renew their rights')
  .addOption(
    new Option(
      '--only <kind>',
      'create this role alone; no other is needed, and nothing changes its owner',
    ).choices(['reader']),
  )
  .action(makeRoles)
program.command('status').description('show whether the server runs, and where').action(showStatus)

await runProgram(program)
