import { StocksError } from '../core/errors.ts'

/**
 * auth: the token or the grant is not accepted. scope: a permission is missing. space: no room. conflict:
 * other content has the name. not_found: there is no such file. throttled, network, server: still so after
 * every retry. damaged: a hash differs.
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

/** The place for backups failed or refused. Never holds a token. */
export class RemoteError extends StocksError {
  readonly kind: RemoteErrorKind
  readonly transient: boolean
  constructor(kind: RemoteErrorKind, message: string, options?: ErrorOptions) {
    super(message, options)
    this.kind = kind
    this.transient = kind === 'throttled' || kind === 'network' || kind === 'server'
  }
}
