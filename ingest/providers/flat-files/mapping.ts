import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { malformed } from './faults.ts'
import { type GivenMapping, given } from './given-mapping.ts'
import { FOLDERS, type Folder } from './layout.ts'
import { PROFILES } from './profiles.ts'

const fileSchema = z.strictObject({
  spec: z.literal(1),
  folders: z.record(z.string(), given.extend({ profile: z.enum(Object.keys(PROFILES)) }).partial()),
})

const DEFAULTS = {
  columns: {},
  header_rows: 1,
  nulls: [],
  delimiter: ',',
  decimal: '.',
  unit_suffixes: false,
  scale: {},
  symbol_transform: {},
  ticker_is: 'as_traded',
  close_not_above_zero: 'error',
  skip_footer: 0,
} as const satisfies GivenMapping

/**
 * How the files of a folder are read. `adjusted` is undefined where neither mapping nor profile states it.
 */
export type Mapping = Omit<GivenMapping, keyof typeof DEFAULTS> & {
  readonly [K in keyof typeof DEFAULTS]: NonNullable<GivenMapping[K]>
} & { readonly profile?: string | undefined }

/** For a folder without a mapping. */
export const PLAIN: Mapping = DEFAULTS

/**
 * The mapping of each folder, from `mapping.json` in the delivery; empty where there is none.
 *
 * @throws SourceError that names every fault.
 */
export async function readMappings(root: string): Promise<ReadonlyMap<string, Mapping>> {
  const text = await readFile(join(root, 'mapping.json'), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw malformed(`mapping.json cannot be read: ${error.message}`)
  })
  if (text === undefined) return new Map()
  let json: unknown
  try {
    json = JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch (error) {
    throw malformed(`mapping.json is not JSON: ${(error as Error).message}`)
  }
  const { data, error } = fileSchema.safeParse(json)
  if (data === undefined)
    throw unfit(error.issues.map(({ path, message }) => `${path.join('.') || 'it'}: ${message}`))
  const faults: string[] = []
  const mappings = new Map<string, Mapping>()
  for (const [name, { profile, ...own }] of Object.entries(data.folders)) {
    const folder = Object.values(FOLDERS)
      .flat()
      .find((each) => each.name === name)
    if (folder === undefined) {
      faults.push(`folders.${name}: a delivery has no such folder`)
      continue
    }
    const of = profile === undefined ? undefined : PROFILES[profile]
    if (of !== undefined && of.folder !== name)
      faults.push(`folders.${name}.profile: "${profile}" is for ${of.folder}/`)
    const columns = { ...of?.mapping.columns, ...own.columns }
    const mapping = { ...DEFAULTS, ...of?.mapping, ...own, columns, profile } as Mapping
    faults.push(...faultsOf(folder, mapping))
    mappings.set(name, mapping)
  }
  if (faults.length > 0) throw unfit(faults)
  return mappings
}

function faultsOf(folder: Folder, mapping: Mapping): string[] {
  const at = `folders.${folder.name}`
  const faults: string[] = []
  const known = [
    ...Object.values(folder.fields).map(([name]) => name ?? ''),
    ...Object.keys(folder.events ?? {}),
  ]
  for (const part of ['columns', 'scale'] as const) {
    for (const name of Object.keys(mapping[part]))
      if (!known.includes(name))
        faults.push(`${at}.${part}.${name}: no such column; it has ${known.join(', ')}`)
  }
  if (mapping.header_rows === 0)
    for (const [name, column] of Object.entries(mapping.columns))
      if (!/^\d+$/.test(String(column)))
        faults.push(`${at}.columns.${name}: without a header row it must be a position from 1, e.g. 1`)
  if (folder.name !== 'prices_daily' && (mapping.adjusted ?? 'raw') !== 'raw')
    faults.push(`${at}: only prices are adjusted or raw`)
  if (folder.name !== 'prices_daily' && mapping.raw_close !== undefined)
    faults.push(`${at}.raw_close: only prices have one`)
  if (mapping.raw_close !== undefined && (mapping.adjusted ?? 'raw') === 'raw')
    faults.push(`${at}.raw_close: it is for prices whose "adjusted" is "split" or "total"`)
  if (mapping.unadjust !== undefined && (mapping.adjusted !== 'split' || mapping.raw_close !== undefined))
    faults.push(`${at}.unadjust: it is for prices whose "adjusted" is "split", without a raw_close`)
  if (mapping.date_format?.startsWith('epoch_') === true && mapping.timezone === undefined)
    faults.push(`${at}.timezone: ${mapping.date_format} needs one, e.g. America/New_York`)
  if (mapping.thousands === mapping.decimal)
    faults.push(`${at}.thousands: it is "${mapping.decimal}", the decimal sign`)
  if (mapping.ticker_is === 'last' && folder.one_of === undefined)
    faults.push(`${at}.ticker_is: its records have a source_id`)
  if (mapping.file_name_is !== undefined && folder.fields[mapping.file_name_is] === undefined)
    faults.push(`${at}.file_name_is: it has no ${mapping.file_name_is}`)
  return faults
}

const unfit = (faults: readonly string[]) =>
  malformed(`mapping.json cannot be used: ${faults.join('; ')}. See docs/flat-files.md.`)
