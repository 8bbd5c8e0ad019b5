import { StocksError } from '../core/errors.ts'

/**
 * auth: the token or the grant is not accepted. scope: a permission is missing. space: the account is full.
 * conflict: a file of this name has other content. not_found: there is no such file. throttled, network,
 * server: every retry failed. damaged: a hash differs.
 */
export type RemoteErrorKind =
  | 'auth'
  | 'scope'
  | 'space'
  | 'conflict'
  | 'not_found'
  | 'throttled'
  | 'network'
  | 'server'
  | 'damaged'
  | 'refused'

/** A failure of the remote store. Never contains a token. */
export class RemoteError extends StocksError {
  readonly kind: RemoteErrorKind
  readonly transient: boolean
  constructor(kind: RemoteErrorKind, message: string, options?: ErrorOptions) {
    super(message, options)
    this.kind = kind
    this.transient = kind === 'throttled' || kind === 'network' || kind === 'server'
  }
}
