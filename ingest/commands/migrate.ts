import { createInterface } from 'node:readline/promises'
import { readConfig } from '../../helpers/config/config.ts'
import { PreconditionError, RefusedError } from '../../helpers/core/errors.ts'
import { requireLiveServer } from '../../helpers/database/live-servers.ts'
import { MIGRATIONS_DIRECTORY, schemaFault, schemaStateOf } from '../../helpers/database/migrate-state.ts'
import { connectionOf } from '../../helpers/database/roles.ts'
import { requireBuilt } from '../../helpers/database/target-database.ts'
import type { Server } from '../../helpers/postgres/server.ts'
import { openRemote } from '../../helpers/remote/open.ts'
import { checksOf } from '../validation/checks.ts'
import { EXIT_CODES, programOf, runProgram, say } from './entry.ts'
import { onServer } from './settings.ts'
import { validationText } from './status.ts'
import { type UpgradeQuestion, upgrade } from './upgrade.ts'

// `npm run db:migrate`: brings an existing database to the schema of this version.

interface MigrateChoices {
  readonly plan?: true
  readonly yes?: true
  readonly confirm?: string
}

/** Prints the pending migrations with their SQL; writes nothing. */
async function showPlan({ connection }: Server): Promise<void> {
  const { database } = connection
  const state = await schemaStateOf(connection)
  if (state.state === 'current') return say(upToDate(database))
  if (state.state !== 'behind') throw new PreconditionError(schemaFault(database, state))
  for (const { name, sha256, sql, is_transactional, data, changes } of state.pending) {
    const facts = [
      `-- ${name} · SHA-256 ${sha256}`,
      `-- ${is_transactional ? 'in one transaction' : 'without a transaction'}; ` +
        `changes rows of ${changes.length === 0 ? 'no table' : changes.join(', ')}`,
      ...data.map(({ file, schema, table }) => `-- loads ${file} into ${schema}.${table}`),
    ]
    say(`${facts.join('\n')}\n${sql}`)
  }
  say(`-- ${state.pending.length} pending in ${database}. Nothing was written. To apply: npm run db:migrate`)
}

const upToDate = (database: string): string =>
  `The schema of ${database} is current: no migration is pending.`

/** Asks on a terminal; a script gives `--yes`, and `--confirm` where the name must be typed. */
async function consent(
  { database, pending, typed, because }: UpgradeQuestion,
  { yes, confirm }: MigrateChoices,
): Promise<void> {
  say(`Pending in ${database}:\n${pending.map(({ name }) => `  ${name}`).join('\n')}`)
  if (typed.length > 0 && confirm !== undefined && typed.includes(confirm)) return
  if (typed.length === 0 && yes === true) return
  const flag = typed.length === 0 ? '--yes' : `--confirm ${typed[0]}`
  const why = because === '' ? '' : `, since ${because}`
  const isPerson = process.stdin.isTTY === true && process.stdout.isTTY === true
  if (isPerson && confirm === undefined) {
    const prompt = createInterface({ input: process.stdin, output: process.stdout })
    const wanted = typed.length === 0 ? ['yes'] : typed
    const given = await prompt.question(`To upgrade it after a verified backup${why}, type ${wanted[0]}: `)
    prompt.close()
    if (wanted.includes(given.trim())) return
  }
  throw new RefusedError(
    `${database} is not upgraded without consent${why}. Nothing was touched. To agree: ` +
      `npm run db:migrate -- ${flag}`,
  )
}

async function main(choices: MigrateChoices): Promise<void> {
  const config = readConfig()
  await onServer(config, async (server) => {
    await requireBuilt(server.connection)
    if (choices.plan === true) return showPlan(server)
    requireLiveServer(config, await server.describe(), server.connection)
    const remote = await openRemote(config)
    const upgraded = await upgrade(server, {
      migrations: MIGRATIONS_DIRECTORY,
      backups: config.directories.backups,
      remote,
      checks: checksOf(config),
      held_lock: config.held_lock,
      connection: await connectionOf(server.connection, 'owner', config.role_passwords),
      consent: (question) => consent(question, choices),
      say,
    }).finally(() => remote.close())
    if (upgraded === undefined) return say(upToDate(server.connection.database))
    say(validationText(upgraded.validation))
    const isGood = upgraded.schema.objects.length === 0 && upgraded.validation.is_valid
    process.exitCode = isGood ? EXIT_CODES.complete : EXIT_CODES.failed
  })
}

const program = programOf(
  'db:migrate',
  'Upgrades an existing database to the schema of this version, after a backup that passes all four levels.',
)
  .option('--plan', 'print the SQL of the pending migrations, and stop')
  .option('--yes', 'apply them without a question, for CI; not enough for a live or sealed database')
  .option('--confirm <name@host>', 'the typed consent that a live or sealed database needs')
  .action(main)

await runProgram(program)
