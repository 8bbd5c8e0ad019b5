import { copyFile, link, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { listBackups } from '../../helpers/backup/manifest.ts'
import type { Connection } from '../../helpers/config/connection.ts'
import { PRODUCT_VERSION } from '../../helpers/config/version.ts'
import { RefusedError } from '../../helpers/core/errors.ts'
import { isAlive } from '../../helpers/core/process.ts'
import { contentHashOf, hashTables, readSnapshot } from '../../helpers/database/fingerprint.ts'
import { type Database, withDatabase } from '../../helpers/postgres/database.ts'
import { queryFile } from '../../helpers/postgres/query-file.ts'
import { type Duck, openDuck } from './duckdb.ts'
import {
  MANIFEST,
  type Manifest,
  type ManifestBody,
  type ManifestTable,
  type Part,
  readManifest,
  readProgress,
  writeManifest,
  writeProgress,
} from './manifest.ts'
import { isIntact, makePart, pathOf, type Source, stage, unstage, yearsOf } from './part.ts'
import { isThere, nameBehindLinks, partialOf, publish, recover } from './publish.ts'
import { columnsOf, EXPORTED, SQL } from './tables.ts'

export interface ExportOptions {
  /** Where local backups are, to name the one with the same rows. */
  readonly backups: string
  /** Called for each file: written now, or kept because its rows are equal. */
  readonly onPart?: (part: Part, how: 'written' | 'kept') => void
}

export interface ExportReport {
  readonly manifest: Manifest
  readonly written: number
  readonly kept: number
}

/**
 * Exports the research surface as Parquet, as of one snapshot. The folder is replaced at the end, at once. A
 * file whose rows are unchanged is kept, also from an export that was killed. Needs no right but to read.
 *
 * @throws RefusedError for a folder that is not an export and not empty.
 */
export async function exportParquet(
  connection: Connection,
  target: string,
  options: ExportOptions,
): Promise<ExportReport> {
  const folder = await nameBehindLinks(resolve(target))
  await mkdir(dirname(folder), { recursive: true })
  return alone(folder, async () => {
    await recover(folder)
    const former = await formerOf(folder)
    const partial = partialOf(folder)
    await mkdir(partial, { recursive: true })
    const duck = await openDuck(join(partial, 'spill'))
    try {
      return await withDatabase(
        connection,
        (db) =>
          db.transaction(async (tx) => {
            await readSnapshot(tx)
            const report = await new Export(tx, duck, folder, former, options).run(connection.database)
            await publish(folder, versionOf(report.manifest))
            return report
          }),
        { application: 'stocks-research export' },
      )
    } finally {
      duck.close()
    }
  })
}

/** Named by the time of its snapshot. */
const versionOf = ({ snapshot_at, manifest_sha256 }: Manifest): string =>
  `${snapshot_at.replaceAll(/[-:]/g, '')}-${manifest_sha256.slice(0, 8)}`

/** Runs `work` while no other export writes the folder. The lock of a process that is gone is taken over. */
async function alone<T>(folder: string, work: () => Promise<T>): Promise<T> {
  const file = `${folder}.lock`
  const take = (): Promise<void> => writeFile(file, `${process.pid}\n`, { flag: 'wx' })
  try {
    await take()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    const holder = Number((await readFile(file, 'utf8')).trim())
    if (holder > 0 && holder !== process.pid && isAlive(holder))
      throw new RefusedError(
        `Process ${holder} exports to ${folder} (${file}). Wait for it, or end it, then export again.`,
      )
    await rm(file, { force: true })
    await take()
  }
  try {
    return await work()
  } finally {
    await rm(file, { force: true })
  }
}

/** The files of the export that is in the folder now. */
async function formerOf(folder: string): Promise<readonly Part[]> {
  if (!(await isThere(folder))) return []
  const names = await readdir(folder)
  if (names.length === 0) return []
  if (!names.includes(MANIFEST))
    throw new RefusedError(
      `${folder} is not empty and has no ${MANIFEST}: it is not an export, and would be ` +
        'replaced. Name another folder, or empty this one.',
    )
  // A damaged manifest gives nothing to keep: everything is written again.
  const manifest = await readManifest(folder).catch(() => undefined)
  return manifest?.tables.flatMap(({ files }) => files) ?? []
}

class Export {
  readonly #tx: Database
  readonly #duck: Duck
  readonly #folder: string
  readonly #partial: string
  readonly #former: readonly Part[]
  readonly #options: ExportOptions
  #finished: Part[] = []
  #kept = 0

  constructor(tx: Database, duck: Duck, folder: string, former: readonly Part[], options: ExportOptions) {
    this.#tx = tx
    this.#duck = duck
    this.#folder = folder
    this.#partial = partialOf(folder)
    this.#former = former
    this.#options = options
  }

  async run(database: string): Promise<ExportReport> {
    const interrupted = await readProgress(this.#partial)
    const tables: ManifestTable[] = []
    for (const table of EXPORTED) {
      const columns = await columnsOf(this.#tx, table)
      const files: Part[] = []
      for (const year of await yearsOf(this.#tx, table)) {
        const source = { tx: this.#tx, duck: this.#duck, table, columns, year, folder: this.#partial }
        files.push(await this.#part(source, interrupted))
      }
      tables.push({
        name: table.name,
        relation: table.relation,
        partitioned_by: table.day ?? null,
        sorted_by: [...table.sorted_by],
        rows: files.reduce((sum, { rows }) => sum + rows, 0),
        columns: columns.map(({ name, type, comment }) => ({ name, type, comment })),
        files,
      })
    }
    await unstage(this.#partial)
    await this.#removeStrangers()
    const manifest = await writeManifest(this.#partial, {
      format: 'stocks-research-export',
      version: 1,
      database,
      ...(await this.#provenance()),
      product_version: PRODUCT_VERSION,
      duckdb_version: this.#duck.version,
      tables,
    })
    return { manifest, kept: this.#kept, written: this.#finished.length - this.#kept }
  }

  /** Keeps the file of a part where one has the same rows and is intact; writes it otherwise. */
  async #part(source: Source, interrupted: readonly Part[]): Promise<Part> {
    const content_sha256 = await stage(source)
    const path = pathOf(source)
    const isSame = (part: Part): boolean => part.path === path && part.content_sha256 === content_sha256
    const own = interrupted.find(isSame)
    const former = this.#former.find(isSame)
    let kept: Part | undefined
    if (own !== undefined && (await this.#has(this.#partial, own, source))) kept = own
    else if (former !== undefined && (await this.#has(this.#folder, former, source))) {
      await takeOver(join(this.#folder, path), join(this.#partial, path))
      kept = former
    }
    const part = kept ?? (await makePart(source, content_sha256))
    if (kept !== undefined) this.#kept += 1
    this.#finished.push(part)
    await writeProgress(this.#partial, this.#finished)
    this.#options.onPart?.(part, kept === undefined ? 'written' : 'kept')
    return part
  }

  /** True when a folder has the file of a part, with its bytes and with today's columns. */
  async #has(folder: string, part: Part, { columns }: Source): Promise<boolean> {
    const file = join(folder, part.path)
    if (!(await isIntact(file, part))) return false
    const found = await this.#duck.columns(file)
    return (
      found.length === columns.length &&
      columns.every(({ name, type }, at) => found[at]?.name === name && found[at]?.type === type)
    )
  }

  /** A killed export may have left files of years or tables that are no longer there. */
  async #removeStrangers(): Promise<void> {
    const paths = new Set(this.#finished.map(({ path }) => path))
    for (const entry of await readdir(this.#partial, { recursive: true, withFileTypes: true })) {
      const file = join(entry.parentPath, entry.name)
      const path = file.slice(this.#partial.length + 1).replaceAll('\\', '/')
      if (entry.isFile() && !paths.has(path)) await rm(file)
    }
  }

  async #provenance(): Promise<
    Pick<
      ManifestBody,
      'mode' | 'as_of_date' | 'snapshot_at' | 'run' | 'backup' | 'migration' | 'database_content_sha256'
    >
  > {
    const { mode, migration, as_of_date, snapshot_at, ...run } = await this.#tx.one<
      Pick<ManifestBody, 'mode' | 'migration' | 'as_of_date' | 'snapshot_at'> &
        NonNullable<ManifestBody['run']>
    >(queryFile(SQL, 'provenance'))
    const tables = await hashTables(this.#tx, { scope: 'content' })
    const database_content_sha256 = contentHashOf(tables)
    const names = Object.keys(tables)
    const same = (await listBackups(this.#options.backups)).findLast(({ manifest }) => {
      const held = manifest.fingerprint.tables
      return names.every((name) => held[name]?.sha256 === tables[name]?.sha256)
    })
    return {
      ...{ mode, migration, as_of_date, snapshot_at, database_content_sha256 },
      run: run.run_id === null ? null : run,
      backup: same === undefined ? null : { file: basename(same.archive), sha256: same.manifest.sha256 },
    }
  }
}

/** The same file under a second name; a copy where the file system has no hard links. */
async function takeOver(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true })
  await rm(to, { force: true })
  await link(from, to).catch(() => copyFile(from, to))
}
