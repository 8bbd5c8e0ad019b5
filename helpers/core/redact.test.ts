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
