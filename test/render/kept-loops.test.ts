import { expect, test, vi } from 'vitest';
import type { TaskFact } from '../../src/catalog/facts.js';
import { plainTarget } from '../../src/render/template-target.js';
import { TargetTemplate, type RunResult } from '../../src/render/render-template.js';
import { KeptLoop } from '../../src/template/kept-loops.js';
import { runs } from '../support/depth.js';
import { shopTask, taskAnswers } from '../support/rendering.js';
import { random } from '../template/template-generator.js';

const SERVICES = ['web', 'api', 'db'];

/** What a place in a template has as its dot. */
type Dot = 'nothing' | 'service' | 'instance' | 'text';

const FIELDS: Readonly<Record<Dot, readonly string[]>> = {
  nothing: ['.', '"x"', '1'],
  service: ['.', '.Name', '.Tags', '(len .Tags)', '(.Tags | join ",")'],
  instance: ['.', '.Name', '.ID', '.Address', '.Port', '.Tags', '.Status', '.Weights.Passing', '.Checks'],
  text: ['.', '(len .)'],
};

/** Templates of loops within loops, with variables and functions that change what is outside, from a seed. */
class LoopTemplates {
  readonly #next: () => number;
  #depth = 0;
  #variables: string[] = [];
  #loops = 0;
  #isWithin = false;

  constructor(seed: number) {
    this.#next = random(seed);
  }

  template(): string {
    const own = `{{define "T"}}(${this.#within(() => this.#body('nothing'))}{{printf "%v" .}}){{end}}`;
    const head =
      '{{$c := 0}}{{$n := 0}}{{$m := sprig_dict "k" "v"}}{{$l := service "web"}}{{$s := ""}}{{$_ := scratch.Set "k" 0}}';
    this.#variables = ['$c', '$n', '$s'];
    return own + head + this.#body('nothing') + this.#body('nothing');
  }

  #within(make: () => string): string {
    const variables = this.#variables;
    this.#variables = [];
    this.#isWithin = true;
    const text = make();
    this.#isWithin = false;
    this.#variables = variables;
    return text;
  }

  #pick<T>(...items: readonly [T, ...T[]]): T {
    return items[Math.floor(this.#next() * items.length)] ?? items[0];
  }

  #body(dot: Dot): string {
    const { length } = this.#variables;
    const pieces = Array.from({ length: 1 + Math.floor(this.#next() * 4) }, () => this.#piece(dot));
    this.#variables.length = length;
    return pieces.join('');
  }

  #operand(dot: Dot): string {
    if (this.#variables.length > 0 && this.#next() < 0.3) return this.#pick('1', ...this.#variables);
    return this.#pick('"a"', ...FIELDS[dot]);
  }

  #piece(dot: Dot): string {
    const kind = this.#next();
    if (kind < 0.1) return this.#pick(' ', 'x', '\n', '-');
    if (kind < 0.4) return `{{${this.#call(dot)}}}`;
    if (kind < 0.5 && this.#variables.length > 0) return this.#variable(dot);
    // A template that runs itself would never end.
    if (kind < 0.55 && !this.#isWithin)
      return this.#pick('{{template "T" .}}', '{{template "T" $n}}', '{{executeTemplate "T" .}}');
    if (this.#depth > 3) return 'y';
    this.#depth += 1;
    const text = kind < 0.7 ? this.#branch(dot) : this.#range(dot);
    this.#depth -= 1;
    return text;
  }

  #call(dot: Dot): string {
    const one = this.#operand(dot);
    return this.#pick(
      one,
      `printf "%v" ${one}`,
      `print ${one} | toUpper`,
      `toJSON ${one}`,
      `${one} | print | sha256Hex`,
      `eq (print ${one}) (print ${one})`,
      `scratch.Set "k" ${one}`,
      'scratch.Get "k"',
      `scratch.SetX "k${this.#pick(1, 2)}" ${one}`,
      'timestamp "unix"',
      'env "NOW"',
      `len (service "${this.#pick('web', 'api')}")`,
      ...(this.#isWithin ? [] : ['index $m "k"', '$m.k', `sprig_set $m "k" (print ${one}) | len`, 'len $l']),
      ...(dot === 'service' ? ['len (service .Name)', '.Tags.Contains "blue"'] : []),
    );
  }

  #variable(dot: Dot): string {
    if (!this.#isWithin && this.#next() < 0.3) return '{{$c = add $c 1}}';
    const [known = '', ...more] = this.#variables.filter((name) => name !== '$c');
    if (this.#next() < 0.4) return `{{${this.#pick(known, ...more)} = ${this.#operand(dot)}}}`;
    const name = this.#pick('$a', '$b');
    const text = `{{${name} := ${this.#operand(dot)}}}`;
    this.#variables.push(name);
    return text;
  }

  #branch(dot: Dot): string {
    const condition = `${this.#pick('len', 'eq "web"', 'ne "1"')} (print ${this.#operand(dot)})`;
    const otherwise = this.#next() < 0.5 ? `{{else}}${this.#body(dot)}` : '';
    const jump = this.#loops > 0 && this.#next() < 0.3 ? this.#pick('{{break}}', '{{continue}}') : '';
    return `{{if ${condition}}}${this.#body(dot)}${jump}${otherwise}{{end}}`;
  }

  #range(dot: Dot): string {
    const known = this.#isWithin ? [] : ['$l', '$l'];
    const [over, item] = this.#pick<readonly [string, Dot]>(
      ['services', 'service'],
      ...[...known, 'service "web"', 'service "api|any"', 'service "blue.web"'].map(
        (text) => [text, 'instance'] as const,
      ),
      ...(dot === 'service' ? [['service .Name', 'instance'] as const, ['.Tags', 'text'] as const] : []),
      ...(dot === 'instance' ? [['.Tags', 'text'] as const] : []),
      ['loop 2', 'nothing'],
    );
    const form = this.#pick(
      '',
      '',
      '$i, $e := ',
      '$e := ',
      ...(known.length > 0 ? ['$n = ', '$s, $n = '] : []),
    );
    const { length } = this.#variables;
    if (form.includes(':=')) this.#variables.push(...(form.startsWith('$i') ? ['$i', '$e'] : ['$e']));
    this.#loops += 1;
    const body = this.#body(item);
    this.#loops -= 1;
    this.#variables.length = length;
    return `{{range ${form}${over}}}${body}${this.#next() < 0.3 ? '{{else}}none' : ''}{{end}}`;
  }
}

