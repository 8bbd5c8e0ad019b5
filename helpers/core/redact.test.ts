import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { forgetSecrets, redact, redactDeep, registerSecret } from './redact.ts'

describe('redact', () => {
  beforeEach(forgetSecrets)
  afterEach(forgetSecrets)

  test('a secret disappears in each form that it takes on its way out', () => {
    const secret = 'c@nary/Key+1 "x"'
    registerSecret('APCA_API_SECRET_KEY', secret)
    const forms = [
      secret,
      encodeURIComponent(secret),
      Buffer.from(secret).toString('base64'),
      Buffer.from(secret).toString('base64url'),
      JSON.stringify(secret),
      `https://x.test/?key=${encodeURIComponent(secret)}&a=1`,
    ]
    for (const form of forms) {
      const clean = redact(`before ${form} after`)
      expect(clean).toContain('[redacted APCA_API_SECRET_KEY]')
      for (const leak of forms.slice(0, 4)) expect(clean).not.toContain(leak)
    }
  })

  test('a password in an address or a connection string disappears, registered or not', () => {
    expect(redact('at postgres://admin:canary@db.test:5432/x failed')).toBe(
      'at postgres://admin:[redacted]@db.test:5432/x failed',
    )
    expect(redact("host=db user=a password='can ary' port=1 PGPASSWORD=canary")).toBe(
      'host=db user=a password=[redacted] port=1 PGPASSWORD=[redacted]',
    )
    const long = 'canary'.repeat(200)
    for (const [text, clean] of [
      ['postgres://admin:can@ary@db.test:5432/x', 'postgres://admin:[redacted]@db.test:5432/x'],
      [`postgres://admin:${long}@db.test`, 'postgres://admin:[redacted]@db.test'],
      [`host=db password=${long}`, 'host=db password=[redacted]'],
      ["password='can\\'ary' port=1", 'password=[redacted] port=1'],
    ] as const)
      expect(redact(text)).toBe(clean)
    for (const harmless of [
      'https://x.test/a:b@c',
      'https://x.test:443?mail=a@b',
      'postgres://admin@db.test',
      'at 12:30 a@b',
      'password=',
    ])
      expect(redact(harmless)).toBe(harmless)
  })

  test('a secret that contains another leaves no remainder', () => {
    registerSecret('SHORT', 'canary')
    registerSecret('LONG', 'canary-and-more')
    expect(redact('x canary-and-more y')).toBe('x [redacted LONG] y')
  })

  test('keys and nested values are cleaned, other values stay what they are', () => {
    registerSecret('TOKEN', 'canary-token')
    expect(redactDeep({ 'canary-token': [{ n: 1, text: 'a canary-token' }], ok: null })).toEqual({
      '[redacted TOKEN]': [{ n: 1, text: 'a [redacted TOKEN]' }],
      ok: null,
    })
  })

  test('an empty or very short value does not black out ordinary words', () => {
    registerSecret('EMPTY', '')
    registerSecret('TINY', 'at')
    expect(redact('a cat at the gate')).toBe('a cat at the gate')
  })
})
