/** The example of the Windows Task Scheduler, held to the schema that Microsoft publishes. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT_DIRECTORY } from '../../helpers/config/config.ts'
import { type Element, parseXml } from '../../helpers/testing/xml.ts'
import { ingestProgram } from './ingest.ts'

const FILE = join(ROOT_DIRECTORY, 'examples', 'schedules', 'stocks-research.xml')

interface Rule {
  /** `all`: each child at most once, in any order. `sequence`: in this order. */
  readonly order: 'all' | 'sequence'
  readonly children: readonly string[]
  readonly required?: readonly string[]
  /** The form of the text of an element without children. */
  readonly text?: RegExp
}
const text = (form: RegExp): Rule => ({ order: 'all', children: [], text: form })
const all = (...children: string[]): Rule => ({ order: 'all', children })
const NOTHING = text(/^$/)
const YES_OR_NO = text(/^(true|false)$/)
/** `pathType` is a text of at most 260 characters. */
const PATH = text(/^.{1,260}$/)
const DAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday']

/** "Task Scheduler Schema" of the Win32 documentation: the elements that a daily task needs. */
const RULES: Readonly<Record<string, Rule>> = {
  Task: {
    ...all('RegistrationInfo', 'Triggers', 'Settings', 'Data', 'Principals', 'Actions'),
    required: ['Actions'],
  },
  RegistrationInfo: all('URI', 'Author', 'Version', 'Date', 'Description', 'Documentation', 'Source'),
  URI: text(/^\\\S+$/),
  Description: text(/\S/),
  Triggers: all('CalendarTrigger'),
  CalendarTrigger: {
    order: 'sequence',
    children: [
      'Enabled',
      'StartBoundary',
      'EndBoundary',
      'Repetition',
      'ExecutionTimeLimit',
      'RandomDelay',
      'ScheduleByWeek',
    ],
    required: ['StartBoundary', 'ScheduleByWeek'],
  },
  StartBoundary: text(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/),
  ScheduleByWeek: all('WeeksInterval', 'DaysOfWeek'),
  WeeksInterval: text(/^([1-9]|[1-4]\d|5[0-2])$/),
  DaysOfWeek: all(...DAYS),
  ...Object.fromEntries(DAYS.map((day) => [day, NOTHING])),
  Principals: all('Principal'),
  Principal: all('UserId', 'LogonType', 'GroupId', 'DisplayName', 'RunLevel'),
  LogonType: text(/^(S4U|Password|InteractiveToken|InteractiveTokenOrPassword)$/),
  RunLevel: text(/^(LeastPrivilege|HighestAvailable)$/),
  Settings: all(
    'MultipleInstancesPolicy',
    'DisallowStartIfOnBatteries',
    'StopIfGoingOnBatteries',
    'StartWhenAvailable',
    'RunOnlyIfNetworkAvailable',
    'ExecutionTimeLimit',
  ),
  MultipleInstancesPolicy: text(/^(Parallel|Queue|IgnoreNew|StopExisting)$/),
  DisallowStartIfOnBatteries: YES_OR_NO,
  StopIfGoingOnBatteries: YES_OR_NO,
  StartWhenAvailable: YES_OR_NO,
  RunOnlyIfNetworkAvailable: YES_OR_NO,
  ExecutionTimeLimit: text(/^P(?:\d+D)?(?:T(?:\d+H)?(?:\d+M)?(?:\d+S)?)?$/),
  Actions: all('Exec'),
  Exec: { ...all('Command', 'Arguments', 'WorkingDirectory'), required: ['Command'] },
  Command: PATH,
  Arguments: text(/\S/),
  WorkingDirectory: PATH,
}

