import { randomBytes } from 'node:crypto'
import type { Connection } from '../config/connection.ts'
import { messageOf, PreconditionError } from '../core/errors.ts'
import { registerSecret } from '../core/redact.ts'

const IMAGE = 'postgres:15'

/**
 * A PostgreSQL server in a container of its own, by Testcontainers; it is removed when it stops.
 *
 * @throws PreconditionError when there is no Docker engine, or the image cannot be had.
 */
export async function startContainer(): Promise<{
  readonly maintenance: Connection
  readonly stop: () => Promise<void>
}> {
  const password = randomBytes(24).toString('base64url')
  registerSecret('container PostgreSQL password', password)
  try {
    // Late: it takes half a second to load.
    const { PostgreSqlContainer } = await import('@testcontainers/postgresql')
    const container = await new PostgreSqlContainer(IMAGE)
      .withDatabase('postgres')
      .withUsername('postgres')
      .withPassword(password)
      .withEnvironment({ POSTGRES_INITDB_ARGS: '--locale=C --encoding=UTF8 --data-checksums' })
      .withSharedMemorySize(512 * 1024 * 1024) // Docker's own 64 MB are too few for a parallel hash join.
      .start()
    return {
      maintenance: {
        host: container.getHost(),
        port: container.getPort(),
        user: 'postgres',
        password,
        database: 'postgres',
        ssl: 'disable',
      },
      stop: async () => void (await container.stop()),
    }
  } catch (error) {
    throw new PreconditionError(
      `The container with ${IMAGE} did not start: ${messageOf(error)}\n` +
        'Check that a Docker engine runs here and that this user may use it (docker info). If there is ' +
        'none, unset BOOTSTRAP_POSTGRES to use the embedded server, or set PGHOST to one of yours.',
      { cause: error },
    )
  }
}
