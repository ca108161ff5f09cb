import * as typed from './typed-data.js';
import type { Pair } from './typed-data.js';

/** A generator of numbers that gives the same for the same seed. */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const STRINGS = [
  '',
  'a',
  'web',
  'héy',
  '日本',
  '<b>"&\'',
  'a b\tc\n',
  '0',
  'x\udcff',
  '😀',
  'Zz_9',
  '{}',
  '\\',
  '%d',
];
const FLOATS = [
  0, 1, 1.5, -2.25, 1e6, 1e21, 1e-7, 123456789, 0.1, -0, 100000, 2.5, 1e20, 5e-324, 1.7976931348623157e308,
];
const INTS = [
  0n,
  1n,
  -1n,
  2n,
  3n,
  80n,
  8080n,
  255n,
  -128n,
  65n,
  9223372036854775807n,
  -9223372036854775808n,
  0x1f600n,
];
const FORMATS =
  '%v %d %s %q %x %X %5d %-5d| %05d %+d %t %T %c %U %#U %b %o %O %e %E %f %g %G %.2f %8.3f %6.2v %+v %#v %% %s|%s %[2]v %[1]d %*d %.*f %-8s| %8s %.2s %08.3f %+q %#q %x %#x % x %# x %z %! %[5]d %[x]d %!d %6q %-10v| %+.1e %#o %#b %x %F %#g %#.3x %p %.0f %.3g %20v %v%v'.split(
    ' ',
  );

/** Templates and data by chance, from a seed. Most are valid; what is not must fail in Go too. */
export class TemplateGenerator {
  private readonly next: () => number;
  private depth = 0;
  private ranges = 0;
  private variables: string[] = [];
  private defined = 'B';

  constructor(seed: number) {
    this.next = random(seed);
  }

  private pick<T>(items: readonly T[]): T {
    const item = items[Math.floor(this.next() * items.length)];
    if (item === undefined) throw new Error('nothing to pick from');
    return item;
  }

  private chance(part: number): boolean {
    return this.next() < part;
  }

  private times<T>(most: number, make: () => T): T[] {
    return Array.from({ length: Math.floor(this.next() * (most + 1)) }, make);
  }

  data(): Pair {
    const entries = new Map<string, Pair>([
      ['s', typed.string(this.pick(STRINGS))],
      ['n', typed.int(this.pick(INTS))],
      ['f', typed.float(this.pick(FLOATS))],
      ['b', typed.bool(this.chance(0.5))],
      ['l', this.list()],
      ['m', this.map()],
      ['svc', this.service()],
      ['svcs', typed.list(this.times(3, () => this.service()))],
      ['x', this.value(2)],
      ['y', this.value(2)],
      ['nil', typed.nil],
      ['i64', typed.int64(this.pick(INTS))],
      ['u8', typed.uint8(BigInt(Math.floor(this.next() * 256)))],
      ['u64', typed.uint64(BigInt(Math.floor(this.next() * 1e9)))],
      [
        'byInt',
        typed.byInt(new Map(this.times(3, () => [String(Math.floor(this.next() * 5)), this.string()]))),
      ],
    ]);
    return this.chance(0.02) ? this.value(1) : typed.anyMap(entries);
  }

  private string(): Pair {
    return typed.string(this.pick(STRINGS));
  }

  private service(): Pair {
    const port = typed.int(this.pick(INTS));
    const meta = typed.stringMap(
      new Map(this.times(2, () => [this.pick(['a', 'rack', 'z']), this.string()])),
    );
    return typed.service(this.string(), port, typed.strings(this.times(3, () => this.string())), meta);
  }

  private list(): Pair {
    switch (Math.floor(this.next() * 3)) {
      case 0:
        return typed.strings(this.times(4, () => this.string()));
      case 1:
        return typed.ints(this.times(4, () => typed.int(this.pick(INTS))));
      default:
        return typed.list(this.times(4, () => this.value(1)));
    }
  }

  private map(): Pair {
    const keys = () => this.pick(['a', 'b', 'B', 'k_1', 'é', '😀', 'ｚ']);
    switch (Math.floor(this.next() * 3)) {
      case 0:
        return typed.stringMap(new Map(this.times(4, () => [keys(), this.string()])));
      case 1:
        return typed.intMap(new Map(this.times(4, () => [keys(), typed.int(this.pick(INTS))])));
      default:
        return typed.anyMap(new Map(this.times(4, () => [keys(), this.value(1)])));
    }
  }

  private value(depth: number): Pair {
    const kind = Math.floor(this.next() * (depth > 0 ? 10 : 7));
    switch (kind) {
      case 0:
        return this.string();
      case 1:
        return typed.int(this.pick(INTS));
      case 2:
        return typed.float(this.pick(FLOATS));
      case 3:
        return typed.bool(this.chance(0.5));
      case 4:
        return typed.nil;
      case 5:
        return typed.int64(this.pick(INTS));
      case 6:
        return typed.uint8(7n);
      case 7:
        return depth > 1 ? typed.list(this.times(3, () => this.value(depth - 1))) : this.list();
      case 8:
        return this.map();
      default:
        return this.service();
    }
  }