/** A task by chance, whose identity is the number. */
function someTask(number: number, next: () => number): TaskFact {
  const pick = <T>(...items: readonly [T, ...T[]]): T => items[Math.floor(next() * items.length)] ?? items[0];
  const service = pick('web', ...SERVICES);
  return shopTask(service, number, {
    id: idOf(number),
    health: pick('healthy', 'healthy', 'unhealthy'),
    labels: { SERVICE_NAME: service, SERVICE_TAGS: pick('blue', 'blue,green', '') },
    weight: pick(1, 2),
  });
}

const idOf = (number: number): string => String(number).padEnd(64, '0');

const shown = (result: RunResult): unknown => ({
  kind: result.kind,
  text: result.kind === 'output' ? result.bytes.toString() : '',
  message: result.kind === 'error' ? result.message : '',
  used: [...result.run.used.keys()].sort(),
  instances: result.run.instances,
});

test('a template that has run before gives the same as one that runs for the first time', () => {
  const used = vi.spyOn(KeptLoop.prototype, 'get');
  let outputs = 0;
  for (let seed = 1; seed <= runs(1000); seed += 1) {
    const next = random(seed * 7919);
    const text = new LoopTemplates(seed).template();
    let now = 0;
    const environment = {
      get NOW() {
        return String(now);
      },
    };
    const settings = {
      host: { environment, allowPlugin: false, allowWriteToFile: false },
      now: () => now * 1000,
    };
    const port = taskAnswers([0, 1, 2, 3].map((number) => someTask(number, next)));
    const target = plainTarget({ text, name: 't' }, '/out', { min: 0, max: 0 });
    const lasting = new TargetTemplate(target, settings);
    for (let step = 0; step < 6; step += 1) {
      now += 1;
      const found = lasting.run(port);
      if (found.kind === 'output') outputs += 1;
      expect(shown(found), text).toEqual(shown(new TargetTemplate(target, settings).run(port)));
      const number = Math.floor(next() * 6);
      if (next() < 0.2) port.load({ removedTasks: [idOf(number)] });
      else if (next() < 0.8) port.load({ tasks: [someTask(number, next)] });
      port.refresh();
    }
  }
  const hits = used.mock.results.filter(({ value }) => value !== undefined).length;
  // Otherwise it shows nothing.
  expect(outputs).toBeGreaterThan(runs(1000));
  expect(hits).toBeGreaterThan(runs(1000));
  used.mockRestore();
});
