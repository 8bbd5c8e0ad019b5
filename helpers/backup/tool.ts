import type { Connection } from '../config/connection.ts'
import {
  findTools,
  type RunToolOptions,
  runTool,
  type ToolName,
  type ToolResult,
  type Tools,
} from '../postgres/tools.ts'

const found = new Map<string, Promise<Tools>>()

/** Searched for once for each version: a search starts five processes. */
export function toolsFor(server_version: string): Promise<Tools> {
  const tools = found.get(server_version) ?? findTools(server_version)
  found.set(server_version, tools)
  tools.catch(() => found.delete(server_version)) // Installed meanwhile, it shall be found.
  return tools
}

/** Runs the client tool that suits a server of this version. @throws ToolError unless it exits with 0. */
export const runClient = async (
  name: ToolName,
  server_version: string,
  args: readonly string[],
  connection: Connection,
  options: RunToolOptions = {},
): Promise<ToolResult> => runTool((await toolsFor(server_version))[name], args, connection, options)

/** For a tool that only reads a file: no server listens there. */
export const NOWHERE: Connection = {
  host: '127.0.0.1',
  port: 1,
  user: 'nobody',
  password: undefined,
  database: 'nowhere',
  ssl: 'disable',
}
