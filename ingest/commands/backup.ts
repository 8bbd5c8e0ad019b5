import { join } from 'node:path'
import { readConfig } from '../../helpers/config/config.ts'
import { openLog } from '../../helpers/core/log.ts'
import { underRunLock } from '../../helpers/database/lock.ts'
import { requireBuilt } from '../../helpers/database/target-database.ts'
import { programOf, runProgram, say } from './entry.ts'
import { backUp, backupText } from './make-backup.ts'
import { onServer } from './settings.ts'
import { withSignals } from './signals.ts'

// `npm run backup`: a verified backup outside the checklist.

async function main({ keepAll }: { readonly keepAll?: true }): Promise<void> {
  const config = readConfig()
  await onServer(config, async (server) => {
    const { database } = server.connection
    await requireBuilt(server.connection)
    const stamp = new Date().toISOString().replace(/[-:]|\.\d+/g, '')
    const log = openLog(join(config.directories.data, 'logs', `backup_${stamp}_${process.pid}.jsonl`))
    const lock = { run_id: `backup-${stamp}`, held_lock: config.held_lock }
    const report = await underRunLock(server.maintenance, database, lock, (lost) =>
      withSignals(log, (interrupted) =>
        backUp(server, config, {
          signal: AbortSignal.any([lost, interrupted]),
          say,
          ...(keepAll === true ? { keep_all: 'Older backups were all kept (--keep-all).' } : {}),
        }),
      ),
    )
    log.info(report, 'backup made')
    say(backupText(report))
  })
}

const program = programOf(
  'backup',
  'Dumps the database, copies the dump to the remote store, verifies it at four levels ' +
    '(file, archive, restore, remote copy), and removes backups that are past their retention.',
)
  .option('--keep-all', 'remove no older backup')
  .action(main)

await runProgram(program)
