import { messageOf } from '../core/errors.ts'
import { registerSecret } from '../core/redact.ts'
import { RemoteError } from './errors.ts'

export interface Credentials {
  readonly access_token?: string | undefined
  readonly refresh_token?: string | undefined
  readonly app_key?: string | undefined
  readonly app_secret?: string | undefined
}

/** A token that expires sooner than this is exchanged before it is used: sending a chunk takes time. */
const REFRESH_BEFORE_END_MS = 5 * 60_000
const TOKEN_URL = 'https://api.dropboxapi.com/oauth2/token'
const TIMEOUT_MS = 30_000

/**
 * Access tokens, one refresh at a time. The package's own refresh puts the secret of the app into the URL,
 * where proxies log it; here it goes in the body, or not at all for a grant by PKCE.
 */
export class Tokens {
  readonly #credentials: Credentials
  readonly #fetch: typeof fetch
  #access_token: string | undefined
  #ends_at_ms = Number.POSITIVE_INFINITY
  #refreshing: Promise<string> | undefined

  constructor(credentials: Credentials, fetcher: typeof fetch) {
    this.#credentials = credentials
    this.#fetch = fetcher
    this.#access_token = credentials.access_token
    registerSecret('the Dropbox access token', credentials.access_token)
    registerSecret('the Dropbox refresh token', credentials.refresh_token)
    registerSecret('the Dropbox app secret', credentials.app_secret)
  }

  /**
   * A token to use. `refused` is a token that was just rejected with 401: it is exchanged, unless another
   * call did so already.
   */
  async take(refused?: string): Promise<string> {
    const isGood =
      this.#access_token !== undefined &&
      this.#access_token !== refused &&
      Date.now() < this.#ends_at_ms - REFRESH_BEFORE_END_MS
    if (isGood && this.#access_token !== undefined) return this.#access_token
    if (this.#credentials.refresh_token === undefined) {
      if (this.#access_token !== undefined && this.#access_token !== refused) return this.#access_token
      throw new RemoteError(
        'auth',
        'Dropbox no longer accepts DROPBOX_ACCESS_TOKEN: such a token is valid for four hours. ' +
          'Set DROPBOX_REFRESH_TOKEN and DROPBOX_APP_KEY.',
      )
    }
    this.#refreshing ??= this.#refresh().finally(() => {
      this.#refreshing = undefined
    })
    return this.#refreshing
  }

  async #refresh(): Promise<string> {
    const { refresh_token = '', app_key = '', app_secret } = this.#credentials
    const form = new URLSearchParams({ grant_type: 'refresh_token', refresh_token, client_id: app_key })
    if (app_secret !== undefined) form.set('client_secret', app_secret)
    let response: Response
    let body: Record<string, unknown>
    try {
      response = await this.#fetch(TOKEN_URL, {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: form.toString(),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      })
      body = (await response.json().catch(() => ({}))) as Record<string, unknown>
    } catch (error) {
      throw new RemoteError(
        'network',
        `Dropbox did not answer the request for a token: ${messageOf(error)}. ` +
          'Check the network, then run again.',
        { cause: error },
      )
    }
    // In the form of a failed call of the package, so that Retry-After is respected here too.
    if (response.status === 429 || response.status >= 500)
      throw Object.assign(new Error('the request for a token failed'), {
        status: response.status,
        error: body,
        headers: response.headers,
      })
    const { access_token, expires_in, error } = body
    if (!response.ok || typeof access_token !== 'string') {
      throw new RemoteError(
        'auth',
        `Dropbox refuses DROPBOX_REFRESH_TOKEN (HTTP ${response.status}, ` +
          `${String(error ?? 'no reason given')}). Link the app again, then set DROPBOX_REFRESH_TOKEN and ` +
          'DROPBOX_APP_KEY (and DROPBOX_APP_SECRET where the grant was made with it).',
      )
    }
    registerSecret('the Dropbox access token', access_token)
    this.#access_token = access_token
    this.#ends_at_ms = Date.now() + (typeof expires_in === 'number' ? expires_in : 14_400) * 1000
    return access_token
  }
}
