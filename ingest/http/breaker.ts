import { SourceError } from '../contract/provider.ts'
import type { Failure } from './outcome.ts'

/**
 * Stops asking once a provider has said something about the account: thousands of items would get the same
 * answer, and some providers lengthen the block with every further request. Closes again by itself when the
 * provider named a time.
 */
export interface Breaker {
  /** @throws SourceError, the one that opened it, while it is open. */
  check(): void
  /** Opens it when `error` is about the account. */
  note(error: SourceError): void
}

export function openBreaker(): Breaker {
  let open: SourceError | undefined
  return {
    check() {
      if (open === undefined) return
      if (open.next_try_at !== undefined && Date.parse(open.next_try_at) <= Date.now()) {
        open = undefined
        return
      }
      const { message, error_class, http_status, next_try_at, is_about_account: is_long_wait } = open
      throw sourceError(message, {
        error_class: error_class as Failure,
        http_status,
        next_try_at,
        is_long_wait,
        cause: open,
      })
    },
    note(error) {
      if (error.is_about_account) open ??= error
    },
  }
}

export function sourceError(
  message: string,
  details: {
    error_class: SourceError['error_class']
    http_status?: number | undefined
    next_try_at?: string | undefined
    is_long_wait?: boolean | undefined
    cause?: unknown
  },
): SourceError {
  return new SourceError(message, {
    error_class: details.error_class,
    ...(details.http_status === undefined ? {} : { http_status: details.http_status }),
    ...(details.next_try_at === undefined ? {} : { next_try_at: details.next_try_at }),
    ...(details.is_long_wait === undefined ? {} : { is_long_wait: details.is_long_wait }),
    cause: details.cause,
  })
}
