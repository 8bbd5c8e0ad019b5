import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { writeAtomically } from '../core/atomic-file.ts'
import type { Backup } from './dump.ts'
import type { ArchiveEvidence, FileEvidence, RemoteEvidence, RestoreEvidence } from './verify.ts'

type Evidence = FileEvidence | ArchiveEvidence | RestoreEvidence | RemoteEvidence

const proofSchema = z.strictObject({
  format: z.literal('stocks-research-proof'),
  /** SHA-256 of the archive that was proven: a proof is valid for these bytes only. */
  sha256: z.string(),
  levels: z.array(z.union([z.literal(1), z.literal(2), z.literal(3), z.literal(4)])),
  proven_at: z.iso.datetime(),
})
export type Proof = z.infer<typeof proofSchema>

export const proofFileOf = (archive: string): string => `${archive}.proof.json`

/**
 * Writes down which levels a backup has passed, for the retention. Levels that the same bytes passed before
 * are kept, so that a caller can record each level when it has passed.
 */
export async function recordProof(
  backup: Backup,
  evidence: readonly Evidence[],
  now = new Date(),
): Promise<void> {
  const { archive, manifest } = backup
  const levels = [
    ...new Set([...(await provenLevels(backup)), ...evidence.map(({ level }) => level)]),
  ].toSorted()
  const proof: Proof = {
    format: 'stocks-research-proof',
    sha256: manifest.sha256,
    levels,
    proven_at: now.toISOString(),
  }
  await writeAtomically(proofFileOf(archive), `${JSON.stringify(proof, null, 1)}\n`)
}

/** The levels that exactly this archive has passed; none without a readable proof of its bytes. */
export const provenLevels = async (backup: Backup): Promise<readonly (1 | 2 | 3 | 4)[]> =>
  (await readProof(backup))?.levels ?? []

/**
 * The proof of an archive: of the bytes that its manifest speaks of, at the time that it names. Undefined
 * without a readable one.
 */
export async function readProof({
  archive,
  manifest,
}: {
  readonly archive: string
  readonly manifest: Pick<Backup['manifest'], 'sha256'>
}): Promise<Proof | undefined> {
  try {
    const proof = proofSchema.parse(JSON.parse(await readFile(proofFileOf(archive), 'utf8')))
    return proof.sha256 === manifest.sha256 ? proof : undefined
  } catch {
    return undefined
  }
}
