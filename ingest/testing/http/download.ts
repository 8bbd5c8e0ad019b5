import { silentLog } from '../../../helpers/core/log.ts'
import { openArchive } from '../../archive/archive.ts'
import { openClient } from '../../http/client.ts'
import { memoryLedger } from '../../http/ledger.ts'

// A process to be killed: downloads one file of a stand-in server. `node download.ts <origin> <archive>`;
// prints its SHA-256.
const [origin = '', directory = ''] = process.argv.slice(2)
const client = openClient(
  {
    provider: 'example',
    adapter_version: '1',
    origins: ['https://data.example.com'],
    limits: [],
    headers: {},
    concurrency_max: 1,
  },
  {
    ledger: memoryLedger(),
    archive: openArchive(directory),
    log: silentLog(),
    mode: 'live',
    stand_ins: { 'https://data.example.com': origin },
    reuse_since_at: '2000-01-01T00:00:00Z',
  },
)
const { sha256 } = await client.download(
  { url: 'https://data.example.com/all.zip', expects: 'zip' },
  new AbortController().signal,
)
await client.close()
process.stdout.write(sha256)
