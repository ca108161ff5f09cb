import { fixed } from '../../template/functions.js';
import {
  type TemplateFunction,
  type Type,
  GoList,
  GoMap,
  GoStruct,
  type Value,
} from '../../template/value.js';
import { quote } from '../../template/quote.js';
import { FunctionError } from '../../template/template-error.js';
import { ANY, STRING, listType } from '../../template/types.js';
import { anyMap } from '../../template/go-values.js';
import { sortedKeys } from '../../template/map-order.js';
import type { RunContext } from '../run-context.js';

function key(value: Value): string {
  return typeof value === 'string' ? value : '';
}

function mapSet(
  scratch: Map<string, Value>,
  name: string,
  field: string,
  value: Value,
  keep: boolean,
): Value {
  const present = scratch.get(name) ?? anyMap([]);
  if (!(present instanceof GoMap)) throw new FunctionError(`${quote(name)} is not a map`);
  const entries = new Map(present.entries);
  if (!keep || !entries.has(field)) entries.set(field, value);
  scratch.set(name, new GoMap(present.type, entries));
  return '';
}

/** `scratch`: values that a template stores during one run. */
export function scratchFunction(run: RunContext): TemplateFunction {
  const { scratch } = run;
  const self = ANY;
  const methods: [string, TemplateFunction][] = [
    ['Key', fixed([self, STRING], ([, name]) => scratch.has(key(name)))],
    ['Get', fixed([self, STRING], ([, name]) => scratch.get(key(name)) ?? null)],
    [
      'Set',
      fixed([self, STRING, ANY], ([, name, value]) => {
        scratch.set(key(name), value);
        return '';
      }),
    ],
    [
      'SetX',
      fixed([self, STRING, ANY], ([, name, value]) => {
        if (!scratch.has(key(name))) scratch.set(key(name), value);
        return '';
      }),
    ],
    [
      'MapSet',
      fixed([self, STRING, STRING, ANY], ([, name, field, value]) =>
        mapSet(scratch, key(name), key(field), value, false),
      ),
    ],
    [
      'MapSetX',
      fixed([self, STRING, STRING, ANY], ([, name, field, value]) =>
        mapSet(scratch, key(name), key(field), value, true),
      ),
    ],
    [
      'MapValues',
      fixed([self, STRING], ([, name]) => {
        const map = scratch.get(key(name));
        if (map === undefined) return new GoList(listType(ANY), []);
        if (!(map instanceof GoMap)) throw new FunctionError(`${quote(key(name))} is not a map`);
        return new GoList(
          listType(ANY),
          sortedKeys(map).map((field) => map.entries.get(field)),
        );
      }),
    ],
  ];
  const type: Type = { kind: 'struct', name: '*template.Scratch', named: true, methods: new Map(methods) };
  const value = new GoStruct(type, []);
  return fixed([], () => value);
}
