import { resolve } from 'node:path'
import { DAY_MS } from '../../helpers/core/days.ts'
import { sizeText } from '../../helpers/core/text.ts'
import { entriesOf, pruneArchive, verifyArchive } from '../archive/inspect.ts'
import { programOf, runProgram, say } from './entry.ts'

// `node ingest/commands/archive.ts list | verify | prune`: looks after the archive of responses. Touches no
// database and no network.

const daysAgo = (days: string): string => new Date(Date.now() - Number(days) * DAY_MS).toISOString()

const program = programOf('archive', 'The archive of provider responses.').option(
  '-d, --directory <dir>',
  'where it is',
  'archive',
)
const root = (): string => resolve(program.opts<{ directory: string }>().directory)

program
  .command('list')
  .description('one line a response: fetched at, provider, outcome, status, bytes, SHA-256, address')
  .option('-p, --provider <name>', 'only this provider')
  .action(async ({ provider }: { provider?: string }) => {
    let count = 0
    for await (const { entry } of entriesOf(root())) {
      if (provider !== undefined && entry.provider !== provider) continue
      count++
      say(
        [
          entry.fetched_at,
          entry.provider,
          entry.outcome,
          entry.http_status,
          entry.body_bytes,
          entry.sha256.slice(0, 12),
          entry.url,
        ].join('  '),
      )
    }
    say(`${count} responses in ${root()}`)
  })

program
  .command('verify')
  .description('reads every byte; exits 1 when an entry or a body has changed')
  .action(async () => {
    const { entries, objects, bytes, parts, unreferenced, faults } = await verifyArchive(root())
    for (const { file, fault } of faults) say(`FAULT  ${file}: ${fault}`)
    say(
      `${entries} responses, ${objects} bodies, ${sizeText(bytes)}; ${unreferenced} bodies without a ` +
        `response, ${parts} interrupted downloads`,
    )
    say(faults.length === 0 ? 'The archive is intact.' : `The archive has ${faults.length} faults.`)
    if (faults.length > 0) process.exitCode = 1
  })

program
  .command('prune')
  .description('removes superseded responses, bodies without a response and interrupted downloads')
  .option(
    '--superseded-days <n>',
    'answers older than this go when a newer one answers the same question',
    '30',
  )
  .option('--older-days <n>', 'answers older than this go in any case; a replay will miss them')
  .option('--dry-run', 'only list what it would remove')
  .action(async (options: { supersededDays: string; olderDays?: string; dryRun?: boolean }) => {
    const dry_run = options.dryRun ?? false
    for (const days of [options.supersededDays, options.olderDays ?? '0']) {
      if (!/^\d+$/.test(days)) return program.error(`error: "${days}" is not a number of days`)
    }
    const pruned = await pruneArchive(root(), {
      superseded_before_at: daysAgo(options.supersededDays),
      ...(options.olderDays === undefined ? {} : { fetched_before_at: daysAgo(options.olderDays) }),
      dry_run,
    })
    say(
      `${dry_run ? 'Would remove' : 'Removed'} ${pruned.entries} responses, ${pruned.objects} bodies, ` +
        `${pruned.parts} interrupted downloads: ${sizeText(pruned.bytes)}`,
    )
  })

await runProgram(program)
