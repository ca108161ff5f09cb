import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { METRICS } from '../../tools/all-metrics.js';

const pathOf = (file: string) => fileURLToPath(new URL(file, import.meta.url));
const ALERTS = pathOf('../../config/prometheus/alerts.yaml');
const DASHBOARD = pathOf('../../config/grafana/fairlead.json');

const promtool = (...args: string[]) => spawnSync('promtool', args, { cwd: pathOf('.'), encoding: 'utf8' });
const isInstalled = promtool('--version').status === 0;

/** The metrics that a text names; a histogram is queried by its series. */
function metricsIn(text: string): string[] {
  const names = text.match(/\b(?:fairlead|process)_[a-z_]+/g) ?? [];
  return [...new Set(names.map((name) => name.replace(/_(bucket|sum|count)$/, '')))];
}

const unknown = (text: string) => metricsIn(text).filter((name) => !(name in METRICS));

describe('the alerts', () => {
  const text = readFileSync(ALERTS, 'utf8');
  const { groups } = parse(text) as { groups: { rules: { alert: string; expr: string }[] }[] };
  const rules = groups.flatMap((group) => group.rules);

  it('name only metrics that there are', () => {
    expect(rules.length).toBeGreaterThan(15);
    expect(rules.flatMap(({ expr }) => unknown(expr))).toEqual([]);
  });

  it('have a case each in which they come', () => {
    const cases = parse(readFileSync(pathOf('alert-cases.yaml'), 'utf8'), { merge: true }) as {
      tests: { alert_rule_test: { alertname: string; exp_alerts?: unknown[] }[] }[];
    };
    const come = cases.tests.flatMap((each) =>
      each.alert_rule_test.filter(({ exp_alerts }) => exp_alerts?.length).map(({ alertname }) => alertname),
    );
    expect([...new Set(come)].sort()).toEqual(rules.map(({ alert }) => alert).sort());
  });

  it.skipIf(!isInstalled)('pass promtool', () => {
    expect(promtool('check', 'rules', ALERTS)).toMatchObject({ status: 0 });
    const tested = promtool('test', 'rules', 'alert-cases.yaml');
    expect(tested.status, `${tested.stdout}${tested.stderr}`).toBe(0);
  });
});

describe('the Grafana dashboard', () => {
  interface Panel {
    readonly title: string;
    readonly type: string;
    readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
    readonly targets?: readonly { readonly expr: string }[];
  }
  const text = readFileSync(DASHBOARD, 'utf8');
  const dashboard = JSON.parse(text) as {
    id: null;
    panels: Panel[];
    templating: { list: { name: string }[] };
  };
  const shown = dashboard.panels.filter(({ type }) => type !== 'row');

  it('can be imported anywhere: its data source is asked for, and it has no id', () => {
    expect(dashboard.id).toBeNull();
    expect(new Set(text.match(/"uid": "[^"]+"/g))).toEqual(
      new Set(['"uid": "${DS_PROMETHEUS}"', '"uid": "fairlead"']),
    );
    expect(dashboard.templating.list.map(({ name }) => name)).toEqual(['job', 'instance']);
  });

  it('names only metrics that there are', () => {
    expect(unknown(text)).toEqual([]);
  });

  it('has no panel over another', () => {
    const taken = new Set<string>();
    for (const { title, gridPos } of dashboard.panels) {
      expect(gridPos.x + gridPos.w, title).toBeLessThanOrEqual(24);
      for (let x = 0; x < gridPos.w; x++)
        for (let y = 0; y < gridPos.h; y++) {
          const place = `${gridPos.x + x} ${gridPos.y + y}`;
          expect(taken.has(place), title).toBe(false);
          taken.add(place);
        }
    }
  });

  it.skipIf(!isInstalled)('asks what Prometheus can read', () => {
    const rules = shown.flatMap(({ title, targets = [] }, panel) =>
      targets.map(({ expr }, at) => ({
        record: `panel:${title.toLowerCase().replace(/\W+/g, '_')}:${String(panel)}_${String(at)}`,
        expr: expr
          .replaceAll('$__rate_interval', '5m')
          .replaceAll('$job', '.*')
          .replaceAll('$instance', '.*'),
      })),
    );
    const folder = mkdtempSync(join(tmpdir(), 'fairlead-panels-'));
    try {
      const file = join(folder, 'panels.json');
      writeFileSync(file, JSON.stringify({ groups: [{ name: 'panels', rules }] }));
      const checked = promtool('check', 'rules', file);
      expect(checked.stdout, checked.stderr).toContain(`${String(rules.length)} rules found`);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
