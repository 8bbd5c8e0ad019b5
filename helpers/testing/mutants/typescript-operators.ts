import { parseAst } from 'vitest/node'

/** A small change of a text, as an author might have made it by mistake. */
export interface Mutation {
  readonly operator: string
  /** Where the text that is replaced starts and ends, in characters. */
  readonly start: number
  readonly end: number
  readonly replace: string
}

/** A node of the syntax tree as ESTree defines it; the fields depend on the type. */
interface Node {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly [field: string]: unknown
}

const EDGES: Readonly<Record<string, string>> = { '<': '<=', '<=': '<', '>': '>=', '>=': '>' }
const EQUALITIES: Readonly<Record<string, string>> = { '===': '!==', '!==': '===' }
const ARITHMETIC: Readonly<Record<string, string>> = { '+': '-', '-': '+', '*': '/', '/': '*' }
const LOGIC: Readonly<Record<string, string>> = { '&&': '||', '||': '&&' }
/** These types contain expressions; every other one that starts with `TS` is a type. */
const EXPRESSIONS = ['TSAsExpression', 'TSNonNullExpression', 'TSSatisfiesExpression']
const FUNCTIONS = ['ArrowFunctionExpression', 'FunctionExpression']

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && typeof (value as Node).type === 'string'

/** The nodes of a tree that are not types, the outer ones first. */
function* nodesOf(value: unknown): Generator<Node> {
  if (Array.isArray(value)) for (const each of value) yield* nodesOf(each)
  if (!isNode(value)) return
  if (value.type.startsWith('TS') && !EXPRESSIONS.includes(value.type)) return
  yield value
  for (const field of Object.values(value)) yield* nodesOf(field)
}

/** The mutations of a TypeScript text, in the order of their places. */
export function typescriptMutations(text: string): Mutation[] {
  const program: unknown = parseAst(text, { lang: 'ts' })
  const found = [...nodesOf(program)].flatMap((node) => mutationsOf(node, text))
  return found.toSorted((a, b) => a.start - b.start || a.end - b.end || (a.operator < b.operator ? -1 : 1))
}

function mutationsOf(node: Node, text: string): Mutation[] {
  const of = ({ start, end }: Node): string => text.slice(start, end)
  const instead = (operator: string, replace: string, at: Node = node): Mutation => ({
    operator,
    start: at.start,
    end: at.end,
    replace,
  })
  const child = (field: string): Node | undefined => (isNode(node[field]) ? node[field] : undefined)

  if (node.type === 'BinaryExpression' || node.type === 'LogicalExpression') {
    const left = child('left')
    const right = child('right')
    return left === undefined || right === undefined ? [] : ofOperator(node, left, right, text)
  }
  if (node.type === 'IfStatement') {
    const test = child('test')
    if (test === undefined) return []
    return [instead('negated condition', `!(${of(test)})`, test), instead('removed branch', 'false', test)]
  }
  if (node.type === 'ConditionalExpression') {
    const test = child('test')
    return test === undefined ? [] : [instead('negated condition', `!(${of(test)})`, test)]
  }
  if (node.type === 'ExpressionStatement') return [instead('removed statement', ';')]
  if (node.type === 'Literal' && typeof node['value'] === 'number')
    return [instead('constant plus 1', String(node['value'] + 1))]
  if (node.type === 'CallExpression') return ofCall(node, text)
  return []
}

function ofOperator(node: Node, left: Node, right: Node, text: string): Mutation[] {
  const sign = String(node['operator'])
  const start = text.indexOf(sign, left.end)
  const swap = (operator: string, replace: string | undefined): Mutation[] =>
    replace === undefined ? [] : [{ operator, start, end: start + sign.length, replace }]
  const isText = [left, right].some(
    (side) =>
      side.type === 'TemplateLiteral' || (side.type === 'Literal' && typeof side['value'] === 'string'),
  )
  return [
    ...swap('edge of a comparison', EDGES[sign]),
    ...swap('negated equality', EQUALITIES[sign]),
    ...swap('and or or', LOGIC[sign]),
    ...(isText ? [] : swap('arithmetic', ARITHMETIC[sign])),
  ]
}

/** Swaps the first two arguments, and removes `.filter(…)` from a chain. */
function ofCall(node: Node, text: string): Mutation[] {
  const given = node['arguments'] as readonly Node[]
  const [first, second] = given
  const swapped: Mutation[] = []
  if (first !== undefined && second !== undefined && !given.some(({ type }) => FUNCTIONS.includes(type))) {
    const between = text.slice(first.end, second.start)
    const replace = text.slice(second.start, second.end) + between + text.slice(first.start, first.end)
    const isSame = replace === text.slice(first.start, second.end)
    if (!isSame) swapped.push({ operator: 'swapped arguments', start: first.start, end: second.end, replace })
  }
  const callee = node['callee'] as Node
  const object = callee['object']
  const property = callee['property']
  if (callee.type !== 'MemberExpression' || !isNode(object) || !isNode(property)) return swapped
  if (property['name'] !== 'filter') return swapped
  return [...swapped, { operator: 'removed filter', start: object.end, end: node.end, replace: '' }]
}
