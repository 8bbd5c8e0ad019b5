import type { RunView } from '../helpers/checklist/view.ts'
import { escapeXml } from './junit.ts'

export function auditOf(view: RunView, _head: string): string {
  return `<!doctype html><title>${escapeXml(view.verdict)}</title>`
}
