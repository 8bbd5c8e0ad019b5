import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import type { RunView } from '../helpers/checklist/view.ts'
import { messageOf } from '../helpers/core/errors.ts'
import { type Envelope, envelopeText, isSignedBy, keyOfId, parseEnvelope, payloadOf } from './dsse.ts'
import { PAYLOAD_TYPE, statementOf } from './statement.ts'
import { ATTESTATION_FILE, type Manifest, statedFiles } from './write.ts'

/** The envelope of a run's statement, or why it cannot be read. */
export function readAttestation(run_directory: string): Envelope | string {
  const file = join(run_directory, ATTESTATION_FILE)
  if (!existsSync(file)) return `${ATTESTATION_FILE} is missing`
  try {
    const text = readFileSync(file, 'utf8')
    const envelope = parseEnvelope(text)
    return envelopeText(envelope) === text
      ? envelope
      : `${ATTESTATION_FILE}: its bytes are not as they were written`
  } catch (error) {
    return `${ATTESTATION_FILE} cannot be read: ${messageOf(error)}`
  }
}

/**
 * Where the statement differs from the journal and the manifest, and a signature that does not fit its own
 * key id. Whose key that is, only a reader who has the public key can check.
 */
export function attestationFaults(run_directory: string, view: RunView, manifest: Manifest): string[] {
  const envelope = readAttestation(run_directory)
  if (typeof envelope === 'string') return [envelope]
  const faults: string[] = []
  const text = payloadOf(envelope)
  if (envelope.payloadType !== PAYLOAD_TYPE || text.toString('base64') !== envelope.payload)
    faults.push(`${ATTESTATION_FILE}: its payload is not of type ${PAYLOAD_TYPE} in base64`)
  const expected = statementOf(view, statedFiles(manifest))
  if (text.toString('utf8') !== expected)
    faults.push(`${ATTESTATION_FILE}: ${differenceOf(text.toString('utf8'), expected)}`)
  for (const { keyid, sig } of envelope.signatures) {
    const key = keyOfId(keyid)
    const fits = key !== undefined && isSignedBy({ ...envelope, signatures: [{ keyid, sig }] }, key)
    const isExact = Buffer.from(sig, 'base64').toString('base64') === sig
    if (!fits || !isExact) faults.push(`${ATTESTATION_FILE}: its signature is not one of ${keyid}`)
  }
  return faults
}

/** The parts of a statement that do not follow from the run, by name. */
function differenceOf(text: string, expected: string): string {
  try {
    const found = flat(JSON.parse(text) as Statement)
    const wanted = flat(JSON.parse(expected) as Statement)
    const parts = Object.keys({ ...wanted, ...found }).filter(
      (key) => !isDeepStrictEqual(found[key], wanted[key]),
    )
    if (parts.length > 0) return `${parts.join(', ')}: not what follows from the journal and the manifest`
  } catch {}
  return 'its statement is not as it was written'
}

/** The parts of a statement; each subject is one, by its name. */
const flat = (statement: Statement): Record<string, unknown> => ({
  ...statement,
  ...statement.predicate,
  ...Object.fromEntries((statement.subject ?? []).map((each) => [`subject ${each.name}`, each])),
  predicate: null,
  subject: null,
})

interface Statement {
  readonly predicate?: object
  readonly subject?: readonly { readonly name: string }[]
}
