import { SourceError } from '../../contract/provider.ts'

/** A file that breaks its format. */
export const malformed = (message: string, cause?: unknown): SourceError =>
  new SourceError(message, { error_class: 'malformed', cause })

/** A file that ends too early. */
export const truncated = (message: string, cause?: unknown): SourceError =>
  new SourceError(message, { error_class: 'truncated', cause })

/** A file that is being written while we read it. */
export const changed = (name: string): SourceError =>
  new SourceError(
    `${name} changed while it was read. Wait until the delivery is complete, and start again.`,
    { error_class: 'transient' },
  )
