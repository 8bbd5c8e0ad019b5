import type { Connection } from '../config/connection.ts'
import { patiently } from './patience.ts'
import {
  findTools,
  type RunToolOptions,
  runTool,
  ToolError,
  type ToolName,
  type ToolResult,
  type Tools,
} from './tools.ts'

const found = new Map<string, Promise<Tools>>()

/** Searched for once for each version: a search starts five processes. */
export function toolsFor(server_version: string): Promise<Tools> {
  const tools = found.get(server_version) ?? findTools(server_version)
  found.set(server_version, tools)
  tools.catch(() => found.delete(server_version)) // Installed meanwhile, it shall be found.
  return tools
}

/** The words of the server for too_many_connections and cannot_connect_now: psql's tools show no SQLSTATE. */
const PASSING = /FATAL: +(sorry, too many clients|remaining connection slots|the database system is starting)/

/**
 * Runs the client tool that suits a server of this version. As the driver does, it waits for a connection
 * while others have them all; not where a stream goes to or comes from the tool, which would be spent.
 *
 * @throws ToolError unless it exits with 0.
 */
export async function runClient(
  name: ToolName,
  server_version: string,
  args: readonly string[],
  connection: Connection,
  options: RunToolOptions = {},
): Promise<ToolResult> {
  const tool = (await toolsFor(server_version))[name]
  const isStreaming = typeof options.stdout === 'object' || typeof options.stdin === 'object'
  return patiently(
    () => runTool(tool, args, connection, options),
    (error) => !isStreaming && error instanceof ToolError && PASSING.test(error.result.stderr),
  )
}

/** For a tool that only reads a file: no server listens there. */
export const NOWHERE: Connection = {
  host: '127.0.0.1',
  port: 1,
  user: 'nobody',
  password: undefined,
  database: 'nowhere',
  ssl: 'disable',
}
