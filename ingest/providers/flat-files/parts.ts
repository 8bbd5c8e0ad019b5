import type { Entry } from 'yauzl'
import type { Folder } from './layout.ts'
import type { ManifestFile } from './manifest.ts'
import type { Mapping } from './mapping.ts'

export type Codec = 'none' | 'gzip' | 'zstd'

/** One file of a delivery, and the tables in it. */
export interface DeliveryFile {
  readonly folder: Folder
  readonly path: string
  /** Relative to the delivery, with slashes. */
  readonly name: string
  readonly size_bytes: number
  /** Its entry in the manifest, when there is one. */
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
  /** How its columns and values are read. */
  readonly mapping: Mapping
}
