import { describe, expect, test } from 'vitest';
import { caret, TemplateError } from '../../src/template/template-error.js';
import { Template, type TemplateOptions } from '../../src/template/template.js';
import { fromJson } from '../../src/template/go-values.js';
import type { Value } from '../../src/template/value.js';
import { toBytes } from '../../src/template/byte-strings.js';

function run(text: string, dot?: Value, options: TemplateOptions = {}): string {
  return Template.parse('t', text, options).execute(dot);
}

function failure(text: string, dot?: Value, options: TemplateOptions = {}): TemplateError {
  try {
    run(text, dot, options);
  } catch (error) {
    if (error instanceof TemplateError) return error;
    throw error;
  }
  throw new Error(`${text} did not fail`);
}

const DATA = fromJson({ a: 1, s: 'héy', l: ['x', 'y'], m: { z: 1, b: null }, big: 1000000, no: null });

describe('the results of actions', () => {
  test.each([
    ['a {{- "b" }} c', 'ab c'],
    ['{{"a" -}}  \n c', 'ac'],
    ['a{{- /* c */ -}} b', 'ab'],
    ['{{if .a}}y{{else}}n{{end}}{{if .no}}y{{else if .s}}z{{else}}n{{end}}', 'yz'],
    ['{{with .no}}a{{else with .s}}{{.}}{{else}}c{{end}}', 'héy'],
    ['{{range $i, $e := .l}}{{$i}}={{$e}};{{else}}none{{end}}', '0=x;1=y;'],
    // As in Go since 1.20.
    ['{{$x := ""}}{{range $x = .l}}{{$x}}{{end}}{{$x}}', 'xyy'],
    ['{{$x := ""}}{{$i := 9}}{{range $i, $x = .l}}{{$i}}{{$x}}{{end}}{{$i}}{{$x}}', '0x1y1y'],
    ['{{range .no}}x{{else}}none{{end}}', 'none'],
    ['{{range $k, $v := .m}}{{$k}}:{{$v}} {{end}}', 'b:<no value> z:1 '],
    ['{{range 3}}{{if eq . 1}}{{continue}}{{end}}{{.}}{{end}}', '02'],
    ['{{range .l}}{{.}}{{break}}{{end}}', 'x'],
    [
      '{{define "r"}}{{.}}{{if gt (len .) 1}}{{template "r" (slice . 1)}}{{end}}{{end}}{{template "r" "abc"}}',
      'abcbcc',
    ],
    ['{{block "b" .a}}[{{.}}]{{end}}', '[1]'],
    ['{{$x := "a"}}{{if true}}{{$x := "b"}}{{$x}}{{end}}{{$x}}{{$x = "c"}}{{$x}}', 'bac'],
    ['{{.big}} {{1e6}} {{1000000}} {{0.00001}} {{1e21}}', '1e+06 1e+06 1000000 1e-05 1e+21'],
    ['{{0x10}} {{1_000}} {{\'a\'}} {{`raw\\n`}} {{"t\\u00e9"}} {{2i}}', '16 1000 97 raw\\n té (0+2i)'],
    ['{{len .s}} {{index .s 1}} {{slice .s 0 1}}', '4 195 h'],
    [
      '{{.none}} {{.m.b}} {{.}}',
      '<no value> <no value> map[a:1 big:1e+06 l:[x y] m:map[b:<nil> z:1] no:<nil> s:héy]',
    ],
    ['{{print 1 2 "a" "b" 3}}|{{println "a" 1}}', '1 2a b 3|a 1\n'.replace('a b', 'ab').replace('b 3', 'b3')],
    ['{{and 1 0 "z"}} {{or "" "x"}} {{not ""}} {{and false (index .l 9)}}', '0 x true false'],
    [
      '{{"b" | printf "%s-%s" "a"}} {{printf "%05d|%-4s|%.2f|%q|%x" 7 "a" 2.5 "é" "hi"}}',
      'a-b 00007|a   |2.50|"é"|6869',
    ],
    ['{{html "<a&\'>"}} {{js "it\'s"}} {{urlquery "a b&é"}}', "&lt;a&amp;&#39;&gt; it\\'s a+b%26%C3%A9"],
  ])('%s', (text, expected) => {
    expect(run(text, DATA)).toBe(expected);
  });

  test('other delimiters', () => {
    expect(run('<< .a >> {{.a}}', DATA, { delimiters: { left: '<<', right: '>>' } })).toBe('1 {{.a}}');
  });

  test('bytes that are not UTF-8 pass through', () => {
    expect([...toBytes(run('{{"\\xff"}}{{slice "é" 0 1}}'))]).toEqual([0xff, 0xc3]);
  });

  test('missing keys by option', () => {
    expect(run('{{.none}}', DATA, { missingKey: 'zero' })).toBe('<no value>');
    expect(failure('{{.none}}', DATA, { missingKey: 'error' }).message).toContain(
      'map has no entry for key "none"',
    );
    expect(failure('{{.none.more}}', DATA, { missingKey: 'zero' }).message).toContain(
      'nil pointer evaluating interface {}.more',
    );
  });
});

