import { describe, expect, it } from 'vitest';
import { Catalog } from '../../src/catalog/catalog.js';
import type { TaskFact } from '../../src/catalog/facts.js';
import { ContainerLabels } from '../../src/sources/docker/container-labels.js';
import { toFact } from '../../src/sources/docker/to-fact.js';
import { parseServicesFile } from '../../src/sources/file/parse.js';
import { container } from '../sources/docker/inspection.js';
import { ref } from '../support/facts.js';

/** The fact of a container with these labels, as the Docker source tells it. */
function docker(name: string, labels: Record<string, string>, startedAt = 0): TaskFact {
  const { fact } = toFact(
    { ...container({ name: `/${name}`, config: { Labels: labels } }), id: name.padEnd(64, '0'), startedAt },
    {
      ...{ environment: 'default', hostAddress: undefined, clientAddresses: [], root: undefined },
      ...{ unservedNetworks: new Set<string>(), sent: undefined, container: () => undefined },
      labels: new ContainerLabels(),
    },
  );
  if (fact === undefined) throw new Error(`${name} is not served`);
  return fact;
}

const compose = (stack: string, more: Record<string, string> = {}) => ({
  'com.docker.compose.project': stack,
  'com.docker.compose.service': 'web',
  ...more,
});
const swarm = { 'com.docker.swarm.service.name': 'evil_x', 'com.docker.stack.namespace': 'evil' };
const into = { 'fairlead.stack': 'shop', 'fairlead.service': 'web' };
const rancher = { 'io.rancher.stack_service.name': 'shop/web' };
const sealed = { 'fairlead.sealed': 'true' };

function loaded(...tasks: TaskFact[]) {
  const catalog = new Catalog();
  const sink = catalog.sink('docker');
  sink.replace({ tasks });
  return {
    catalog,
    sink,
    names: () => catalog.snapshot.service(ref('web.shop'))?.tasks.map(({ name }) => name),
    problems: () => catalog.snapshot.problems.map(({ message }) => message),
  };
}

const guests: readonly (readonly [what: string, labels: Record<string, string>, who: string])[] = [
  ['a container without a stack', into, '"evil" of the stack default'],
  ['a container of another compose project', { ...compose('evil'), ...into }, '"evil" of the stack evil'],
  ['a container of another Swarm stack', { ...swarm, ...into }, '"evil" of the stack evil'],
  ['labels of Rancher', rancher, '"evil"'],
  ['labels of Rancher on another project', { ...compose('evil'), ...rancher }, '"evil" of the stack evil'],
];

describe.each(guests)('joining a service of another stack: %s', (_what, labels, who) => {
  it('is told', () => {
    const { names, problems, sink } = loaded(docker('shop_web_1', compose('shop')), docker('evil', labels));
    expect(names()).toEqual(['evil', 'shop_web_1']);
    expect(problems()).toEqual([
      `service web.shop: container ${who} joins it by labels and shares its traffic with container "shop_web_1"; change its labels, or say fairlead.sealed=true on the service's own containers to refuse it`,
    ]);
    sink.update({ removedTasks: [docker('evil', {}).id] });
    expect(problems()).toEqual([]);
  });

  it('is refused when the service is sealed', () => {
    const { names, problems, catalog } = loaded(
      docker('shop_web_1', compose('shop', sealed)),
      docker('evil', labels),
    );
    expect(names()).toEqual(['shop_web_1']);
    expect(problems()).toEqual([
      `container ${who}: asks by labels to be of the service web.shop, which container "shop_web_1" seals (fairlead.sealed); it is served by its own name only; change its labels`,
    ]);
    const evil = catalog.snapshot.task(docker('evil', {}).id);
    expect(evil).toMatchObject({
      names: expect.arrayContaining(['evil']) as string[],
      refused: ref('web.shop'),
    });
    expect(evil?.service).toBeUndefined();
  });

  it('is refused by the services file', () => {
    const { names, problems, catalog } = loaded(docker('evil', labels));
    const file = catalog.sink('file');
    const web = (labels: object) => {
      const text = JSON.stringify({
        stacks: { shop: { services: { web: { labels, tasks: [{ name: 'lab', ip: '10.0.0.1' }] } } } },
      });
      const parsed = parseServicesFile(text, 'default');
      if (!parsed.ok) throw new Error('the file does not parse');
      return parsed.facts;
    };
    file.replace(web({}));
    expect(names()).toEqual(['evil', 'lab']);
    expect(problems()).toEqual([
      expect.stringContaining(
        `container ${who} joins it by labels and shares its traffic with container "lab"`,
      ),
    ]);
    file.replace(web({ 'fairlead.sealed': true }));
    expect(names()).toEqual(['lab']);
    expect(problems()).toEqual([expect.stringContaining('which the source file seals')]);
    file.replace({ tasks: [] });
    expect([names(), problems()]).toEqual([['evil'], []]);
  });
});

