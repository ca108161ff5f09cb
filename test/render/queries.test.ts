import { describe, expect, test } from 'vitest';
import { TargetTemplate } from '../../src/render/render-template.js';
import { plainTarget } from '../../src/render/template-target.js';
import { queryText } from '../../src/render/queries.js';
import { RunContext } from '../../src/render/run-context.js';
import { allFunctions } from '../../src/render/functions/all-functions.js';
import { Template } from '../../src/template/template.js';
import { ref, taskFact } from '../support/facts.js';
import { shopTask, taskAnswers } from '../support/rendering.js';

const HOST = { environment: {}, allowPlugin: false, allowWriteToFile: false };

/** The queries of a template, when none has an answer. */
function asked(text: string): string[] {
  const run = new RunContext({ answer: () => undefined });
  const functions = allFunctions(run, { host: HOST, now: () => 0 });
  Template.parse('t', text, { functions, missingKey: 'zero' }).execute(undefined, functions);
  return [...run.used.values()].map(queryText);
}

describe("the grammar of consul-template's queries", () => {
  test.each([
    ['service "web"', 'health.service(web)'],
    ['service "v1.web"', 'health.service(v1.web)'],
    ['service "a=b:c.d-e.web_x-1"', 'health.service(a=b:c.d-e.web_x-1)'],
    ['service "web@dc-1.eu"', 'health.service(web@dc-1.eu)'],
    ['service "web~n.1"', 'health.service(web~n.1)'],
    ['service "v.web@dc~n|warning,any"', 'health.service(v.web@dc~n|any,warning)'],
    ['service "web" "passing,any"', 'health.service(web|any,passing)'],
    ['service "web?ns=a&partition=b&peer=c&sameness-group=d@dc"', 'health.service(web@dc)'],
    ['"any" | service "web"', 'health.service(web|any)'],
    ['connect "web|critical"', 'health.connect(web|critical)'],
    ['services', 'catalog.services'],
    ['services "@dc"', 'catalog.services(@dc)'],
    ['services "?ns=a@dc"', 'catalog.services(@dc)'],
    ['nodes', 'catalog.nodes'],
    ['nodes "@dc~near"', 'catalog.nodes(@dc~near)'],
    ['node', 'catalog.node'],
    ['node "n.1@dc"', 'catalog.node(n.1@dc)'],
    ['node "@dc"', 'catalog.node(@dc)'],
    ['datacenters', 'catalog.datacenters'],
    ['datacenters true', 'catalog.datacenters'],
    ['key "a/b c@dc"', 'kv.block(a/b c@dc)'],
    ['key "/a?ns=x"', 'kv.block(a)'],
    ['keyExists "a/b"', 'kv.exists(a/b)'],
    ['keyOrDefault "a/b" "d"', 'kv.get(a/b)'],
    ['ls "a@dc"', 'kv.list(a@dc)'],
    ['ls "/"', 'kv.list()'],
    ['tree "a/"', 'kv.list(a/)'],
    ['safeLs "a"', 'kv.list(a)'],
    ['safeTree "a"', 'kv.list(a)'],
    [
      'service (sprig_dict "name" "my.app" "tag" "v1.2" "dc" "d" "near" "n" "filter" "any")',
      'health.service(v1.2.my.app@d~n|any)',
    ],
  ])('%s', (call, text) => expect(asked(`{{${call}}}`)).toEqual([text]));

  test.each([
    ['service ""', []],
    ['key ""', []],
    ['keyExists ""', []],
    ['ls ""', []],
  ])('%s asks nothing', (call, none) => expect(asked(`{{${call}}}`)).toEqual(none));

  test.each([
    ['service "we b"', 'health.service: invalid format: "we b"'],
    ['service "web|"', 'health.service: invalid format: "web|"'],
    ['service "web|nope"', 'health.service: invalid filter: "nope" in "web|nope"'],
    [
      'service "web?x=1"',
      'health.service: invalid query parameter key "x" in query "web?x=1": supported keys: ns,peer,partition,sameness-group',
    ],
    ['connect "a/b"', 'health.connect: invalid format: "a/b"'],
    ['service 1', 'service: wrong type for value; expected string; got int'],
    [
      'service (sprig_dict "nam" "x")',
      'service: unknown key "nam": the keys are name, tag, dc, datacenter, near, filter',
    ],
    ['service (sprig_dict "tag" "x")', 'service: the key "name" is missing'],
    ['service (sprig_dict "name" 1)', 'service: name must be a string'],
    [
      'service (sprig_dict "name" "x" "filter" "nope")',
      'service: filter must be one of any, passing, warning, critical, maintenance, not nope',
    ],
    ['services "~near"', 'catalog.services: invalid format: "~near"'],
    ['nodes "name"', 'catalog.nodes: invalid format: "name"'],
    ['node "a~b"', 'catalog.node: invalid format: "a~b"'],
    ['key "@dc"', 'kv.get: invalid format: "@dc"'],
    ['keyExists "a@b@c"', 'kv.exists: invalid format: "a@b@c"'],
    ['ls "a@b@c"', 'kv.list: invalid format: "a@b@c"'],
  ])('%s is refused', (call, message) => {
    expect(() => asked(`{{${call}}}`)).toThrow(
      expect.objectContaining({ message: expect.stringContaining(message) as string }) as Error,
    );
  });
});

