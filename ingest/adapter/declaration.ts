import type { Dataset } from '../contract/job.ts'
import type { Provider } from '../contract/provider.ts'
import type { Limit } from '../http/budget.ts'
import type { Pattern } from '../http/pattern.ts'
import type { AdapterContext } from './adapter.ts'

/** What an adapter declares of itself, known before it is opened. Each provider's folder exports one. */
export interface Adapter {
  readonly name: string
  readonly datasets: readonly Dataset[]
  readonly limits: readonly Limit[]
  /** The month of the documentation that the adapter follows, YYYY-MM. */
  readonly api_as_of: string
  /** What it cannot serve; printed with the plan, before the run. */
  readonly cannot: readonly string[]
  /** What the provider is known to mean by certain words. */
  readonly patterns: readonly Pattern[]
  /** Environment variables that it needs, every one of them. */
  readonly variables: readonly Variable[]
  readonly open: (context: AdapterContext, credentials: Credentials) => Provider
}

/** An environment variable of a provider. */
export interface Variable {
  readonly name: string
  readonly is_secret: boolean
  /** Form of a value, and the same in words: "SEC_USER_AGENT is "x"; it must be …". */
  readonly form: RegExp
  readonly must_be: string
  /** A value that counts as not set. */
  readonly off?: string
  /** What the simulated market takes. It is sent to loopback only. */
  readonly rehearsal: string
}

/** Values by the name of their variable; what is not set is missing. */
export type Credentials = Readonly<Record<string, string | undefined>>
