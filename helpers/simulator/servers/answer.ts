/** What a simulated server says, before limits and faults have their way with it. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Buffer
}

/** One request as a feed sees it. */
export interface Asked {
  readonly path: string
  readonly query: URLSearchParams
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | undefined>>
}

export const json = (status: number, value: unknown): Answer => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(value),
})
export const html = (status: number, title: string, text: string): Answer => ({
  status,
  headers: { 'content-type': 'text/html' },
  body: `<!DOCTYPE html>\n<html lang="en">\n<head><title>${title}</title></head>\n<body>\n<h1>${title}</h1>\n<p>${text}</p>\n</body>\n</html>\n`,
})
export const text = (status: number, body: string): Answer => ({
  status,
  headers: { 'content-type': 'text/plain' },
  body,
})

/** The error of an object store, as the SEC's file servers give it. */
export function objectStoreError(status: 403 | 404, path: string): Answer {
  const [code, message] =
    status === 403 ? ['AccessDenied', 'Access Denied'] : ['NoSuchKey', 'The specified key does not exist.']
  const key = status === 404 ? `<Key>${path.replace(/^\//, '')}</Key>` : ''
  return {
    status,
    headers: { 'content-type': 'application/xml' },
    body: `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message>${key}<RequestId>REHEARSAL0000000</RequestId><HostId>UkVIRUFSU0FM</HostId></Error>`,
  }
}
