import { redact } from '../core/redact.ts'

/**
 * What a failed call says, read from the package's error: its `error` is JSON, plain text, or missing when
 * the network failed.
 */
export interface Failure {
  /** Undefined when no answer came. */
  readonly status: number | undefined
  /** Tags from the outside in, e.g. ['lookup_failed', 'incorrect_offset']. */
  readonly tags: readonly string[]
  readonly retry_after_ms: number | undefined
  readonly correct_offset: number | undefined
  readonly required_scope: string | undefined
  /** For people; contains no header, no argument and no secret. */
  readonly text: string
}

export function readFailure(error: unknown): Failure {
  const {
    status,
    error: body,
    headers,
  } = (error ?? {}) as { status?: unknown; error?: unknown; headers?: unknown }
  if (typeof status !== 'number') {
    const cause = (error as { cause?: { code?: string; message?: string } } | undefined)?.cause
    const text = [
      error instanceof Error ? error.message : String(error),
      cause?.code ?? cause?.message,
    ].filter((part) => part !== undefined)
    return { ...NOTHING, status: undefined, text: redact(text.join(': ')) }
  }
  const tags: string[] = []
  let correct_offset: number | undefined
  let required_scope: string | undefined
  const inner = isObject(body) ? body['error'] : undefined
  for (let node: unknown = inner; isObject(node); ) {
    const tag = node['.tag']
    if (typeof tag === 'string') tags.push(tag)
    if (typeof node['correct_offset'] === 'number') correct_offset = node['correct_offset']
    if (typeof node['required_scope'] === 'string') required_scope = node['required_scope']
    node = Object.values(node).find(isObject)
  }
  const retry = headers instanceof Headers ? headers.get('retry-after') : null
  const retry_after_s = retry ?? (isObject(inner) ? inner['retry_after'] : undefined)
  const seconds = Number(retry_after_s)
  const summary = isObject(body)
    ? (body['error_summary'] ?? body['error_description'] ?? body['error'])
    : body
  return {
    status,
    tags,
    retry_after_ms:
      retry_after_s !== undefined && retry_after_s !== null && Number.isFinite(seconds)
        ? seconds * 1000
        : undefined,
    correct_offset,
    required_scope,
    text: redact(`HTTP ${status}, ${asText(summary).slice(0, 300)}`),
  }
}

const asText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value ?? ''))

const NOTHING = {
  tags: [],
  retry_after_ms: undefined,
  correct_offset: undefined,
  required_scope: undefined,
} as const
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null