  /** A valid template, most of the time: fields are those of the root, wherever the dot is. */
  template(): string {
    return this.anyTemplate().replace(/(?<=[ (])\.(?=[a-zé])/g, () => (this.chance(0.9) ? '$.' : '.'));
  }

  private anyTemplate(): string {
    this.depth = 0;
    this.ranges = 0;
    this.variables = [];
    this.defined = 'B';
    const defines = this.chance(0.2)
      ? `{{define "T1"}}[${this.inner(() => this.body(1))}]{{end}}{{define "T2"}}${this.inner(() => this.body(1))}{{end}}`
      : '';
    if (defines !== '') this.defined = 'T2';
    return `${defines}${this.body(4)}{{define "B"}}{{end}}`;
  }

  private inner(make: () => string): string {
    const { variables, ranges, defined } = this;
    // A template that runs itself would never end.
    this.defined = '';
    this.variables = [];
    this.ranges = 0;
    const text = make();
    this.variables = variables;
    this.ranges = ranges;
    this.defined = defined;
    return text;
  }

  private body(most: number): string {
    return [this.piece(), ...this.times(most, () => this.piece())].join('');
  }

  private text(): string {
    return this.pick(['x', ' ', '\n', ' a \n b ', 'é', '}', '{', '', ' - ', '\t']);
  }

  private open(): string {
    return this.chance(0.15) ? '{{- ' : '{{';
  }

  private close(): string {
    return this.chance(0.15) ? ' -}}' : '}}';
  }

  private action(content: string): string {
    return this.open() + content + this.close();
  }

  private piece(): string {
    if (this.depth > 3) return this.text();
    const kind = this.next();
    if (kind < 0.2) return this.text();
    if (kind < 0.5) return this.action(this.pipeline());
    if (kind < 0.58) return this.declaration();
    if (kind < 0.95) return this.block();
    if (kind < 0.995) return this.pick(['{{/* c */}}', '{{- /* c\n */ -}}', '{{"a"}}', '{{/**/}}']);
    return this.pick([
      '{{',
      '{{end}}',
      '{{else}}',
      '}}',
      '{{break}}',
      '{{.}',
      '{{nil}}',
      '{{$q}}',
      '{{1 2}}',
      '{{(}}',
    ]);
  }

  private declaration(): string {
    const known = this.variables.length > 0 && this.chance(0.4);
    const name = known ? this.pick(this.variables) : this.pick(['$a', '$b', '$c']);
    const text = this.action(`${name} ${known ? '=' : ':='} ${this.pipeline()}`);
    if (!known) this.variables.push(name);
    return text;
  }

  private block(): string {
    this.depth += 1;
    const mark = this.variables.length;
    const text = this.blockText();
    this.variables.length = mark;
    this.depth -= 1;
    return text;
  }

  private blockText(): string {
    const kind = this.next();
    const end = this.action('end');
    const otherwise = () => (this.chance(0.4) ? `${this.action('else')}${this.body(1)}` : '');
    if (kind < 0.35) {
      const elseIf = this.chance(0.2) ? `${this.action(`else if ${this.pipeline()}`)}${this.body(1)}` : '';
      return `${this.action(`if ${this.pipeline()}`)}${this.body(2)}${elseIf}${otherwise()}${end}`;
    }
    if (kind < 0.55) {
      const name = this.chance(0.3) ? '$w := ' : '';
      const head = this.action(`with ${name}${this.pipeline()}`);
      if (name !== '') this.variables.push('$w');
      return `${head}${this.body(2)}${otherwise()}${end}`;
    }
    if (kind < 0.9) return this.rangeText(otherwise, end);
    if (kind < 0.95)
      return `${this.action(`block "B" ${this.chance(0.8) ? '$' : this.pipeline()}`)}${this.inner(() => this.body(1))}${end}`;
    return this.action(
      `template "${this.chance(0.1) ? 'T3' : this.defined}" ${this.chance(0.8) ? '$' : this.pipeline()}`,
    );
  }

  private rangeText(otherwise: () => string, end: string): string {
    const form = this.pick(['', '', '$i, $e := ', '$e := ']);
    const over = this.pick([
      '.l',
      '.m',
      '.svcs',
      '.x',
      '.svc.Tags',
      '.svc.Meta',
      '.byInt',
      '.nil',
      this.pipeline(),
    ]);
    const head = this.action(`range ${form}${over.trim()}`);
    if (form !== '') this.variables.push(...(form.startsWith('$i') ? ['$i', '$e'] : ['$e']));
    this.ranges += 1;
    const jump = this.chance(0.2)
      ? `{{if ${this.pipeline()}}}{{${this.pick(['break', 'continue'])}}}{{end}}`
      : '';
    const body = this.body(2) + jump + this.body(1);
    this.ranges -= 1;
    return head + body + otherwise() + end;
  }

  private pipeline(): string {
    const first = this.command();
    if (!this.chance(0.25)) return first;
    return `${first} | ${this.pick(['print', 'printf "%v"', 'not', 'html', 'js', 'urlquery', 'printf "%T"', 'println', 'or .s', 'and 1', 'printf "%q %v" "z"', this.pick(['len', 'eq 1', 'index .l', 'lt 1.5', 'slice'])])}`;
  }

  private command(): string {
    if (this.chance(0.4)) return this.operand();
    const a = () => this.operand();
    switch (Math.floor(this.next() * 9)) {
      case 0: {
        const pair = this.alike();
        return `${this.pick(['eq', 'ne', 'lt', 'le', 'gt', 'ge'])} ${pair()} ${pair()}`;
      }
      case 1:
        return `${this.pick(['and', 'or'])} ${a()} ${a()}${this.chance(0.3) ? ` ${a()}` : ''}`;
      case 2:
        return `printf ${JSON.stringify(this.pick(FORMATS))}${this.times(3, () => ` ${a()}`).join('')}`;
      case 3:
        return `${this.pick(['print', 'println'])}${this.times(3, () => ` ${a()}`).join('')}`;
      case 4:
        return this.chance(0.6)
          ? this.pick([
              'index .m "a"',
              'index .byInt 1',
              'index .svc.Meta "z"',
              'index .m "none"',
              'index "héy" 1',
              'index .byInt .u8',
            ])
          : `index ${this.pick(['.l', '.m', '.x', '.s', '.svcs', '.byInt', a()])} ${this.pick(['0', '1', '"a"', '.n', a()])}`;
      case 5:
        return `${this.pick(['not', 'html', 'js', 'urlquery'])} ${a()}`;
      case 6:
        if (this.chance(0.6))
          return this.pick(['slice "héllo" 1 3', 'slice .l 0 0', 'slice .s', 'slice "abc" 1', 'slice .l']);
        return `slice ${this.pick(['.s', '.l', a()])} ${this.pick(['0', '1', '0 1', '1 2', '', '1 1 1'])}`;
      case 7:
        return `eq ${this.alike()()} ${a()}`;
      default:
        return `(${this.pipeline()})${this.chance(0.2) ? '.Name' : ''}`;
    }
  }

  private operand(): string {
    const kind = this.next();
    if (kind < 0.35) {
      return this.pick([
        '.',
        '.s',
        '.n',
        '.f',
        '.b',
        '.l',
        '.m',
        '.svc',
        '.svc.Name',
        '.svc.Port',
        '.svc.Tags',
        '.svc.Meta',
        '.i64',
        '.u8',
        '$.s',
        '$',
      ]);
    }
    if (kind < 0.45) {
      return this.pick([
        '.',
        '.s',
        '.n',
        '.f',
        '.b',
        '.l',
        '.m',
        '.m.a',
        '.x',
        '.y',
        '.svc',
        '.svc.Name',
        '.svc.Port',
        '.svc.Tags',
        '.svc.Meta.rack',
        '.svc.Bad',
        '.none',
        '.none.more',
        '.nil',
        '.nil.a',
        '.i64',
        '.u8',
        '.u64',
        '.x.a.b',
        '.m.é',
        '$.s',
        '$',
      ]);
    }
    if (kind < 0.6 && this.variables.length > 0) {
      return this.pick(this.variables) + (this.chance(0.2) ? '.Name' : '');
    }
    if (kind < 0.73)
      return this.pick(['0', '1', '3', '0x1f', '1_000', "'a'", '1.5', '1e3', '1e6', '2i', '.5', '1.0', '-0']);
    if (kind < 0.75) {
      return this.pick([
        '0',
        '1',
        '-1',
        '3',
        '0x1f',
        '1_000',
        "'a'",
        '1.5',
        '1e3',
        '1e6',
        '2i',
        '1+2i',
        '.5',
        '0b11',
        '0o17',
        '017',
        '1e400',
        '9223372036854775808',
        '-0',
        '0x1p4',
        "'\\n'",
        "'é'",
        '1.0',
        '100000000.0',
        '+7',
        '08',
        '1__0',
      ]);
    }
    if (kind < 0.9) {
      return this.pick([
        '"a"',
        '"web"',
        '``',
        '`r\\n`',
        '"\\u00e9\\t"',
        '"\\xff"',
        '"é"',
        '""',
        '"\\377"',
        '"%d"',
        '"a\\"b"',
        '"\\U0001F600"',
      ]);
    }
    return this.pick([
      'true',
      'false',
      'nil',
      '(len .l)',
      '(.x)',
      '(index .l 0)',
      '(print .n)',
      `(${this.depth < 3 ? this.pipelineDeeper() : '1'})`,
    ]);
  }

  /** Operands that can be compared with one another, most of the time. */
  private alike(): () => string {
    const groups = [
      ['.n', '1', '0x1f', '.i64', '.u8', '.u64', '(len .l)', "'a'", '-1', '.svc.Port'],
      ['.s', '"a"', '"web"', '.svc.Name', '(print .n)', '`r`', '.svc.Meta.rack'],
      ['.f', '1.5', '1e3', '.5'],
    ];
    const group = this.chance(0.9) ? this.pick(groups) : groups.flat();
    return () => this.pick(group);
  }

  private pipelineDeeper(): string {
    this.depth += 1;
    const text = this.pipeline();
    this.depth -= 1;
    return text;
  }
}
