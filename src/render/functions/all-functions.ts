import { repeatable, type Functions } from '../../template/functions.js';
import type { TemplateFunction } from '../../template/value.js';
import { FunctionError } from '../../template/template-error.js';
import { wildcard } from '../child-environment.js';
import type { RunContext } from '../run-context.js';
import { ARITHMETIC_FUNCTIONS } from './arithmetic.js';
import { catalogFunctions } from './catalog-functions.js';
import { DIGEST_FUNCTIONS } from './digests.js';
import { FLOW_FUNCTIONS } from './flow.js';
import { GROUPING_FUNCTIONS } from './grouping.js';
import { hostFunctions, type HostAccess } from './host-functions.js';
import { REGEX_FUNCTIONS } from './regex.js';
import { scratchFunction } from './scratch.js';
import { hostInterfaces } from './host-interfaces.js';
import { sockaddrFunction } from './go-sockaddr.js';
import { sprigDates } from './sprig-dates.js';
import { SPRIG_FUNCTIONS } from './sprig.js';
import type { Named } from './sprig-values.js';
import { STRING_FUNCTIONS } from './strings.js';
import { STRUCTURE_FUNCTIONS } from './structures.js';
import { timestampFunction } from './timestamps.js';

export interface FunctionOptions {
  host: HostAccess;
  /** Milliseconds since the epoch. */
  now: () => number;
  /** Names of functions that must fail when called. `*` matches any characters. */
  denied?: readonly string[];
}

function prefixed(functions: readonly Named[]): Named[] {
  return functions.map(([name, called]) => [`sprig_${name}`, called]);
}

/** Functions that change one of their arguments, or run a template that may. */
const WITH_EFFECTS: ReadonlySet<string> = new Set([
  'executeTemplate',
  ...['set', 'unset', 'merge', 'mergeOverwrite', 'mustMerge', 'mustMergeOverwrite'].map(
    (name) => `sprig_${name}`,
  ),
]);

/** What does not depend on a run. */
const CONSTANT: readonly (readonly [string, TemplateFunction])[] = [
  ...STRING_FUNCTIONS,
  ...REGEX_FUNCTIONS,
  ...DIGEST_FUNCTIONS,
  ...ARITHMETIC_FUNCTIONS,
  ...STRUCTURE_FUNCTIONS,
  ...FLOW_FUNCTIONS,
  ...GROUPING_FUNCTIONS,
  ...prefixed(SPRIG_FUNCTIONS),
];

const EFFECTIVE = CONSTANT.filter(([name]) => WITH_EFFECTS.has(name));
const REPEATABLE = repeatable(CONSTANT.filter(([name]) => !WITH_EFFECTS.has(name)));

/** All template functions, for one run. */
export function allFunctions(run: RunContext, options: FunctionOptions): Functions {
  const functions = new Map<string, TemplateFunction>([
    ...REPEATABLE,
    ...EFFECTIVE,
    ...catalogFunctions(run),
    ...hostFunctions(run, options.host),
    ['scratch', scratchFunction(run)],
    ['timestamp', timestampFunction(options.now)],
    ['sockaddr', sockaddrFunction(options.host.interfaces ?? hostInterfaces)],
    ...prefixed(sprigDates(options.now)),
  ]);
  for (const pattern of options.denied ?? []) deny(functions, pattern);
  return functions;
}

function deny(functions: Map<string, TemplateFunction>, pattern: string): void {
  const form = wildcard(pattern);
  for (const [name, known] of functions) {
    if (!form.test(name)) continue;
    const call = () => {
      throw new FunctionError('function is disabled');
    };
    functions.set(name, { ...known, call });
  }
}
