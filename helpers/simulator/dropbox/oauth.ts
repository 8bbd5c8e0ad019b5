import { ApiError, authError } from './api-error.ts'
import { randomId, type StateStore } from './state.ts'

/**
 * The token endpoint: `grant_type=refresh_token` in a form body, with the secret of the app in the body or by
 * basic authentication, or none for PKCE. A secret in the URL is refused here, so that a client which puts it
 * there shows itself.
 */
export function grantToken(
  store: StateStore,
  query: URLSearchParams,
  body: string,
  contentType: string,
  authorization: string,
  now: number,
): unknown {
  if ([...query.keys()].length > 0)
    throw oauthError('invalid_request', 'parameters belong in the body, not in the URL')
  if (!contentType.startsWith('application/x-www-form-urlencoded'))
    throw oauthError('invalid_request', 'Content-Type must be application/x-www-form-urlencoded')
  const form = new URLSearchParams(body)
  const { app, refresh_tokens, access_tokens, access_token_lifetime_s } = store.value
  if (form.get('grant_type') !== 'refresh_token')
    throw oauthError('unsupported_grant_type', 'grant_type must be refresh_token')
  const basic = Buffer.from(/^Basic (.+)$/.exec(authorization)?.[1] ?? '', 'base64')
    .toString()
    .split(':')
  const key = form.get('client_id') ?? basic[0]
  const secret = form.get('client_secret') ?? basic[1]
  if (key !== app.key || (secret !== undefined && secret !== app.secret))
    throw oauthError('invalid_client', 'unknown app, or wrong secret')
  const refresh_token = form.get('refresh_token') ?? ''
  const grant = refresh_tokens[refresh_token]
  if (grant === undefined || grant.is_revoked)
    throw oauthError('invalid_grant', 'refresh token is invalid or revoked')
  if (secret === undefined && grant.is_pkce !== true)
    throw oauthError('invalid_client', 'client_secret is required for this grant')

  const access_token = randomId('sl.u.', 24)
  access_tokens[access_token] = {
    scopes: [...grant.scopes],
    refresh_token,
    expires_at_ms: now + access_token_lifetime_s * 1000,
    is_revoked: false,
  }
  store.save()
  return {
    access_token,
    token_type: 'bearer',
    expires_in: access_token_lifetime_s,
    scope: grant.scopes.join(' '),
  }
}

/**
 * The bearer of a request must be there, known, not revoked, not expired, and of the scope that the route
 * asks for.
 */
export function authorize(store: StateStore, authorization: string, scope: string, now: number): string {
  const token = /^Bearer (\S+)$/.exec(authorization)?.[1]
  if (token === undefined) throw authError({ '.tag': 'invalid_access_token' })
  const known = store.value.access_tokens[token]
  if (known === undefined || known.is_revoked) throw authError({ '.tag': 'invalid_access_token' })
  if (known.expires_at_ms <= now) throw authError({ '.tag': 'expired_access_token' })
  if (!known.scopes.includes(scope)) throw authError({ '.tag': 'missing_scope', required_scope: scope })
  return token
}

/** Ages the token of a request, or takes its whole grant back: for faults. */
export function spoilToken(
  store: StateStore,
  authorization: string,
  how: 'expire-token' | 'revoke-grant',
): void {
  const token = store.value.access_tokens[authorization.replace(/^Bearer /, '')]
  if (token === undefined) throw authError({ '.tag': 'invalid_access_token' })
  if (how === 'expire-token') token.expires_at_ms = 0
  else {
    const grant = store.value.refresh_tokens[token.refresh_token]
    if (grant !== undefined) grant.is_revoked = true
    for (const each of Object.values(store.value.access_tokens))
      if (each.refresh_token === token.refresh_token) each.is_revoked = true
  }
  store.save()
}

const oauthError = (error: string, error_description: string): ApiError =>
  new ApiError(400, { error, error_description })