describe('errors', () => {
  test.each([
    ['{{/* c }}', 'template: t:1: unclosed comment'],
    ['x\n{{if true}}y', 'template: t:2: unexpected EOF'],
    ['{{break}}', 'template: t:1: {{break}} outside {{range}}'],
    ['{{nope 1}}', 'template: t:1: function "nope" not defined'],
    ['{{$x}}', 'template: t:1: undefined variable "$x"'],
    ['{{if\ntrue', 'template: t:2: unclosed action started at t:1'],
    ['{{"a}}', 'template: t:1: unterminated quoted string'],
    ['{{1 | 2}}', 'template: t:1: non executable command in pipeline stage 2'],
    ['{{.a.}}', 'template: t:1: unexpected <.> in operand'],
    ['{{nil}}', 'template: t:1:2: executing "t" at <nil>: nil is not a command'],
    [
      '\n  é{{index .l 5}}',
      'template: t:2:6: executing "t" at <index .l 5>: error calling index: index out of range: 5',
    ],
    [
      '{{eq 1 1.0}}',
      'template: t:1:2: executing "t" at <eq 1 1.0>: error calling eq: incompatible types for comparison',
    ],
    [
      '{{printf .a}}',
      'template: t:1:9: executing "t" at <.a>: wrong type for value; expected string; got float64',
    ],
    [
      '{{template "none"}}',
      'template: t:1:11: executing "t" at <{{template "none"}}>: template "none" not defined',
    ],
    ['{{.s.x}}', 'template: t:1:4: executing "t" at <.s.x>: can\'t evaluate field x in type string'],
  ])('%s', (text, message) => {
    expect(failure(text, DATA).message).toBe(message);
  });

  test('an error has its place, and the line can be shown with a caret', () => {
    const text = 'one\n\ttwo {{index .l 5}}';
    const { place, phase } = failure(text, DATA);
    expect(phase).toBe('execute');
    expect(place).toEqual({ file: 't', line: 2, column: 8 });
    expect(place === undefined ? '' : caret(place, text)).toBe(' two {{index .l 5}}\n       ^');
  });
});

describe('limits', () => {
  test('steps end an endless loop', () => {
    const error = failure('{{range 1000000000}}{{end}}', undefined, { limits: { steps: 1000 } });
    expect(error.message).toContain('more than 1000 steps');
  });

  test('output, and intermediate texts', () => {
    expect(
      failure('{{range 99999}}xxxxxxxxxx{{end}}', undefined, { limits: { output: 5000 } }).message,
    ).toContain('more than 5000 characters of output');
    const doubling = `{{$x := "a"}}{{range 60}}{{$x = print $x $x}}{{end}}`;
    expect(failure(doubling).message).toContain('characters of output');
  });

  test('templates that call themselves', () => {
    expect(failure('{{define "r"}}{{template "r"}}{{end}}{{template "r"}}').message).toContain(
      'exceeded maximum template depth',
    );
    const mutual =
      '{{define "r"}}{{if true}}{{range 1}}{{with 1}}{{template "r"}}{{end}}{{end}}{{end}}{{end}}{{template "r"}}';
    expect(failure(mutual).message).toMatch(/exceeded maximum template depth|too deep/);
  });

  test('nested parentheses and blocks', () => {
    expect(failure('{{' + '('.repeat(5000) + '1' + ')'.repeat(5000) + '}}').message).toContain('parentheses');
    expect(failure('{{if 1}}'.repeat(5000)).message).toContain('blocks within one another');
    expect(run('{{if 1}}'.repeat(300) + 'x' + '{{end}}'.repeat(300))).toBe('x');
  });
});