/** Where a task breaks the rules, by element. */
function faultsOf({ name, children, text: content }: Element, where = ''): string[] {
  const path = `${where}/${name}`
  const rule = RULES[name]
  if (rule === undefined) return [`${path} is not in the schema`]
  const names = children.map((child) => child.name)
  const places = names.map((child) => rule.children.indexOf(child))
  const isOrdered = places.every((place, at) => at === 0 || place > (places[at - 1] ?? 0))
  return [
    ...(rule.required ?? [])
      .filter((child) => !names.includes(child))
      .map((child) => `${path} lacks ${child}`),
    ...names
      .filter((child) => !rule.children.includes(child))
      .map((child) => `${path} may not contain ${child}`),
    ...names.filter((child, at) => names.indexOf(child) !== at).map((child) => `${path} has two ${child}`),
    ...(rule.order === 'sequence' && !isOrdered ? [`${path} has its children in another order`] : []),
    ...(rule.text?.test(content) === false ? [`${path} may not be "${content}"`] : []),
    ...children.flatMap((child) => faultsOf(child, path)),
  ]
}

/** The element at the end of a path of names. */
function at(root: Element, ...path: string[]): Element {
  let element = root
  for (const name of path) {
    const found = element.children.find((child) => child.name === name)
    if (found === undefined) throw new RangeError(`${element.name} has no ${name}`)
    element = found
  }
  return element
}

const xml = readFileSync(FILE, 'utf8')

test('the task keeps to the schema, and its principal exists', () => {
  const task = parseXml(xml)
  expect(faultsOf(task)).toEqual([])
  expect(task.attributes).toEqual({
    version: '1.2',
    xmlns: 'http://schemas.microsoft.com/windows/2004/02/mit/task',
  })
  expect(at(task, 'Actions').attributes['Context']).toBe(at(task, 'Principals', 'Principal').attributes['id'])
})

test('paths with spaces and & are read as they are, and the arguments name a command and its options', () => {
  const exec = at(parseXml(xml), 'Actions', 'Exec')
  // Each path is an element of its own: quotation marks would be part of it.
  expect(at(exec, 'Command').text).toBe('C:\\Program Files\\nodejs\\npm.cmd')
  expect(at(exec, 'WorkingDirectory').text).toBe('D:\\Research & Data\\stocks-research')
  expect(xml.match(/&(?!amp;)/)).toBeNull()
  const [, given = ''] = at(exec, 'Arguments').text.split(' ingest -- ')
  const [name, ...options] = given.split(' ')
  const command = ingestProgram.commands.find((each) => each.name() === name)
  expect(command?.options.map(({ long }) => long)).toEqual(expect.arrayContaining(options))
})

test.each([
  ['an unescaped &', (good: string) => good.replace('&amp;', '&'), /unknown entity|not well-formed/],
  ['an element that is not closed', (good: string) => good.replace('</Exec>', ''), /closes <Exec>/],
])('%s is not well-formed', (_what, spoil, reason) => {
  expect(() => parseXml(spoil(xml))).toThrow(reason)
})

const TRIGGER = '/Task/Triggers/CalendarTrigger'
test.each([
  [
    'another order',
    /(<StartBoundary>.*>)([\s\S]*?)(<\/CalendarTrigger>)/,
    '$2$1$3',
    `${TRIGGER} has its children in another order`,
  ],
  ['an unknown element', '<Exec>', '<Exec><Shell />', '/Task/Actions/Exec may not contain Shell'],
  ['an unknown value', 'IgnoreNew', 'Ignore', '/Task/Settings/MultipleInstancesPolicy may not be "Ignore"'],
  ['a time that is no duration', 'PT8H', '8h', '/Task/Settings/ExecutionTimeLimit may not be "8h"'],
  ['no command', /<Command>.*<\/Command>/, '', '/Task/Actions/Exec lacks Command'],
])('a task with %s breaks the schema', (_what, from, to, fault) => {
  expect(faultsOf(parseXml(xml.replace(from, to)))).toContain(fault)
})

test('the page on operations names the file', () => {
  const page = readFileSync(join(ROOT_DIRECTORY, 'docs', 'operations.md'), 'utf8')
  expect(page).toContain('examples/schedules/stocks-research.xml')
})
