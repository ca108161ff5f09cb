import { z } from 'zod';
import { readSignal } from '../net/signals.js';
import { section, switchable } from './sections.js';
import { duration, must, oneOf, path, shortText, wholeNumber, yesOrNo } from './value-schemas.js';

const command = (what: string) =>
  z.union(
    [
      shortText('a line for the shell', 4096),
      z
        .array(shortText('an argument', 4096), must('a list of a program and its arguments'))
        .min(1, { error: 'is empty; it must be a program and its arguments, such as ["nginx", "-t"]' }),
    ],
    must(`${what}: a list such as ["nginx", "-t", "-c", "{file}"], or a line for the shell`),
  );

const names = (what: string) => z.array(shortText('a name', 64), must(`a list of ${what}`));

const signalName = () =>
  shortText('a signal', 16).transform((text, context) => {
    const signal = readSignal(text);
    if (signal !== undefined) return signal;
    context.addIssue({
      code: 'custom',
      message: `is ${JSON.stringify(text)}; it must be the name of a signal, such as SIGHUP`,
    });
    return z.NEVER;
  });

const fileMode = () =>
  shortText('a mode in octal digits', 4).refine((mode) => /^[0-7]{3,4}$/.test(mode), {
    error: ({ input }) => `is ${JSON.stringify(input)}; it must be a mode in octal digits, such as '0644'`,
  });

const waitSchema = section({
  min: duration('0s', '1h')
    .describe('How long nothing has to change before a file is written.')
    .prefault('100ms'),
  max: duration('0s', '24h').describe('How long that may be put off by further changes.').prefault('2s'),
});

const templateSchema = z.strictObject(
  {
    source: path('a template'),
    destination: path('the file that is rendered'),
    check: command('a command that checks the file').optional(),
    command: command('a command that runs after the file has changed').optional(),
    commandTimeout: duration('1s', '1h').prefault('30s'),
    perms: fileMode().optional(),
    user: shortText('the owner of the file', 64).optional(),
    group: shortText('the group of the file', 64).optional(),
    runAs: shortText('the user that check and command run as', 64).optional(),
    minInstances: wholeNumber(0, 100_000, 'instances').prefault(0),
    wait: waitSchema.optional(),
    backup: yesOrNo().prefault(false),
    createDirectories: yesOrNo().prefault(true),
    errorOnMissingKey: yesOrNo().prefault(false),
    delimiters: z
      .tuple(
        [shortText('the left delimiter', 16), shortText('the right delimiter', 16)],
        must('a list of two texts, such as ["<<", ">>"]'),
      )
      .optional(),
    sandbox: path('the directory that file reads from').optional(),
    deny: names('functions, such as ["env", "sprig_*"]').prefault([]),
  },
  must('a mapping of keys (source, destination, check, command, ...)'),
);

const environmentSchema = section({
  pristine: yesOrNo()
    .describe('Whether the program gets none of the variables that Fairlead has.')
    .prefault(false),
  allow: names('variables that it gets, such as ["PATH", "LC_*"]')
    .describe(
      'Variables of Fairlead that it gets; `*` stands for any characters. All of them when it is empty.',
    )
    .prefault([]),
  deny: names('variables that it does not get, such as ["CONSUL_HTTP_*"]')
    .describe('Variables of Fairlead that it does not get; `*` stands for any characters.')
    .prefault([]),
  custom: z
    .array(
      shortText('NAME=value', 4096).refine((text) => /^[^=]+=/.test(text), {
        error: ({ input }) => `is ${JSON.stringify(input)}; it must be NAME=value, such as LANG=C`,
      }),
      must('a list such as ["LANG=C"]'),
    )
    .describe('Further variables, as `NAME=value`.')
    .prefault([]),
});

const execSchema = switchable({
  command: command('the program').describe(
    'The program: a list, or a line for the shell. It starts when every template has been rendered.',
  ),
  runAs: shortText('the user that the program runs as', 64)
    .describe("The user that the program runs as. Without it that of `render.runAs`, else the daemon's.")
    .optional(),
  reloadSignal: signalName()
    .describe(
      'What a change sends to the program. Without it the program is stopped and started again at a change.',
    )
    .optional(),
  killSignal: signalName().describe('What asks the program to end.').prefault('SIGTERM'),
  killTimeout: duration('0s', '1h')
    .describe('How long the program has to end; then its whole process group is killed.')
    .prefault('30s'),
  splay: duration('0s', '1h')
    .describe('A change is passed on after a random part of this time, so that hosts do not reload together.')
    .prefault('0s'),
  restart: oneOf(['always', 'on-failure', 'never'])
    .describe(
      'Whether the program is started again when it ends by itself: after 1 s, 2 s, 4 s and so on up to a minute.',
    )
    .prefault('always'),
  environment: environmentSchema.describe("The program's environment.").prefault({}),
});

export const renderSchema = section({
  wait: waitSchema
    .describe('How long changes are gathered before files are written. The first render waits for nothing.')
    .prefault({}),
  addresses: oneOf(['container', 'published'])
    .describe(
      'Which address of a task of this host `service` gives: its own (`container`), or the one on which the host publishes its port (`published`), as registrator does.',
    )
    .prefault('container'),
  datacenter: shortText('what this place is called', 64)
    .describe('What `datacenters` gives, and what `@name` in a query means.')
    .prefault('dc1'),
  keys: path('a directory of keys')
    .describe(
      'Where `key`, `ls` and `tree` read: the file `shop/port` in this directory is the key `shop/port`.',
    )
    .optional(),
  allowPlugin: yesOrNo().describe('Whether templates may run programs with `plugin`.').prefault(false),
  allowWriteToFile: yesOrNo()
    .describe('Whether templates may write files of their own with `writeToFile`.')
    .prefault(false),
  runAs: shortText('the user that commands run as', 64)
    .describe(
      "The user that the commands of all templates, and `exec`, run as, unless they name one of their own. Without it the daemon's user, without the capabilities that systemd gives the daemon.",
    )
    .optional(),
  exec: execSchema
    .describe('A program that runs as long as the daemon, and hears of every change of a rendered file.')
    .optional(),
  templates: z
    .array(templateSchema, must('a list of templates, each with source and destination'))
    .meta({ title: 'template' })
    .describe(
      'The files to render, each with `source` and `destination`. docs/templates.md has their other keys.',
    )
    .prefault([]),
});
