import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { malformed } from './faults.ts'
import { FOLDERS, type Folder } from './layout.ts'
import { PROFILES } from './profiles.ts'

/** How the files of one folder say what ours say otherwise. What is left out is as in `docs/flat-files.md`. */
const given = z
  .strictObject({
    /** Our column → the name in their header. */
    columns: z.record(z.string(), z.string().min(1)),
    /** `YYYYMMDD`, `MM/DD/YYYY` and the like, or an epoch. ISO days when not given. */
    date_format: z
      .string()
      .regex(
        /^(?=.*YYYY)(?=.*MM)(?=.*DD)(YYYY|MM|DD|[^A-Za-z0-9])+$|^epoch_(s|ms|us|ns)$/,
        'must be made of YYYY, MM and DD, or be epoch_s, epoch_ms, epoch_us or epoch_ns',
      ),
    /** Zone in which a moment is a day. */
    timezone: z.string().refine(isZone, 'is no time zone, e.g. America/New_York').optional(),
    /** Words for «not known» besides the common ones. */
    nulls: z.array(z.string()),
    delimiter: z.enum([',', ';', '\t', '|']),
    decimal: z.enum(['.', ',']),
    /** Powers of ten that numbers are to be multiplied by, e.g. `{"close": "0.0001"}`. */
    scale: z.record(z.string(), z.string().regex(/^(0\.0{0,11}1|10{0,12})$/, 'must be a power of ten as text, e.g. "0.0001"')),
    symbol_transform: z.strictObject({
      strip_suffix: z.string().min(1).optional(),
      upper_case: z.boolean().optional(),
      replace: z.record(z.string().min(1), z.string()).optional(),
    }),
    /** as_traded: whoever held the ticker on the day. last: the security that had it last, over its whole history. */
    ticker_is: z.enum(['as_traded', 'last']),
    /** What the name of a file without its endings says. */
    file_name_is: z.enum(['ticker', 'source_id']).optional(),
    /** What prices are adjusted for. Only raw ones can be loaded. */
    adjusted: z.enum(['raw', 'split', 'total']),
    /** Their column of closes as traded, where the others are adjusted. */
    raw_close: z.string().min(1).optional(),
    /** Lines at the end that are no records. */
    skip_footer: z.int().min(0).max(100),
  })
  .partial()
const fileSchema = z.strictObject({
  spec: z.literal(1),
  folders: z.record(z.string(), given.extend({ profile: z.enum(Object.keys(PROFILES)) }).partial()),
})

/** A mapping as it can be written: what is left out is as in `docs/flat-files.md`. */
export type GivenMapping = z.infer<typeof given>

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

/** The mapping of each folder, by `mapping.json` in the drop; empty where there is none. @throws SourceError that names every fault. */
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
  if (data === undefined) throw unfit(error.issues.map(({ path, message }) => `${path.join('.') || 'it'}: ${message}`))
  const faults: string[] = []
  const mappings = new Map<string, Mapping>()
  for (const [name, { profile, ...own }] of Object.entries(data.folders)) {
    const folder = Object.values(FOLDERS)
      .flat()
      .find((each) => each.name === name)
    if (folder === undefined) {
      faults.push(`folders.${name}: a drop has no such folder`)
      continue
    }
    const of = profile === undefined ? undefined : PROFILES[profile]
    if (of !== undefined && of.folder !== name) faults.push(`folders.${name}.profile: «${profile}» is for ${of.folder}/`)
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
      if (!known.includes(name)) faults.push(`folders.${folder.name}.${part}.${name}: no such column; it has ${known.join(', ')}`)
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

function isZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: zone })
    return true
  } catch {
    return false
  }
}

const unfit = (faults: readonly string[]) => malformed(`mapping.json is not fit to use: ${faults.join('; ')}. See docs/flat-files.md.`)
