import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { childEnvironment } from '../../helpers/config/children.ts'
import { readServerConfig } from '../../helpers/config/config.ts'
import { sizeText } from '../../helpers/core/text.ts'
import { onServer } from '../../helpers/database/scratch.ts'
import { startServer } from '../../helpers/postgres/server.ts'
import { measureExport } from '../bench/export.ts'
import { lineOf, type Measured } from '../bench/figures.ts'
import { measureLoads } from '../bench/loads.ts'
import { writeReport } from '../bench/report.ts'
import { measureResearch } from '../bench/research.ts'
import { programOf, runProgram, say, wholeNumber } from './entry.ts'

interface Options {
  readonly securities: readonly number[]
  readonly sessions: number
  readonly filers: readonly number[]
  readonly facts: number
  readonly rounds: number
  readonly seed: number
  readonly export?: boolean
  readonly out: string
}

/** Measures every size from the least one, ours and the baselines in turn, in scratch databases. */
async function bench(options: Options): Promise<void> {
  const server = await startServer(readServerConfig())
  const directory = await mkdtemp(join(tmpdir(), 'bench-'))
  const measured: Measured[] = []
  const memory: { securities: number; bytes: number }[] = []
  const take = (each: readonly Measured[]): void => {
    for (const one of each) say(lineOf(one))
    measured.push(...each)
  }
  try {
    for (const [at, securities] of options.securities.entries()) {
      const filers = Math.min(securities, options.filers[at] ?? options.filers.at(-1) ?? 1)
      const size = { securities, sessions: options.sessions, filers, facts: options.facts }
      say(`${securities} securities of ${size.sessions} bars, ${filers} filers of ${size.facts} facts:`)
      const of = { ...options, maintenance: server.maintenance, directory, size, say }
      if (options.export === true) {
        take(await measureExport(of))
        continue
      }
      const { result, bytes } = await withMemory(() => measureLoads(of))
      take(result)
      memory.push({ securities, bytes })
      say(`memory of this process, generator and baselines included: ${sizeText(bytes)}`)
      take(await measureResearch(of, join(directory, 'delivery')))
    }
    const { version } = await onServer(server.maintenance, (db) =>
      db.one<{ version: string }>('select version()'),
    )
    const not_tried = notTried()
    for (const each of not_tried) say(`not tried: ${each}`)
    for (const file of await writeReport(options.out, {
      measured,
      memory,
      not_tried,
      options: { ...options },
      server_version: version,
    }))
      say(file)
  } finally {
    await server.stop()
    await rm(directory, { recursive: true, force: true })
  }
}

const SAMPLE_MS = 100

/** The greatest resident memory of this process while `work` runs, sampled. */
async function withMemory<T>(work: () => Promise<T>): Promise<{ result: T; bytes: number }> {
  let bytes = 0
  const timer = setInterval(() => {
    bytes = Math.max(bytes, process.memoryUsage.rss())
  }, SAMPLE_MS)
  try {
    return { result: await work(), bytes }
  } finally {
    clearInterval(timer)
  }
}

/** Baselines that are not measured, with the reason. */
function notTried(): string[] {
  const path = childEnvironment()['PATH'] ?? childEnvironment()['Path'] ?? ''
  const isThere = path.split(delimiter).some((folder) => existsSync(join(folder, 'pgloader')))
  const pgloader = isThere ? 'pgloader: is on PATH, but has no stage yet' : 'pgloader: is not on PATH'
  return [pgloader, 'the whole checklist: run it with BOOTSTRAP_SOURCE=flat-files:<folder>']
}

const sizes = (text: string): number[] => text.split(',').map(wholeNumber)

const program = programOf(
  'bench',
  'Measures what loading and research cost, relative to baselines of the same run, at several sizes.',
)
  .option(
    '--securities <counts>',
    'sizes of the market, the least first, separated by commas',
    sizes,
    [50, 200],
  )
  .option('--sessions <count>', 'bars of a security', wholeNumber, 1_258)
  .option('--filers <counts>', 'filers at each size', sizes, [2, 8])
  .option('--facts <count>', 'facts of a filer', wholeNumber, 24_579)
  .option('--rounds <count>', 'how often a stage and its baseline are measured', wholeNumber, 3)
  .option('--seed <number>', 'of the generated inputs', wholeNumber, 1)
  .option('--export', 'instead, export to Parquet: killed, resumed, and compared by DuckDB with PostgreSQL')
  .option('--out <folder>', 'where bench.json and bench.html are written', 'bench')
  .action((options: Options) => bench(options))

await runProgram(program)
