import type { TemplateJson } from '../api/types/templates-json.js';
import { size } from '../api/quantities.js';
import { DataTable, type Column } from './data-table.js';
import { live } from './live.js';
import { Age, Fields, Foreign, ForeignList, Toned, type Tone } from './text-parts.js';

const TONES: Readonly<Record<TemplateJson['state'], Tone>> = {
  rendered: 'good',
  waiting: 'warn',
  held: 'warn',
  failed: 'bad',
};

const COLUMNS: readonly Column<TemplateJson>[] = [
  {
    head: 'File',
    cell: ({ destination }) => <Foreign text={destination} />,
    sortBy: ({ destination }) => destination,
  },
  { head: 'Template', cell: ({ source }) => <Foreign text={source} />, sortBy: ({ source }) => source },
  {
    head: 'State',
    cell: ({ state }) => <Toned tone={TONES[state]}>{state}</Toned>,
    sortBy: ({ state }) => state,
  },
  {
    head: 'Rendered',
    hint: 'how long ago the file was last written',
    cell: ({ renderedAt }) => <Age since={renderedAt} />,
    sortBy: ({ renderedAt }) => renderedAt,
    isNumber: true,
  },
  {
    head: 'Size',
    cell: ({ bytes }) => bytes !== undefined && size(bytes),
    sortBy: ({ bytes }) => bytes,
    isNumber: true,
  },
  { head: 'Asks for', cell: ({ queries }) => <ForeignList texts={queries} /> },
  {
    head: 'Command',
    cell: ({ command }) => command && <Toned tone={command.ok ? 'good' : 'bad'}>{command.outcome}</Toned>,
  },
  {
    head: 'What is wrong',
    cell: ({ error, missing }) => (
      <Foreign text={error ?? (missing.length > 0 ? `waits for ${missing.join(', ')}` : '')} />
    ),
  },
];

export function TemplatesPage() {
  const { value: list } = live.templates;
  if (!list)
    return (
      <>
        <h1>Templates</h1>
        <p class="dim">Waiting for the daemon.</p>
      </>
    );
  const { templates, program } = list;
  return (
    <>
      <h1>Templates</h1>
      <DataTable
        label="templates"
        rows={templates}
        columns={COLUMNS}
        keyOf={({ destination }) => destination}
        empty="No file is rendered: the configuration has no render.templates."
      />
      {program && (
        <>
          <h2>The program that reads them</h2>
          <Fields
            rows={[
              ['program', <Foreign text={program.text} />],
              ['state', <Toned tone={program.state === 'running' ? 'good' : 'warn'}>{program.state}</Toned>],
              ['process', program.pid],
              ['running for', program.startedAt !== undefined && <Age since={program.startedAt} />],
              ['restarts', program.restarts],
              ['ended last with', program.outcome !== undefined && <Foreign text={program.outcome} />],
            ]}
          />
        </>
      )}
      {templates.flatMap(({ destination, command }) =>
        command
          ? [
              <details key={destination}>
                <summary>
                  Command for <Foreign text={destination} />: {command.outcome}, {command.tookMs} ms
                </summary>
                <p>
                  <code>
                    <Foreign text={command.text} />
                  </code>
                </p>
                <pre tabIndex={0}>
                  <Foreign text={command.output} />
                </pre>
              </details>,
            ]
          : [],
      )}
    </>
  );
}
