import { runProgram } from './commands/entry.ts'
import { ingestProgram } from './commands/ingest.ts'

// `npx node ingest/run.ts <command>`: loads, validates and shows the data. `--help` lists the commands.

await runProgram(ingestProgram)
