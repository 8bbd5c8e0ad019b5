/** The vectors are those of the protocol: secure-systems-lab/dsse, protocol.md, "Test Vectors". */
import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto'
import { expect, test } from 'vitest'
import {
  envelopeOf,
  envelopeText,
  isSignedBy,
  keyIdOf,
  keyOfId,
  parseEnvelope,
  payloadOf,
  preAuthenticationEncoding,
} from './dsse.ts'

const TYPE = 'http://example.com/HelloWorld'
const VECTOR = {
  payload: 'aGVsbG8gd29ybGQ=',
  payloadType: TYPE,
  sig: 'A3JqsQGtVsJ2O2xqrI5IcnXip5GToJ3F+FnZ+O88SjtR6rDAajabZKciJTfUiHqJPcIAriEGAHTVeCUjW2JIZA==',
  x: 46950820868899156662930047687818585632848591499744589407958293238635476079160n,
  y: 5640078356564379163099075877009565129882514886557779369047442380624545832820n,
}

test('the encoding that is signed is that of the protocol', () => {
  const encoded = preAuthenticationEncoding(TYPE, Buffer.from('hello world'))
  expect(encoded.toString()).toBe('DSSEv1 29 http://example.com/HelloWorld 11 hello world')
  // Lengths count bytes, not characters.
  const accents = preAuthenticationEncoding('é', Buffer.from('ü'))
  expect(accents).toEqual(Buffer.from('DSSEv1 2 é 2 ü'))
})

test('the signature of the protocol’s own example verifies over that encoding', () => {
  const base64url = (value: bigint): string =>
    Buffer.from(value.toString(16).padStart(64, '0'), 'hex').toString('base64url')
  const jwk = { kty: 'EC', crv: 'P-256', x: base64url(VECTOR.x), y: base64url(VECTOR.y) }
  const key = createPublicKey({ key: jwk, format: 'jwk' })
  const signed = preAuthenticationEncoding(VECTOR.payloadType, payloadOf(VECTOR))
  const isVerified = (body: Buffer): boolean =>
    verify('sha256', body, { key, dsaEncoding: 'ieee-p1363' }, Buffer.from(VECTOR.sig, 'base64'))
  expect(isVerified(signed)).toBe(true)
  expect(isVerified(Buffer.from('hello world'))).toBe(false)
})

test('a signed envelope is read again, and is signed by its key and by no other', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const other = generateKeyPairSync('ed25519').publicKey
  const envelope = parseEnvelope(envelopeText(envelopeOf(TYPE, Buffer.from('hello world'), privateKey)))
  expect(payloadOf(envelope).toString()).toBe('hello world')
  expect(envelope.payload).toBe(VECTOR.payload)
  expect(isSignedBy(envelope, publicKey)).toBe(true)
  expect(isSignedBy(envelope, other)).toBe(false)
  expect(isSignedBy({ ...envelope, payloadType: 'http://example.com/Other' }, publicKey)).toBe(false)
  expect(isSignedBy({ ...envelope, payload: 'aGVsbG8gV29ybGQ=' }, publicKey)).toBe(false)
  expect(isSignedBy(envelopeOf(TYPE, Buffer.from('hello world')), publicKey)).toBe(false)
  expect(keyOfId(keyIdOf(publicKey))?.equals(publicKey)).toBe(true)
  expect(keyOfId('ed25519:AAAA')).toBeUndefined()
  expect(keyOfId('someone')).toBeUndefined()
})
