import { SourceError } from '../../contract/provider.ts'

/** A file that is not what its format promises. */
export const malformed = (message: string, cause?: unknown): SourceError =>
  new SourceError(message, { error_class: 'malformed', cause })

/** A file that ends before its end. */
export const truncated = (message: string, cause?: unknown): SourceError =>
  new SourceError(message, { error_class: 'truncated', cause })

/** A file that is being written while we read it. */
export const changed = (name: string): SourceError =>
  new SourceError(`${name} changed while it was read. Wait until the drop is complete, and start again.`, {
    error_class: 'transient',
  })
