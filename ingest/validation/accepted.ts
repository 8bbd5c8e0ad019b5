import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { FormatError, messageOf } from '../../helpers/core/errors.ts'

const schema = z.strictObject({
  accepted: z.array(
    z.strictObject({
      /** As `ingestion.findings` and the report of a validation show it. */
      fingerprint: z.string().regex(/^[0-9a-f]{64}$/),
      /** Check and subject repeat what the fingerprint hides, for the reader of the file. */
      check: z.string().min(1),
      subject: z.string().min(1),
      reason: z.string().min(10),
      accepted_by: z.string().min(1),
      accepted_on: z.iso.date(),
      /** Last day of the acceptance; null for one without end. */
      expires_on: z.iso.date().nullable(),
    }),
  ),
})

/** A finding that a person has judged: the data is right as it is, or must stay. */
export type Acceptance = z.infer<typeof schema>['accepted'][number]

/** Judgements on findings, under version control, so that they survive a rebuild. */
const ACCEPTED_FILE = join(import.meta.dirname, 'accepted.json')

/** @throws FormatError that names the file and each fault in it, also when two entries judge one finding. */
export function readAccepted(file = ACCEPTED_FILE): readonly Acceptance[] {
  if (!existsSync(file)) return []
  let accepted: readonly Acceptance[]
  try {
    accepted = schema.parse(JSON.parse(readFileSync(file, 'utf8'))).accepted
  } catch (error) {
    const faults =
      error instanceof z.ZodError
        ? error.issues.map((i) => `${i.path.join('.')}: ${i.message}`).join('; ')
        : messageOf(error)
    throw new FormatError(`The accepted findings in ${file} cannot be used: ${faults}. Correct the file.`)
  }
  const twice = accepted.find(
    (entry, index) => accepted.findIndex((other) => other.fingerprint === entry.fingerprint) !== index,
  )
  if (twice !== undefined)
    throw new FormatError(`${file} judges finding ${twice.fingerprint} twice. Keep one entry.`)
  return accepted
}
