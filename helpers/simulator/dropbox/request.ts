import type { IncomingMessage } from 'node:http'
import { ApiError, badRequest } from './api-error.ts'
import { ARGUMENTS, type Argument, ROUTES, type Route } from './arguments.ts'

/** A body may have so many bytes; a file above goes by an upload session. */
const BODY_BYTES_MAX = 150 * 1024 * 1024

/** Raised when a fault, or the client, cut the connection: no response can be sent. */
export class CutError extends Error {}

/** Reads a complete body, at most 150 MiB; `onBytes` counts, and may cut. */
export async function readBody(
  request: IncomingMessage,
  onBytes: (bytes: number, total: number) => void,
): Promise<Buffer> {
  if (Number(request.headers['content-length'] ?? 0) > BODY_BYTES_MAX) {
    request.resume()
    throw new ApiError(413, 'Payload too large: a request has at most 150 MiB.')
  }
  const chunks: Buffer[] = []
  let total = 0
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      total += chunk.length
      onBytes(chunk.length, total)
      if (total > BODY_BYTES_MAX) throw new ApiError(413, 'Payload too large: a request has at most 150 MiB.')
      chunks.push(chunk)
    }
  } catch (error) {
    if (error instanceof ApiError) throw error
    throw new CutError('the connection was cut while the body came', { cause: error })
  }
  return Buffer.concat(chunks)
}

/**
 * The argument of a route: from the body (rpc) or the header Dropbox-API-Arg (content), which must be ASCII.
 * Unknown fields are refused.
 */
export function readArgument<R extends Route>(route: R, request: IncomingMessage, body: Buffer): Argument<R> {
  const { style } = ROUTES[route]
  const contentType = request.headers['content-type']
  const header = request.headers['dropbox-api-arg']
  let text: string
  if (style === 'rpc') {
    if (header !== undefined)
      throw badRequest(route, 'header "Dropbox-API-Arg" is not expected by this endpoint')
    if (
      body.length > 0 &&
      !/^application\/json(; ?charset=utf-8)?$|^text\/plain; ?charset=dropbox-cors-hack$/.test(
        contentType ?? '',
      )
    )
      throw badRequest(
        route,
        `Bad HTTP "Content-Type" header: "${contentType ?? ''}". Expecting one of "application/json", "application/json; charset=utf-8".`,
      )
    text = body.length === 0 ? 'null' : body.toString('utf8')
  } else {
    if (
      style === 'upload' &&
      contentType !== 'application/octet-stream' &&
      contentType !== 'text/plain; charset=dropbox-cors-hack'
    )
      throw badRequest(
        route,
        `Bad HTTP "Content-Type" header: "${contentType ?? ''}". Expecting one of "application/octet-stream".`,
      )
    if (
      style === 'download' &&
      contentType !== undefined &&
      contentType !== '' &&
      !/^(text\/plain|application\/octet-stream)/.test(contentType)
    )
      throw badRequest(route, `Bad HTTP "Content-Type" header: "${contentType}".`)
    if (typeof header !== 'string') throw badRequest(route, 'missing HTTP header "Dropbox-API-Arg"')
    // Node hands header bytes over as Latin-1, so a byte above ASCII shows here.
    if (/[^\x20-\x7e]/.test(header))
      throw badRequest(route, 'HTTP header "Dropbox-API-Arg": could not decode input as JSON')
    text = header
  }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw badRequest(route, 'could not decode input as JSON')
  }
  const parsed = ARGUMENTS[route].safeParse(value)
  if (parsed.success) return parsed.data as Argument<R>
  const issue = parsed.error.issues[0]
  throw badRequest(route, `request body: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'is not valid'}`)
}
