import { afterEach, expect, test } from 'vitest'
import { forgetSecrets, redact } from '../../helpers/core/redact.ts'
import { REHEARSAL_KEYS } from '../../helpers/simulator/servers/servers.ts'
import { credentialFaults, lackOf, REHEARSAL_CREDENTIALS, readCredentials } from './credentials.ts'
import { ADAPTERS } from './registry.ts'

const given = (variables: Readonly<Record<string, string>>) => new Map(Object.entries(variables))
afterEach(forgetSecrets)

test('every adapter states the month of its API, what it lacks, and a pattern that its keys match', () => {
  for (const [name, { api_as_of, cannot, variables }] of Object.entries(ADAPTERS)) {
    expect([name, api_as_of]).toEqual([name, expect.stringMatching(/^20\d\d-(0[1-9]|1[0-2])$/)])
    expect([name, cannot.length > 0]).toEqual([name, true])
    for (const { form, rehearsal } of variables) expect(rehearsal).toMatch(form)
  }
})

test('the simulated market takes the keys that the adapter declares for it', () => {
  expect(REHEARSAL_CREDENTIALS).toMatchObject({
    APCA_API_KEY_ID: REHEARSAL_KEYS.key_id,
    APCA_API_SECRET_KEY: REHEARSAL_KEYS.secret_key,
  })
})

test.for([
  [{ SEC_USER_AGENT: 'Jane Doe' }, 'SEC_USER_AGENT is "Jane Doe"; it must be a name and an address'],
  [{ YAHOO_ENABLED: 'yes' }, 'YAHOO_ENABLED is "yes"; it must be 1 to opt in, or 0'],
  [{ APCA_API_KEY_ID: 'PK1' }, 'APCA_API_SECRET_KEY is not set; alpaca needs all of'],
  [{ APCA_API_SECRET_KEY: 's' }, 'APCA_API_KEY_ID is not set; alpaca needs all of'],
  [{ YAHO_ENABLED: '1' }, 'did you mean YAHOO_ENABLED?'],
  [{ apca_api_key_id: '1' }, 'did you mean APCA_API_KEY_ID?'],
] as const)('%j is one fault, and says what to do', ([variables, message]) => {
  expect(credentialFaults(given(variables))).toEqual([expect.stringContaining(message)])
})

test('a value of the wrong form is shown only where it is no secret', () => {
  const [fault] = credentialFaults(given({ APCA_API_KEY_ID: 'PK1', APCA_API_SECRET_KEY: 'two words' }))
  expect(fault).toBe('APCA_API_SECRET_KEY is [redacted]; it must be a key of a paper account')
})

test('variables of other software are no fault, and what is right is none', () => {
  expect(credentialFaults(given({ PATH: '/bin', SEC: '1', YAHOO_ENABLED: '0' }))).toEqual([])
})

test('secrets are registered with the redactor, and a switched-off provider lacks its variable', () => {
  const credentials = readCredentials(
    given({ APCA_API_KEY_ID: 'PKCANARY', APCA_API_SECRET_KEY: 'canary-secret', YAHOO_ENABLED: '0' }),
  )
  expect(redact('PKCANARY canary-secret')).toBe('[redacted APCA_API_KEY_ID] [redacted APCA_API_SECRET_KEY]')
  const lacks = Object.values(ADAPTERS).map((adapter) => lackOf(adapter, credentials)?.split(' ')[0])
  expect(lacks).toEqual(['SEC_USER_AGENT', undefined, undefined, 'YAHOO_ENABLED'])
})
