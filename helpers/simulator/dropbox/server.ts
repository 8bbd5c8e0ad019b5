import { appendFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { registerSecret } from '../../core/redact.ts'
import { ApiError, endpointError } from './api-error.ts'
import { ROUTES, type Route } from './arguments.ts'
import { dispatch } from './dispatch.ts'
import { type Fault, type FaultAction, FaultScript } from './faults.ts'
import { authorize, grantToken, spoilToken } from './oauth.ts'
import { send } from './reply.ts'
import { CutError, readArgument, readBody } from './request.ts'
import { type State, StateStore } from './state.ts'
import { Throttle } from './throttle.ts'

export interface DropboxServerOptions {
  /** Holds everything that outlives the process. */
  readonly directory: string
  /** Default: a free one. */
  readonly port?: number
  readonly faults?: readonly Fault[]
  /** The clock, for sessions and tokens that grow old. Milliseconds since 1970. */
  readonly now?: () => number
}
export interface LoggedRequest {
  readonly at: string
  readonly route: string
  readonly status: number | 'cut'
  readonly bytes_received: number
  /** The argument of the call; tokens and secrets are never in one. */
  readonly argument: unknown
  readonly fault: string | null
}
/** A Dropbox on loopback, as strict as the real one. Everything in it says REHEARSAL. */
export interface DropboxServer {
  /** `http://127.0.0.1:<port>`; requests go to `<origin>/<original host>/<path>`. */
  readonly origin: string
  readonly credentials: {
    readonly app_key: string
    readonly app_secret: string
    readonly refresh_token: string
  }
  /** The live state: quota, tokens, files. Call `save` after a change that shall outlive the process. */
  readonly state: State
  readonly faults: FaultScript
  /** Every request so far, oldest first. */
  readonly requests: readonly LoggedRequest[]
  /** Body bytes received so far, cut requests included. */
  bytesReceived(): number
  /** Requests that came before the Retry-After of an earlier answer had passed. */
  earlyRetries(): number
  /** An access token, as the token endpoint would grant it. */
  grant(scopes?: readonly string[]): string
  save(): void
  stop(): Promise<void>
}

interface Call {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly url: URL
  readonly host: 'api' | 'content' | undefined
  readonly route: string
  readonly body: Buffer
  readonly fault: FaultAction | undefined
  readonly setArgument: (value: unknown) => void
}

const HOSTS = { 'api.dropboxapi.com': 'api', 'content.dropboxapi.com': 'content' } as const

/** Starts the server, on loopback only. State that is already in the folder goes on. */
export async function startDropboxServer({
  directory,
  port = 0,
  faults = [],
  now = Date.now,
}: DropboxServerOptions): Promise<DropboxServer> {
  const store = new StateStore(directory)
  const script = new FaultScript()
  script.add(...faults)
  const requests: LoggedRequest[] = []
  let bytes_received = 0
  const throttle = new Throttle()

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? '/', 'http://localhost')
    const [, hostName = '', ...rest] = url.pathname.split('/')
    const host = (HOSTS as Record<string, 'api' | 'content'>)[hostName]
    const route = rest[0] === '2' ? rest.slice(1).join('/') : rest.join('/')
    const fault = script.take(route)
    let received = 0
    let argument: unknown
    let status: number | 'cut' = 'cut'
    try {
      const body = await readBody(request, (bytes, total) => {
        bytes_received += bytes
        received = total
        if (fault?.kind === 'cut-before' && total >= (fault.after_bytes ?? 1)) request.destroy()
      })
      if (fault?.kind === 'cut-before') throw new CutError('cut by script')
      const reply = await answer({
        request,
        response,
        url,
        host,
        route,
        body,
        fault,
        setArgument: (value) => {
          argument = value
        },
      })
      if (fault?.kind === 'cut-after' || fault?.kind === 'cut-partly') throw new CutError('cut by script')
      if (reply !== undefined) send(response, 200, reply, {})
      status = response.statusCode
    } catch (error) {
      if (error instanceof ApiError) {
        status = error.status
        send(response, error.status, error.body, error.headers)
      } else if (error instanceof CutError) {
        request.socket.destroy()
      } else {
        status = 500
        send(response, 500, String(error), {})
      }
    } finally {
      const logged: LoggedRequest = {
        at: new Date(now()).toISOString(),
        route,
        status,
        bytes_received: received,
        argument: argument ?? null,
        fault: fault?.kind ?? null,
      }
      requests.push(logged)
      appendFileSync(join(directory, 'requests.jsonl'), `${JSON.stringify(logged)}\n`)
    }
  }

  const answer = async (call: Call): Promise<unknown> => {
    const { request, url, host, route, fault } = call
    const authorization = request.headers.authorization ?? ''
    if (fault?.kind === 'slow') await sleep(fault.ms)
    throttle.pass(fault, now())
    if (fault?.kind === 'status') throw new ApiError(fault.status, fault.body)
    if (request.method !== 'POST') throw new ApiError(405, 'Method not allowed: use POST.')
    if (route === 'oauth2/token' && host === 'api')
      return grantToken(
        store,
        url.searchParams,
        call.body.toString('utf8'),
        request.headers['content-type'] ?? '',
        authorization,
        now(),
      )
    const known = ROUTES[route as Route]
    if (known === undefined || known.host !== host)
      throw new ApiError(404, `Unknown API function: "${route}" at ${host ?? 'this host'}`)
    if (fault?.kind === 'expire-token' || fault?.kind === 'revoke-grant')
      spoilToken(store, authorization, fault.kind)
    authorize(store, authorization, known.scope, now())
    if (fault?.kind === 'too-many-writes') throw endpointError(tooManyWrites(route))
    const argument = readArgument(route as Route, request, call.body)
    call.setArgument(argument)
    return dispatch({
      store,
      route: route as Route,
      argument,
      now: now(),
      body: call.body,
      fault,
      request,
      response: call.response,
    })
  }

  const server = createServer((request, response) => void handle(request, response))
  server.requestTimeout = 0
  await new Promise<void>((resolve, reject) =>
    server.once('error', reject).listen(port, '127.0.0.1', resolve),
  )
  const refresh_token = Object.keys(store.value.refresh_tokens)[0] ?? ''
  const { key, secret } = store.value.app
  registerSecret('the local Dropbox app secret', secret)
  registerSecret('the local Dropbox refresh token', refresh_token)
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    credentials: { app_key: key, app_secret: secret, refresh_token },
    state: store.value,
    faults: script,
    requests,
    bytesReceived: () => bytes_received,
    earlyRetries: () => throttle.early_retries,
    grant(scopes) {
      const form = new URLSearchParams({
        grant_type: 'refresh_token',
        client_id: key,
        client_secret: secret,
        refresh_token,
      }).toString()
      const { access_token } = grantToken(
        store,
        new URLSearchParams(),
        form,
        'application/x-www-form-urlencoded',
        '',
        now(),
      ) as {
        access_token: string
      }
      const token = store.value.access_tokens[access_token]
      if (scopes !== undefined && token !== undefined)
        store.value.access_tokens[access_token] = { ...token, scopes }
      return access_token
    },
    save: () => store.save(),
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function tooManyWrites(route: string) {
  const error = { '.tag': 'too_many_write_operations' }
  if (route === 'files/upload') return { '.tag': 'path', reason: error, upload_session_id: '' }
  return route === 'files/upload_session/finish' ? { '.tag': 'path', path: error } : error
}
