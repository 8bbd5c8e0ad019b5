/** A checklist of two phases with a box each, for what a box itself may do wrong. */
import { trialsOf } from './trial.ts'

export const PLAN = `## Phase 0 · Ground
\`00-ground\`
- [ ] the ground holds
## Phase 1 · Roof
\`01-roof\`
- [ ] the roof is tight
`
const ROOF = `needs('00-ground')
test('the roof is tight', async ({ record }) => { await record({ tiles: 7 }); expect(1).toBe(1) })`
export const HOLDS = `test('the ground holds', async ({ record }) => {
  await record({ rows: 3 }); expect(1).toBe(1) })`

/** Makes a trial of this checklist, with the files changed that a test changes. */
export const twoPhases = () => trialsOf(PLAN, { '00-ground': HOLDS, '01-roof': ROOF }, { isolate: false })
