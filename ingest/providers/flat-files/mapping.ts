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
  nulls: [],
  delimiter: ',',
  decimal: '.',
  scale: {},
  symbol_transform: {},
  ticker_is: 'as_traded',
  adjusted: 'raw',
  skip_footer: 0,
} as const satisfies GivenMapping

/** How the files of a folder are read. */
export type Mapping = Omit<GivenMapping, keyof typeof DEFAULTS> & {
  readonly [K in keyof typeof DEFAULTS]: NonNullable<GivenMapping[K]>
} & { readonly profile?: string | undefined }

/** Of a folder that no mapping speaks of. */
export const PLAIN: Mapping = DEFAULTS

/**
 * The mapping of each folder, by `mapping.json` in the delivery; empty where there is none. @throws SourceError
 * that names every fault.
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
    throw malformed(`mapping.json is no JSON: ${(error as Error).message}`)
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
  const faults: string[] = []
  const known = Object.values(folder.fields).map(([name]) => name)
  for (const part of ['columns', 'scale'] as const) {
    for (const name of Object.keys(mapping[part]))
      if (!known.includes(name))
        faults.push(`folders.${folder.name}.${part}.${name}: no such column; it has ${known.join(', ')}`)
  }
  if (folder.name !== 'prices_daily' && (mapping.adjusted !== 'raw' || mapping.raw_close !== undefined))
    faults.push(`folders.${folder.name}: only prices are adjusted or raw`)
  if (mapping.adjusted === 'raw' && mapping.raw_close !== undefined)
    faults.push(`folders.${folder.name}.raw_close: prices that are raw need none`)
  if (mapping.date_format?.startsWith('epoch_') === true && mapping.timezone === undefined)
    faults.push(`folders.${folder.name}.timezone: ${mapping.date_format} needs one, e.g. America/New_York`)
  if (mapping.ticker_is === 'last' && folder.one_of === undefined)
    faults.push(`folders.${folder.name}.ticker_is: its records say source_id`)
  if (mapping.file_name_is !== undefined && folder.fields[mapping.file_name_is] === undefined)
    faults.push(`folders.${folder.name}.file_name_is: it has no ${mapping.file_name_is}`)
  return faults
}

const unfit = (faults: readonly string[]) =>
  malformed(`mapping.json is not fit to use: ${faults.join('; ')}. See docs/flat-files.md.`)
