import type { RunView } from './view.ts'

/** What a run's data is worth, at a glance: the same word and colour on every report. */
export interface ModeLook {
  /** Names the colour of the ribbon. */
  readonly kind: 'rehearsal' | 'local' | 'live' | 'unknown'
  readonly word: string
  readonly meaning: string
}

const WORDS: Readonly<Record<string, Pick<ModeLook, 'word' | 'meaning'>>> = {
  'flat-files': { word: 'FLAT FILES', meaning: "data of a vendor's files" },
  live: { word: 'LIVE', meaning: 'data of the live providers' },
  replay: { word: 'REPLAY', meaning: 'data of archived responses' },
}

/** How a run of this mode looks: a rehearsal, real data without an off-site copy, or real data with one. */
export function lookOf({ mode, identity }: Pick<RunView, 'mode' | 'identity'>): ModeLook {
  if (mode === 'rehearsal')
    return { kind: 'rehearsal', word: 'REHEARSAL', meaning: 'simulated data, not fit for research' }
  const known = WORDS[mode ?? '']
  if (known === undefined)
    return { kind: 'unknown', word: 'MODE UNKNOWN', meaning: 'the configuration could not be read' }
  if (!hasOffSiteCopy(identity))
    return {
      kind: 'local',
      word: `${known.word} · NO OFF-SITE COPY`,
      meaning: `${known.meaning}; backups stay on this machine`,
    }
  return { kind: 'live', ...known }
}

/** Backups leave the machine, unless they go to the product's own local server. */
export const hasOffSiteCopy = (identity: RunView['identity']): boolean =>
  identity['dropbox'] !== undefined && identity['dropbox'] !== 'local-server'