describe('a sealed service', () => {
  const own = docker('shop_web_1', compose('shop', sealed));
  const evil = docker('evil', into);

  it('refuses those that were there before it, and lets them in when it is not sealed any more', () => {
    const { names, sink, catalog } = loaded(evil);
    expect(names()).toEqual(['evil']);
    const changed: (readonly string[])[] = [];
    catalog.onChange(({ tasks }) => changed.push([...tasks.added, ...tasks.changed].sort()));
    sink.update({ tasks: [own] });
    expect(names()).toEqual(['shop_web_1']);
    sink.update({ tasks: [{ ...own, weight: 2 }] });
    expect(names()).toEqual(['shop_web_1']);
    sink.update({ tasks: [docker('shop_web_1', compose('shop'))] });
    expect(names()).toEqual(['evil', 'shop_web_1']);
    expect(catalog.snapshot.task(evil.id)?.service).toEqual(ref('web.shop'));
    // A change of another task is none of the refused one.
    expect(changed).toEqual([[own.id, evil.id].sort(), [own.id], [own.id, evil.id].sort()]);
  });

  it('stays sealed while it is stopped, and its guest changes and goes', () => {
    const { names, sink, catalog, problems } = loaded({ ...own, health: 'stopped' }, evil);
    expect(names()).toEqual(['shop_web_1']);
    sink.update({ tasks: [{ ...evil, weight: 7 }] });
    expect(names()).toEqual(['shop_web_1']);
    expect(catalog.snapshot.task(evil.id)).toMatchObject({ weight: 7, refused: ref('web.shop') });
    sink.update({ removedTasks: [evil.id] });
    expect([catalog.snapshot.task(evil.id), problems()]).toEqual([undefined, []]);
    sink.update({ removedTasks: [own.id] });
    expect(names()).toBeUndefined();
  });

  it('is not sealed by a guest', () => {
    const { names, problems } = loaded(
      docker('shop_web_1', compose('shop')),
      docker('evil', { ...into, ...sealed }),
    );
    expect(names()).toEqual(['evil', 'shop_web_1']);
    expect(problems()).toHaveLength(1);
  });

  it('takes more containers of its own stack', () => {
    const { names, problems } = loaded(own, docker('shop_web_2', compose('shop')));
    expect([names(), problems()]).toEqual([['shop_web_1', 'shop_web_2'], []]);
  });

  it('without containers of its stack is that of Rancher’s labels, else of the stack that started first', () => {
    const one = loaded(docker('first', { ...into, ...sealed }, 1), docker('r', { ...rancher, ...sealed }, 2));
    expect(one.names()).toEqual(['r']);
    const other = loaded(
      docker('b', { ...compose('b'), ...into, ...sealed }, 1),
      docker('a', { ...compose('a'), ...into, ...sealed }, 2),
    );
    expect(other.names()).toEqual(['b']);
    const moved = { 'io.rancher.stack_service.name': 'evil/x', ...into };
    expect(loaded(docker('r', { ...rancher, ...sealed }), docker('evil', moved)).names()).toEqual(['r']);
  });

  it('ends up the same whatever comes first', () => {
    const shown = ({ snapshot }: Catalog) =>
      [...snapshot.tasks()].map(({ id, service }) => [id, service]).sort();
    const { catalog, sink } = loaded(evil, own);
    const single = loaded(evil).catalog;
    sink.update({ removedTasks: [own.id] });
    expect(shown(catalog)).toEqual(shown(single));
  });
});
