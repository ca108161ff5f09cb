import { describe, expect, it } from 'vitest';
import type { VipJson } from '../../src/api/types/vips-json.js';
import { vipCsv, VipRows } from '../../src/ui/vip-rows.js';

function vip(total: number, taskTotal: number, name = 'web.shop', task = 'shop_web_1'): VipJson {
  return {
    environment: 'default',
    stack: 'shop',
    service: 'web',
    key: 'default/shop/web',
    name,
    vip: '10.43.0.1',
    port: 80,
    protocol: 'tcp',
    scheduler: 'rr',
    state: 'up',
    active: 3,
    total,
    bytesIn: 10,
    refused: 1,
    failed: 2,
    retried: 0,
    tasks: [
      {
        id: 'a',
        name: task,
        address: '10.42.0.1:80',
        weight: 1,
        state: 'active',
        active: 3,
        total: taskTotal,
      },
    ],
  };
}

describe('lines of virtual IPs', () => {
  it('are the port and its tasks, with what is new each second', () => {
    const rows = new VipRows();
    expect(rows.take([vip(10, 8)], 0).map(({ opened }) => opened)).toEqual([undefined, undefined]);
    expect(rows.take([vip(30, 18)], 2000).map(({ opened }) => opened)).toEqual([10, 5]);
    // The daemon was started again.
    expect(rows.take([vip(1, 1)], 3000).map(({ opened }) => opened)).toEqual([0, 0]);
  });

  it('become CSV, where a figure that is not known is empty', () => {
    const [head, port, task] = vipCsv(new VipRows().take([vip(10, 8)], 0)).split('\r\n');
    expect(head).toMatch(/^service,vip,port,/);
    expect(port).toBe('web.shop,10.43.0.1,80,tcp,,,up,rr,,3,,10,10,,1,2,0');
    expect(task).toBe('web.shop,10.43.0.1,80,tcp,shop_web_1,10.42.0.1:80,active,,1,3,,8,,,,,');
  });

  it.each([
    ['=cmd()', "'=cmd()"],
    ['+1', "'+1"],
    ['@x', "'@x"],
    ['a,b', '"a,b"'],
    ['a"b', '"a""b"'],
    ['a\nb', '"a\nb"'],
  ])('gives a spreadsheet no formula and no new cell: %j', (name, cell) => {
    const [, ...lines] = vipCsv(new VipRows().take([vip(1, 1, name, 'x')], 0)).split('\r\n');
    expect(lines[0]?.startsWith(`${cell},10.43.0.1,`)).toBe(true);
  });
});
