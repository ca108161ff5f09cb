import { useState } from 'preact/hooks';
import type { ServiceRefJson } from '../api/types/references.js';
import type { DrainJson } from '../api/types/resources.js';
import { asError } from '../net/error-message.js';
import { change } from './ask.js';
import { live } from './live.js';
import { useSession } from './own-session.js';
import { Age, Foreign, Toned } from './text-parts.js';

type DrainTarget = { readonly task: string } | { readonly service: ServiceRefJson };

/**
 * Whether an operator has drained a task or a service, and the button that drains it or takes that back. Those who may
 * not do it read why.
 */
export function DrainControl({ target, name }: { readonly target: DrainTarget; readonly name: string }) {
  const session = useSession();
  const [isAsking, setAsking] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [fault, setFault] = useState<Error>();
  const mark = live.replica.drains.find((drain) => isOf(drain, target));
  const act = async (): Promise<void> => {
    setBusy(true);
    try {
      await change(mark ? 'DELETE' : 'PUT', pathOf(target), session?.csrf);
      setFault(undefined);
    } catch (error) {
      setFault(asError(error));
    }
    setBusy(false);
    setAsking(false);
  };
  return (
    <div class="drain">
      {mark && <Mark mark={mark} />}
      {session?.role === 'operator' && (
        <p>
          {isAsking ? (
            <>
              {mark ? 'End the drain of' : 'Drain'} <Foreign text={name} />
              {mark ? '?' : '? New clients no longer get it.'}{' '}
              <button type="button" disabled={isBusy} onClick={() => void act()}>
                {mark ? 'Yes, end the drain' : 'Yes, drain it'}
              </button>{' '}
              <button type="button" onClick={() => setAsking(false)}>
                Cancel
              </button>
            </>
          ) : (
            <button type="button" onClick={() => setAsking(true)}>
              {mark ? 'End the drain' : 'Drain'}
            </button>
          )}
        </p>
      )}
      {session?.role === 'viewer' && <p class="dim">{whyNot(session.by === 'loopback')}</p>}
      {fault && (
        <p role="alert">
          <Toned tone="bad">
            Not done: <Foreign text={fault.message} />
          </Toned>
        </p>
      )}
    </div>
  );
}

function Mark({ mark: { at, until, note } }: { readonly mark: DrainJson }) {
  return (
    <p>
      <Toned tone="warn">
        Drained by an operator <Age since={at} /> ago{until !== undefined && `, until ${until}`}
        {note !== undefined && (
          <>
            : <Foreign text={note} />
          </>
        )}
      </Toned>
    </p>
  );
}

function whyNot(isOnLoopback: boolean): string {
  return isOnLoopback
    ? 'Drains need an operator: use fairlead drain on the host, or forward its unix socket to the browser.'
    : 'You are a viewer. Only an operator can drain this.';
}

function isOf(drain: DrainJson, target: DrainTarget): boolean {
  if ('task' in target) return drain.task === target.task;
  return drain.service !== undefined && keyOf(drain.service) === keyOf(target.service);
}

/** Names in the API are compared without case. */
function keyOf({ environment, stack, service, sidekick = '' }: ServiceRefJson): string {
  return [environment, stack, service, sidekick].join('/').toLowerCase();
}

function pathOf(target: DrainTarget): string {
  if ('task' in target) return `/v1/tasks/${encodeURIComponent(target.task)}/drain`;
  const { environment, stack, service, sidekick } = target.service;
  const options = new URLSearchParams({ environment, ...(sidekick !== undefined && { sidekick }) });
  return `/v1/services/${encodeURIComponent(stack)}/${encodeURIComponent(service)}/drain?${options.toString()}`;
}
