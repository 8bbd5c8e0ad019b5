import { connect, createServer, type Socket } from 'node:net'

/**
 * A connection pooler as small as one can be, with what poolers have in common: it answers the startup packet
 * itself, with a process id of its own, and passes none of its settings on. In statement mode all clients
 * of a database share one session of the server; in session mode each has one. The server must trust its
 * connections.
 */
export async function startPooler(
  { port, user }: { readonly port: number; readonly user: string },
  mode: 'statement' | 'session',
): Promise<{ readonly port: number; readonly stop: () => Promise<void> }> {
  const sockets = new Set<Socket>()
  const open = async (database: string): Promise<Exchange> => {
    const socket = connect(port, '127.0.0.1').on('error', () => {})
    sockets.add(socket)
    return startSession(socket, user, database)
  }
  const shared = new Map<string, Promise<Exchange>>()
  const sessionOf = (database: string): Promise<Exchange> => {
    if (mode === 'session') return open(database)
    const found = shared.get(database) ?? open(database)
    shared.set(database, found)
    return found
  }
  const server = createServer((client) => {
    sockets.add(client)
    client.on('error', () => {})
    client.once('data', (startup) => {
      serve(client, startup, sessionOf).catch(() => client.destroy())
    })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return {
    port: (server.address() as { port: number }).port,
    stop: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((done) => server.close(done))
    },
  }
}

/** Sends the messages of a client to the server; resolves with the answer when the server is ready again. */
type Exchange = (messages: Buffer) => Promise<Buffer>

const READY = Buffer.from('5a0000000549', 'hex')
const AUTHENTICATED = Buffer.from('520000000800000000', 'hex')
/** BackendKeyData with a process id that no backend has. */
const KEY = Buffer.from('4b0000000c7fffffff00000001', 'hex')
const PROTOCOL_VERSION = 196_608
/** Query and Sync: after these the server answers and is ready for the next. */
const ENDS_A_REQUEST = ['Q', 'S']

async function serve(
  client: Socket,
  startup: Buffer,
  sessionOf: (database: string) => Promise<Exchange>,
): Promise<void> {
  const words = startup.subarray(8).toString().split('\0')
  const exchange = await sessionOf(words[words.indexOf('database') + 1] ?? '')
  client.write(Buffer.concat([AUTHENTICATED, KEY, READY]))
  let received = Buffer.alloc(0)
  client.on('data', (bytes) => {
    received = Buffer.concat([received, bytes])
    for (let at = 0; at + 5 <= received.length; ) {
      const end = at + 1 + received.readInt32BE(at + 1)
      if (end > received.length) return
      if (ENDS_A_REQUEST.includes(String.fromCharCode(received[at] ?? 0))) {
        exchange(received.subarray(0, end)).then(
          (answer) => client.write(answer),
          () => client.destroy(),
        )
        received = received.subarray(end)
        at = 0
      } else at = end
    }
  })
}

async function startSession(socket: Socket, user: string, database: string): Promise<Exchange> {
  const body = Buffer.from(`user\0${user}\0database\0${database}\0\0`)
  const head = Buffer.alloc(8)
  head.writeInt32BE(body.length + head.length, 0)
  head.writeInt32BE(PROTOCOL_VERSION, 4)
  let last = send(socket, Buffer.concat([head, body]))
  await last
  return (messages) => {
    last = last.then(() => send(socket, messages))
    return last
  }
}

const send = (socket: Socket, messages: Buffer): Promise<Buffer> =>
  new Promise((done, fail) => {
    let answer = Buffer.alloc(0)
    const onClose = (): void => fail(new Error('The server closed its session.'))
    const onData = (bytes: Buffer): void => {
      answer = Buffer.concat([answer, bytes])
      // ReadyForQuery: its type, its length, and the state of the transaction.
      if (!answer.subarray(-6, -1).equals(READY.subarray(0, 5))) return
      socket.off('data', onData)
      socket.off('close', onClose)
      done(answer)
    }
    socket.on('data', onData)
    socket.once('close', onClose)
    socket.write(messages)
  })
