/**
 * A scripted fault: what happens to a request, and which one. Plain data, so that a script can be part of a
 * JSON file.
 */
export interface Fault {
  /** Route without `/2/`, e.g. `files/upload_session/append_v2`, or `oauth2/token`; undefined for any. */
  readonly route?: string
  /** So many matching requests pass first. Default 0. */
  readonly skip?: number
  /** So many are hit then. Default 1. */
  readonly times?: number
  readonly action: FaultAction
}
export type FaultAction =
  /** The socket is destroyed once `after_bytes` of the body have come; nothing is committed. */
  | { readonly kind: 'cut-before'; readonly after_bytes?: number }
  /** The first `commit_bytes` of an append are committed, then the socket is destroyed. */
  | { readonly kind: 'cut-partly'; readonly commit_bytes: number }
  /** All is committed, and the reply is lost. */
  | { readonly kind: 'cut-after' }
  | { readonly kind: 'status'; readonly status: number; readonly body: unknown }
  /** 429; a request before `retry_after_s` has passed gets it again, and the wait starts again. */
  | { readonly kind: 'throttle'; readonly retry_after_s: number; readonly as: 'json' | 'text' }
  /** 409 too_many_write_operations, in the shape of the route. */
  | { readonly kind: 'too-many-writes' }
  | { readonly kind: 'slow'; readonly ms: number }
  /** The token of the request expires just before it is looked at. */
  | { readonly kind: 'expire-token' }
  /** The grant is taken back: this token, all others, and the refresh token. */
  | { readonly kind: 'revoke-grant' }
  /** One bit of the received body turns over on its way. */
  | { readonly kind: 'flip-received' }
  /** One bit of the stored file turns over after the commit; its metadata stays. */
  | { readonly kind: 'flip-stored' }
  /** A download ends after so many bytes. */
  | { readonly kind: 'truncate'; readonly bytes: number }

export const FAULT_KINDS = [
  'cut-before',
  'cut-partly',
  'cut-after',
  'status',
  'throttle',
  'too-many-writes',
  'slow',
  'expire-token',
  'revoke-grant',
  'flip-received',
  'flip-stored',
  'truncate',
] as const satisfies readonly FaultAction['kind'][]

interface Armed {
  readonly fault: Fault
  skip: number
  times: number
}

/** The faults that still wait for their request. */
export class FaultScript {
  #armed: Armed[] = []

  add(...faults: readonly Fault[]): void {
    for (const fault of faults) {
      if (!FAULT_KINDS.includes(fault.action.kind))
        throw new TypeError(
          `"${fault.action.kind}" is not a fault; known faults are ${FAULT_KINDS.join(', ')}.`,
        )
      this.#armed.push({ fault, skip: fault.skip ?? 0, times: fault.times ?? 1 })
    }
  }

  clear(): void {
    this.#armed = []
  }

  /** What happens to this request: the first fault whose turn it is. Each one that matches counts it. */
  take(route: string): FaultAction | undefined {
    let taken: FaultAction | undefined
    for (const armed of this.#armed) {
      if (armed.fault.route !== undefined && armed.fault.route !== route) continue
      if (armed.skip > 0) armed.skip -= 1
      else if (armed.times > 0 && taken === undefined) {
        armed.times -= 1
        taken = armed.fault.action
      }
    }
    this.#armed = this.#armed.filter(({ times }) => times > 0)
    return taken
  }
}
