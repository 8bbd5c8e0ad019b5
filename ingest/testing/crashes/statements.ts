import pg from 'pg'

/** What the run loses: the process with all that it knows, or only its connections. */
export type Loss = 'process' | 'connections'

export interface StatementPoint {
  /** 1 is the first statement of the run. */
  readonly statement: number
  /** Whether the server has answered the statement, or never receives it. */
  readonly is_after: boolean
  readonly loss: Loss
}

/** Sessions of a run; the sessions that a test has beside it go on. */
export const isOfRun = (client: pg.Client): boolean => {
  const { connectionParameters } = client as unknown as { connectionParameters: Record<string, unknown> }
  return String(connectionParameters['application_name']).startsWith('ingest ')
}

interface Wire {
  readonly stream: { destroy(): void }
  once(event: string, listener: () => void): void
}
export const connectionOf = (client: pg.Client): Wire =>
  (client as unknown as { connection: Wire }).connection

/**
 * Counts the statements of runs of this process, and ends a run at one of them: all its sessions end, and
 * when the process is lost, none is opened again. The same point always hits the same statement.
 */
export class StatementCrash {
  readonly #clients = new Set<pg.Client>()
  readonly #real = { query: pg.Client.prototype.query, connect: pg.Client.prototype.connect }
  #point: StatementPoint | undefined
  #has_happened = false
  #is_dead = false
  statements_count = 0

  constructor() {
    const { query, connect } = this.#real
    const noteStatement = (client: pg.Client): void => this.#before(client)
    const isRefused = (client: pg.Client): boolean => this.#is_dead && isOfRun(client)
    Object.assign(pg.Client.prototype, {
      query(this: pg.Client, ...args: Parameters<typeof query>) {
        noteStatement(this)
        return query.apply(this, args)
      },
      connect(this: pg.Client, ...args: Parameters<typeof connect>) {
        if (!isRefused(this)) return connect.apply(this, args)
        const error = new Error('The process has crashed.')
        const callback = args[0] as ((error: Error) => void) | undefined
        if (callback === undefined) return Promise.reject(error)
        return process.nextTick(callback, error)
      },
    })
  }

  undo(): void {
    Object.assign(pg.Client.prototype, this.#real)
  }

  /** Counts from now on, and crashes at that point. */
  at(point: StatementPoint | undefined): void {
    this.#point = point
    this.#has_happened = false
    this.#is_dead = false
    this.statements_count = 0
    this.#clients.clear()
  }

  /** Whether it came to the crash; from now on there is none. */
  over(): boolean {
    const has_happened = this.#has_happened
    this.at(undefined)
    return has_happened
  }

  #before(client: pg.Client): void {
    if (!isOfRun(client)) return
    this.#clients.add(client)
    this.statements_count += 1
    if (this.statements_count !== this.#point?.statement) return
    const { loss, is_after } = this.#point
    if (is_after) connectionOf(client).once('readyForQuery', () => this.#end(loss))
    else this.#end(loss)
  }

  #end(loss: Loss): void {
    this.#has_happened = true
    this.#is_dead = loss === 'process'
    for (const client of this.#clients) connectionOf(client).stream.destroy()
  }
}