describe("Fairlead's own model", () => {
  const lone = taskFact('7'.padEnd(64, '0'), {
    name: 'shop_lone_7',
    stack: 'shop',
    ip: '10.1.0.8',
    network: 'net1',
  });
  const port = taskAnswers([
    shopTask('web', 1),
    shopTask('web', 2, { health: 'unhealthy', weight: 3, image: 'nginx:1', labels: { tier: 'front' } }),
    shopTask('web', 3, { health: 'stopped' }),
    shopTask('db', 4, {
      ports: [
        { port: 5432, protocol: 'tcp', target: 5432, name: 'sql' },
        { port: 5433, protocol: 'udp', target: 5433 },
      ],
    }),
    shopTask('web', 5, { stack: 'blog', service: ref('web.blog') }),
    shopTask('log', 6, { service: ref('log.web.shop') }),
    lone,
  ]);

  function rendered(text: string): string {
    const target = plainTarget({ text, name: 't' }, '/out', { min: 0, max: 0 });
    const result = new TargetTemplate(target, { host: HOST, now: () => 0 }).run(port);
    return result.kind === 'output' ? result.bytes.toString() : JSON.stringify(result);
  }

  test.each([
    ['{{range stacks}}{{.Name}}={{.Services | join ","}};{{end}}', 'blog=web;shop=db,web;'],
    [
      '{{range tasks "web.shop"}}{{.Name}} {{.Service}}.{{.Stack}} {{.Address}}:{{.Port}} {{.Health}} {{.Weight}} {{.Image}} {{.Labels.tier}};{{end}}',
      'shop_web_1 web.shop 10.1.0.2:80 healthy 1  ;shop_web_2 web.shop 10.1.0.3:80 unhealthy 3 nginx:1 front;',
    ],
    ['{{range tasks "web"}}{{.Name}} {{end}}', 'shop_web_1 shop_web_2 shop_web_5 '],
    ['{{range tasks "web" "blog"}}{{.Name}} {{end}}', 'shop_web_5 '],
    ['{{range tasks "shop/web"}}{{.Name}} {{end}}', 'shop_web_1 shop_web_2 '],
    ['{{range tasks "log.web.shop"}}{{.Name}} {{end}}', 'shop_log_6 '],
    ['{{len tasks}} {{range tasks}}{{if not .Service}}{{.Name}} {{end}}{{end}}', '6 shop_lone_7 '],
    [
      '{{range endpoints "db.shop"}}{{.Task}} {{.Address}}:{{.Port}}/{{.Protocol}} {{.Name}};{{end}}',
      'shop_db_4 10.1.0.5:5432/tcp sql;shop_db_4 10.1.0.5:5433/udp ;',
    ],
    ['{{range endpoints "web.shop"}}{{.Task}};{{end}}', 'shop_web_1;'],
    ['{{len (tasks "none")}} {{len (endpoints "none")}} [{{vip "none"}}]', '0 0 []'],
  ])('%s', (text, output) => expect(rendered(text)).toBe(output));
});
