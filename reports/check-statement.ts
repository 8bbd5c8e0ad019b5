import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'
import type { RunView } from '../helpers/checklist/view.ts'
import { messageOf } from '../helpers/core/errors.ts'
import { type Envelope, envelopeText, isSignedBy, keyOfId, parseEnvelope, payloadOf } from './dsse.ts'
import { PAYLOAD_TYPE, STATEMENTS, statementOf } from './statement.ts'
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
  const difference = differenceOf(text.toString('utf8'), view, manifest)
  if (difference !== undefined) faults.push(`${ATTESTATION_FILE}: ${difference}`)
  for (const { keyid, sig } of envelope.signatures) {
    const key = keyOfId(keyid)
    const fits = key !== undefined && isSignedBy({ ...envelope, signatures: [{ keyid, sig }] }, key)
    const isExact = Buffer.from(sig, 'base64').toString('base64') === sig
    if (!fits || !isExact) faults.push(`${ATTESTATION_FILE}: its signature is not one of ${keyid}`)
  }
  return faults
}

/**
 * Where a statement differs from what the writer of its own version makes of the run: the parts that do not
 * follow from it, by name. Undefined when it is equal byte by byte.
 */
function differenceOf(text: string, view: RunView, manifest: Manifest): string | undefined {
  const found = parsed(text)
  const version = versionOf(found)
  const write = version === undefined ? undefined : STATEMENTS[version]
  if (version !== undefined && write === undefined)
    return (
      `its statement has version ${version}; this code knows ${Object.keys(STATEMENTS).join(', ')}. ` +
      'Verify it with the version of the product that wrote it'
    )
  const expected = (write ?? statementOf)(view, statedFiles(manifest))
  if (text === expected) return undefined
  if (found === undefined) return 'its statement is not as it was written'
  const parts = flat(found)
  const wanted = flat(JSON.parse(expected) as Statement)
  const differing = Object.keys({ ...wanted, ...parts }).filter(
    (key) => !isDeepStrictEqual(parts[key], wanted[key]),
  )
  return differing.length > 0
    ? `${differing.join(', ')}: not what follows from the journal and the manifest`
    : 'its statement is not as it was written'
}

function parsed(text: string): Statement | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Statement) : undefined
  } catch {
    return undefined
  }
}

/** The version that a statement names; undefined for one that names none. */
function versionOf(statement: Statement | undefined): number | undefined {
  const shape = versionSchema.safeParse(statement)
  return shape.data?.predicate.configuration.at(-1)?.annotations?.statement_version
}

const versionSchema = z.object({
  predicate: z.object({
    configuration: z.array(
      z.object({ annotations: z.object({ statement_version: z.int().optional() }).optional() }),
    ),
  }),
})

/** The parts of a statement; each subject is one, by its name. */
const flat = (statement: Statement): Record<string, unknown> => ({
  ...statement,
  ...statement.predicate,
  ...Object.fromEntries(
    (Array.isArray(statement.subject) ? statement.subject : []).map((each) => [`subject ${each.name}`, each]),
  ),
  predicate: null,
  subject: null,
})

interface Statement {
  readonly predicate?: object
  readonly subject?: readonly { readonly name: string }[]
}
