import { expect, test } from 'vitest'
import type { RunView } from '../helpers/checklist/view.ts'
import { STATEMENT_VERSION, STATEMENTS, statementOf } from './statement.ts'

const box = (claim: string, state: string): object => ({ claim, state, evidence: {} })
const RUN = {
  run_id: '20260101T000000Z-abc123',
  mode: 'live',
  verdict: 'FAILED',
  started_at: '2026-01-01T00:00:00.000Z',
  ended_at: '2026-01-01T01:00:00.000Z',
  plan_sha256: 'a'.repeat(64),
  identity: {
    git_commit: 'b'.repeat(40),
    git_tree: 'c'.repeat(40),
    git_is_dirty: false,
    universe_file: 'universe.csv',
    universe_sha256: 'd'.repeat(64),
  },
  phases: [
    {
      phase: '00-ground',
      boxes: [
        box('the ground holds', 'passed'),
        box('the ground is level', 'not applicable'),
        box('the ground is dry', 'failed'),
        box('the ground is wide', 'open'),
      ],
    },
  ],
  sections: [],
} as unknown as RunView

/** A run of an older version of the product is verified by this text: see `STATEMENT_VERSION`. */
test('version 1 of the statement stays as it was released, byte by byte', () => {
  expect(STATEMENTS[1]?.(RUN, { 'journal.jsonl': 'e'.repeat(64) })).toMatchInlineSnapshot(`
    "{
      "_type": "https://in-toto.io/Statement/v1",
      "subject": [
        {
          "name": "commit",
          "digest": {
            "gitCommit": "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
          }
        },
        {
          "name": "tree",
          "digest": {
            "gitTree": "cccccccccccccccccccccccccccccccccccccccc"
          }
        },
        {
          "name": "journal.jsonl",
          "digest": {
            "sha256": "eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee"
          }
        },
        {
          "name": "universe universe.csv",
          "digest": {
            "sha256": "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"
          }
        }
      ],
      "predicateType": "https://in-toto.io/attestation/test-result/v0.1",
      "predicate": {
        "result": "FAILED",
        "configuration": [
          {
            "name": "plan of the checklist",
            "digest": {
              "sha256": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
            }
          },
          {
            "name": "universe universe.csv",
            "digest": {
              "sha256": "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"
            }
          },
          {
            "name": "run 20260101T000000Z-abc123",
            "digest": {
              "sha256": "eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee"
            },
            "annotations": {
              "statement_version": 1,
              "run_id": "20260101T000000Z-abc123",
              "verdict": "FAILED",
              "mode": "live",
              "started_at": "2026-01-01T00:00:00.000Z",
              "ended_at": "2026-01-01T01:00:00.000Z",
              "git_is_dirty": false
            }
          }
        ],
        "passedTests": [
          "00-ground: the ground holds"
        ],
        "warnedTests": [
          "00-ground: the ground is level"
        ],
        "failedTests": [
          "00-ground: the ground is dry",
          "00-ground: the ground is wide"
        ]
      }
    }
    "
  `)
})

test('a run writes the newest version, and the statement names it', () => {
  const newest = Math.max(...Object.keys(STATEMENTS).map(Number))
  expect(STATEMENT_VERSION).toBe(newest)
  expect(statementOf(RUN, {})).toContain(`"statement_version": ${newest},`)
})
