import { useState } from 'preact/hooks';
import type { ExplainJson } from '../api/types/query-json.js';
import type { CheckJson, TaskJson } from '../api/types/resources.js';
import { useAsked } from './asked.js';
import { serviceKeyOf, serviceNameOf } from './catalog-lists.js';
import { DrainControl } from './drain-control.js';
import { EventTable } from './event-table.js';
import { HistoryCharts } from './history-charts.js';
import { LabelTable } from './label-table.js';
import { live } from './live.js';
import { addressOf } from './page-address.js';
import { usePageStream } from './page-stream.js';
import { Age, Fields, Foreign, ForeignList, HealthText, ServiceLink, Toned } from './text-parts.js';
import { shortId } from './versions.js';

/** One task: what runs where and since when, its health and why, what happened to it. */
export function TaskPage({ id }: { readonly id: string }) {
  const task = live.replica.task(id);
  const check = useCheck(id);
  const key = task && serviceKeyOf(task);
  const name = key === undefined ? undefined : live.replica.services.get(key)?.fqdn;
  const path = name === undefined ? undefined : `/v1/explain?${new URLSearchParams({ name }).toString()}`;
  const { value: explained } = useAsked<ExplainJson>(path, [task?.health, task?.weight]);
  const events = live.events.value.filter(({ event }) => event.task?.id === id);
  return (
    <>
      <h1>
        <Foreign text={task?.name ?? id} />
      </h1>
      {task ? (
        <>
          <Facts task={task} explained={explained} />
          <DrainControl target={{ task: task.id }} name={task.name} />
        </>
      ) : (
        <p>
          There is no such task now. <a href={addressOf('tasks')}>All tasks</a>
        </p>
      )}
      {check && <CheckFacts check={check} />}
      <HistoryCharts of="tasks" wanted={{ task: id }} />
      <h2>Events</h2>
      <EventTable events={events} label="events of this task" />
      {task && <LabelTable labels={task.labels} />}
    </>
  );
}

/** The check of the task, as it goes on. */
function useCheck(id: string): CheckJson | undefined {
  const [check, setCheck] = useState<CheckJson>();
  usePageStream(
    { type: 'subscribe', channels: ['figures'], figures: { kinds: ['checks'], task: id } },
    (message) => {
      if ('channel' in message && message.channel === 'figures') setCheck(message.checks?.[0]);
    },
  );
  return check?.id === id ? check : undefined;
}

function Facts({
  task,
  explained,
}: {
  readonly task: TaskJson;
  readonly explained: ExplainJson | undefined;
}) {
  const [key, name] = [serviceKeyOf(task), serviceNameOf(task)];
  const mine = explained?.tasks.find(({ id }) => id === task.id);
  return (
    <Fields
      rows={[
        ['service', key !== undefined && name !== undefined && <ServiceLink serviceKey={key} name={name} />],
        [
          'health',
          <>
            <HealthText health={task.health} /> <Foreign text={task.reason} />
          </>,
        ],
        [
          'given by the service',
          mine && (
            <>
              <Toned tone={mine.in ? 'good' : 'warn'}>{mine.in ? 'in' : 'out'}</Toned>:{' '}
              <Foreign text={mine.why} />
            </>
          ),
        ],
        ['names', <ForeignList texts={task.names} />],
        [
          'addresses',
          <ForeignList
            texts={task.endpoints.map(({ ip, networkName, network }) => `${ip} (${networkName ?? network})`)}
          />,
        ],
        [
          'ports',
          task.ports.map(({ port, protocol, target }) => `${port}/${protocol} → ${target}`).join(', '),
        ],
        ['image', task.image !== undefined && <Foreign text={task.image} />],
        ['image id', shortId(task.imageId)],
        ['created', task.createdAt !== undefined && <AgoText since={task.createdAt} />],
        ['started', task.startedAt !== undefined && <AgoText since={task.startedAt} />],
        ['restarts', task.restarts],
        ['weight', task.weight],
        ['host', task.node && <Foreign text={task.node.name} />],
        ['from', <Foreign text={task.source} />],
        ['id', <Foreign text={task.id} />],
      ]}
    />
  );
}

function AgoText({ since }: { readonly since: string }) {
  return (
    <>
      <Age since={since} /> ago
    </>
  );
}

function CheckFacts({ check }: { readonly check: CheckJson }) {
  const { last, passes, failures, rise, fall, intervalMs } = check;
  return (
    <>
      <h2>Health check</h2>
      <Fields
        rows={[
          ['check', <Foreign text={check.check} />],
          ['from', <Foreign text={check.from} />],
          ['every', intervalMs !== undefined && `${intervalMs / 1000} s`],
          ['since', <AgoText since={check.since} />],
          ['in a row', passes > 0 ? `${passes} passed` : `${failures} failed`],
          ['healthy after', `${rise} in a row; unhealthy after ${fall}`],
          [
            'last probe',
            last && (
              <>
                <Toned tone={last.ok ? 'good' : 'bad'}>{last.ok ? 'passed' : 'failed'}</Toned>{' '}
                <AgoText since={last.at} />, {last.ms} ms: <Foreign text={last.detail} />
              </>
            ),
          ],
          ['held until', check.heldUntil !== undefined && <time>{check.heldUntil}</time>],
        ]}
      />
    </>
  );
}
