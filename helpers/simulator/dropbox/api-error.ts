/** A reply of the server that is not a success: status, body as JSON or plain text, headers. */
export class ApiError extends Error {
  readonly status: number
  readonly body: unknown
  readonly headers: Readonly<Record<string, string>>
  constructor(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}) {
    super(`${status}`)
    this.status = status
    this.body = body
    this.headers = headers
  }
}

export interface Tagged {
  readonly '.tag': string
  readonly [field: string]: unknown
}

/**
 * 409, an error of the endpoint itself. The summary is the path of tags, ended by two dots, as Dropbox writes
 * it.
 */
export const endpointError = (error: Tagged): ApiError =>
  new ApiError(409, { error_summary: `${summaryOf(error)}/..`, error })

/** 401, with the shape of AuthError. */
export const authError = (error: Tagged): ApiError =>
  new ApiError(401, { error_summary: `${error['.tag']}/..`, error })

/** 400, plain text: the request itself is not well formed. */
export const badRequest = (route: string, text: string): ApiError =>
  new ApiError(400, `Error in call to API function "${route}": ${text}`)

/** 429, as JSON or as plain text; Retry-After is in seconds. */
export const tooManyRequests = (retry_after_s: number, as: 'json' | 'text'): ApiError =>
  new ApiError(
    429,
    as === 'text'
      ? 'Too many requests. Please wait before you try again.'
      : {
          error_summary: 'too_many_requests/..',
          error: { reason: { '.tag': 'too_many_requests' }, retry_after: retry_after_s },
        },
    { 'retry-after': String(retry_after_s) },
  )

function summaryOf(error: Tagged): string {
  const inner = Object.values(error).find(
    (value): value is Tagged => typeof value === 'object' && value !== null && '.tag' in value,
  )
  return inner === undefined ? error['.tag'] : `${error['.tag']}/${summaryOf(inner)}`
}
