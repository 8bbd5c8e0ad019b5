import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A server on loopback, for tests: counts its requests. */
export interface TestServer {
  readonly origin: string
  readonly asked: readonly {
    readonly url: string
    readonly headers: IncomingMessage['headers']
    readonly at_ms: number
  }[]
  close(): Promise<void>
}

export async function serve(
  answer: (request: IncomingMessage, response: ServerResponse, count: number) => void,
): Promise<TestServer> {
  const asked: { url: string; headers: IncomingMessage['headers']; at_ms: number }[] = []
  const listener: RequestListener = (request, response) => {
    asked.push({ url: request.url ?? '', headers: request.headers, at_ms: performance.now() })
    answer(request, response, asked.length)
  }
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}

export function json(
  response: ServerResponse,
  value: unknown,
  status = 200,
  headers: Record<string, string> = {},
): void {
  const body = typeof value === 'string' ? value : JSON.stringify(value)
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(body)),
    ...headers,
  })
  response.end(body)
}
