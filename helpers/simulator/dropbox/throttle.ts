import { tooManyRequests } from './api-error.ts'
import type { FaultAction } from './faults.ts'

/**
 * Rate limiting by script. Limited requests count too: a request that comes too early is limited again, and
 * the wait starts again.
 */
export class Throttle {
  early_retries = 0
  #active: { until: number; readonly retry_after_s: number; readonly as: 'json' | 'text' } | undefined

  /** @throws ApiError 429 while the wait lasts, or when the fault starts one. */
  pass(fault: FaultAction | undefined, now: number): void {
    if (this.#active !== undefined && now < this.#active.until) {
      this.early_retries += 1
      this.#active.until = now + this.#active.retry_after_s * 1000
      throw tooManyRequests(this.#active.retry_after_s, this.#active.as)
    }
    this.#active = undefined
    if (fault?.kind !== 'throttle') return
    this.#active = {
      retry_after_s: fault.retry_after_s,
      as: fault.as,
      until: now + fault.retry_after_s * 1000,
    }
    throw tooManyRequests(fault.retry_after_s, fault.as)
  }
}
