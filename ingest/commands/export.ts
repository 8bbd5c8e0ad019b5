import { readServerConfig } from '../../helpers/config/config.ts'
import { PreconditionError, VerificationError } from '../../helpers/core/errors.ts'
import { counted, sizeText, thousands } from '../../helpers/core/text.ts'
import { requireCurrentSchema } from '../../helpers/database/migrate-state.ts'
import { requireBuilt } from '../../helpers/database/target-database.ts'
import { startServer } from '../../helpers/postgres/server.ts'
import { exportParquet } from '../export/export.ts'
import type { Manifest } from '../export/manifest.ts'
import { verifyExport } from '../export/verify.ts'
import { programOf, runProgram, say } from './entry.ts'

// `npm run export -- parquet <folder> | verify <folder>`: the research surface as Parquet, and its proof.

const summaryOf = ({ tables, mode, as_of_date }: Manifest): string => {
  const files = tables.flatMap((table) => table.files)
  const rows = thousands(files.reduce((sum, part) => sum + part.rows, 0))
  const size = sizeText(files.reduce((sum, { bytes }) => sum + bytes, 0))
  const invented = mode === 'rehearsal' ? 'REHEARSAL: the prices are invented. ' : ''
  const day = as_of_date ?? 'no day'
  return `${invented}${counted(tables.length, 'table')}, ${rows} rows, ${size}, as of ${day}`
}

async function parquet(folder: string): Promise<void> {
  const config = readServerConfig()
  if (config.postgres.kind === 'container')
    throw new PreconditionError(
      'A container lives only as long as its run, so there is nothing to export. Unset BOOTSTRAP_POSTGRES ' +
        'for the embedded server, or set PGHOST to one of yours.',
    )
  const server = await startServer(config)
  try {
    await requireBuilt(server.connection)
    await requireCurrentSchema(server.connection)
    const { manifest, written, kept } = await exportParquet(server.connection, folder, {
      backups: config.directories.backups,
      onPart: ({ path, rows }, how) => say(`${how}  ${path}  ${thousands(rows)} rows`),
    })
    say(`${summaryOf(manifest)}.`)
    say(
      `${counted(written, 'file')} written, read back and compared with PostgreSQL; ` +
        `${counted(kept, 'file')} kept, because the rows are unchanged.`,
    )
  } finally {
    await server.stop()
  }
}

async function verify(folder: string): Promise<void> {
  const { manifest, faults } = await verifyExport(folder)
  for (const fault of faults) say(`FAULT  ${fault}`)
  if (faults.length > 0)
    throw new VerificationError(
      `The export has ${counted(faults.length, 'fault')}. npm run export -- parquet ${folder} repairs it.`,
    )
  say(`The export is intact: ${summaryOf(manifest)}.`)
}

const program = programOf(
  'export',
  'The research surface as Parquet files, for DuckDB, pandas, Spark and others.',
)
program
  .command('parquet')
  .description('export every research table; unchanged years are kept, an interrupted export is continued')
  .argument('<folder>', 'an export to replace, or a new folder')
  .action(parquet)
program
  .command('verify')
  .description('compare every file with the manifest; exits 1 and names each that differs')
  .argument('<folder>', 'an export')
  .action(verify)

await runProgram(program)
