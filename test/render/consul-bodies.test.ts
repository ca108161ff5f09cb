import { expect, test } from 'vitest';
import { valueOf } from '../../src/render/consul-bodies.js';
import { fieldOf } from '../../src/render/functions/record-fields.js';
import { serviceQuery, servicesQuery } from '../../src/render/queries.js';
import { valueText } from '../../src/template/printer.js';
import { GoList, type Value } from '../../src/template/value.js';

function tagsOf(list: Value): string[] {
  if (!(list instanceof GoList)) throw new Error('not a list');
  return list.items.map((record) => valueText(fieldOf(record, 'Tags')));
}

test('templates do not meet the tag by which Fairlead finds its own services', () => {
  const tags = ['z', 'fairlead-service=shop/web', 'a'];
  const entry = {
    Node: { Node: 'alpha', Address: '192.0.2.1' },
    Service: { ID: 'web-1', Service: 'httpd', Address: '', Port: 80, Tags: tags },
    Checks: [],
  };
  expect(tagsOf(valueOf(serviceQuery('httpd'), [entry]))).toEqual(['[a z]']);
  expect(tagsOf(valueOf(servicesQuery(''), { httpd: tags, other: [] }))).toEqual(['[a z]', '[]']);
});
