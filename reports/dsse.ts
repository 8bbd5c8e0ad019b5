/** Dead Simple Signing Envelope 1.0.0, with Ed25519: https://github.com/secure-systems-lab/dsse */
import { createPublicKey, type KeyObject, sign, verify } from 'node:crypto'
import { z } from 'zod'

const envelopeSchema = z.strictObject({
  payload: z.string(),
  payloadType: z.string(),
  signatures: z.array(z.strictObject({ keyid: z.string(), sig: z.string() })),
})

/** A payload of some type, and its signatures. One without signatures is unsigned. */
export type Envelope = Readonly<z.infer<typeof envelopeSchema>>

/** What is signed: the type and the payload, each with its length, so that neither runs into the other. */
export function preAuthenticationEncoding(type: string, body: Buffer): Buffer {
  const head = `DSSEv1 ${Buffer.byteLength(type)} ${type} ${body.length} `
  return Buffer.concat([Buffer.from(head), body])
}

/** Wraps `body`, and signs it when a private key is given. */
export function envelopeOf(type: string, body: Buffer, key?: KeyObject): Envelope {
  const unsigned = { payload: body.toString('base64'), payloadType: type }
  if (key === undefined) return { ...unsigned, signatures: [] }
  const sig = sign(null, preAuthenticationEncoding(type, body), key).toString('base64')
  return { ...unsigned, signatures: [{ keyid: keyIdOf(createPublicKey(key)), sig }] }
}

/** The envelope as a file has it. */
export const envelopeText = (envelope: Envelope): string => `${JSON.stringify(envelope, null, 2)}\n`

/** @throws when the text is no envelope. */
export const parseEnvelope = (text: string): Envelope => envelopeSchema.parse(JSON.parse(text))

/** The payload as bytes. Base64 of both alphabets is read, as the protocol demands. */
export const payloadOf = ({ payload }: Pick<Envelope, 'payload'>): Buffer => Buffer.from(payload, 'base64')

/** Whether one of the signatures was made with the private key that belongs to `key`. */
export const isSignedBy = (envelope: Envelope, key: KeyObject): boolean => {
  const signed = preAuthenticationEncoding(envelope.payloadType, payloadOf(envelope))
  return envelope.signatures.some(({ sig }) => verify(null, signed, key, Buffer.from(sig, 'base64')))
}

const PREFIX = 'ed25519:'

/**
 * The id of a key is the public key itself. It shows a damaged signature to a reader without the key; it does
 * not prove whose key it is.
 */
export const keyIdOf = (key: KeyObject): string => `${PREFIX}${String(key.export({ format: 'jwk' }).x)}`

/** The public key that a key id spells; undefined when it spells none. */
export function keyOfId(keyid: string): KeyObject | undefined {
  if (!keyid.startsWith(PREFIX)) return undefined
  try {
    const jwk = { kty: 'OKP', crv: 'Ed25519', x: keyid.slice(PREFIX.length) }
    const key = createPublicKey({ key: jwk, format: 'jwk' })
    return keyIdOf(key) === keyid ? key : undefined
  } catch {
    return undefined
  }
}
