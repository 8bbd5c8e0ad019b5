import type { Entry } from 'yauzl'
import type { Folder } from './layout.ts'
import type { ManifestFile } from './manifest.ts'
import type { Mapping } from './mapping.ts'

export type Codec = 'none' | 'gzip' | 'zstd'

/** One file of a drop as it lies there, and what is to be read of it. */
export interface DeliveryFile {
  readonly folder: Folder
  readonly path: string
  /** Relative to the drop, with slashes. */
  readonly name: string
  readonly size_bytes: number
  /** What the manifest says of it, when there is one. */
  readonly listed: ManifestFile | undefined
  /** Itself, or the members of a zip. */
  readonly parts: readonly Part[]
}

/** A table: a file, or a member of a zip. */
export interface Part {
  readonly file: DeliveryFile
  readonly folder: Folder
  /**
   * The name that rejects and logs use, e.g. `prices_daily/2020.csv.gz` or `prices_daily/all.zip/2020.csv`.
   */
  readonly name: string
  readonly kind: 'csv' | 'parquet'
  readonly codec: Codec
  readonly entry: Entry | undefined
  readonly listed: ManifestFile | undefined
  /** How it says what ours say otherwise. */
  readonly mapping: Mapping
}
