import { expect, test } from 'vitest'
import { nextStep } from './existing.ts'

const server = { host: 'db.test', port: 5432, user: 'me' }

test.for([
  ['28P01', 'password authentication failed for user "me"', 'PGPASSWORD'],
  ['ENOTFOUND', 'getaddrinfo ENOTFOUND db.test', 'correct PGHOST'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'unable to verify the first certificate', 'set PGSSLROOTCERT'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'self-signed certificate', 'set PGSSLROOTCERT'],
  [
    'ERR_TLS_CERT_ALTNAME_INVALID',
    "Hostname/IP does not match certificate's altnames: Host: db.test.",
    'Set PGHOST to a name',
  ],
  [undefined, 'The server does not support SSL connections', 'PGSSLMODE'],
  ['ECONNREFUSED', 'connect ECONNREFUSED', 'pg_isready -h db.test'],
] as const)('%s says what to do', ([sqlstate, says, advice]) => {
  expect(nextStep(server, sqlstate, says)).toContain(advice)
})
