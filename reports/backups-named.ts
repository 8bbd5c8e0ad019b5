import { boxesOf, type RunView } from '../helpers/checklist/view.ts'

/** A backup that the evidence of a run names, with the hashes that the run recorded. */
export interface NamedBackup {
  readonly file: string
  readonly bytes: number
  readonly sha256: string
  /** Dropbox content hash of the archive. */
  readonly content_hash: string
  /** Of the manifest, a file beside the archive; undefined when the run recorded none. */
  readonly manifest_sha256: string | undefined
  readonly taken_at: string
}

/** The backups that a run made, oldest first: the safety backup, then the final one. */
export const backupsOf = (view: RunView): NamedBackup[] =>
  boxesOf(view).flatMap(({ box: { evidence } }) => {
    const { format, file, bytes, sha256, content_hash, manifest_sha256, snapshot_at } = evidence
    if (format !== 'stocks-research-backup') return []
    return [
      {
        file: String(file),
        bytes: Number(bytes),
        sha256: String(sha256),
        content_hash: String(content_hash),
        manifest_sha256: typeof manifest_sha256 === 'string' ? manifest_sha256 : undefined,
        taken_at: String(snapshot_at),
      },
    ]
  })
