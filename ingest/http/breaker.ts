import { SourceError } from '../pipeline/provider.ts'
import { type Failure, isAboutAccount } from './outcome.ts'

/**
 * Stops asking once a provider has said something about the account: thousands of items would get the same answer, and some
 * providers lengthen the block with every further request. Closes again by itself when the provider named a time.
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
      const { message, error_class, http_status, next_try_at } = open
      throw sourceError(message, { error_class: error_class as Failure, http_status, next_try_at, cause: open })
    },
    note(error) {
      if (isAboutAccount(error.error_class as Failure)) open ??= error
    },
  }
}

export function sourceError(
  message: string,
  details: { error_class: SourceError['error_class']; http_status?: number | undefined; next_try_at?: string | undefined; cause?: unknown },
): SourceError {
  return new SourceError(message, {
    error_class: details.error_class,
    ...(details.http_status === undefined ? {} : { http_status: details.http_status }),
    ...(details.next_try_at === undefined ? {} : { next_try_at: details.next_try_at }),
    cause: details.cause,
  })
}
