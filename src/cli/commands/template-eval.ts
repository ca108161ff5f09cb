import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parse as parseYamlText } from 'yaml';
import { errorMessage } from '../../net/error-message.js';
import { allFunctions } from '../../render/functions/all-functions.js';
import { FileAnswers } from '../../render/file-answers.js';
import { systemTimers } from '../../runtime/timers.js';
import { templateProblem } from '../../render/render-template.js';
import { RunContext } from '../../render/run-context.js';
import { fromBytes } from '../../template/byte-strings.js';
import { TemplateError } from '../../template/template-error.js';
import { Template } from '../../template/template.js';
import { fromJson } from '../../template/go-values.js';
import type { Value } from '../../template/value.js';
import { fileFault } from '../../text/file-fault.js';
import type { Context } from '../context.js';
import { CliError, EXIT } from '../exit-codes.js';

/** Executes a template over data from a file, to try it out. */
export async function run(context: Context): Promise<number> {
  const file = context.argument(0) ?? '';
  const text = file === '-' ? await context.io.readStdin() : fromBytes(read(context, file));
  const files = new FileAnswers(systemTimers, () => undefined);
  const runContext = new RunContext(files);
  try {
    const functions = allFunctions(runContext, {
      host: { environment: context.io.env, allowPlugin: false, allowWriteToFile: false },
      now: context.io.clock,
    });
    const template = Template.parse(file, text, {
      functions,
      missingKey: context.on('errorOnMissingKey') ? 'error' : 'zero',
      delimiters: { left: context.text('leftDelimiter') ?? '', right: context.text('rightDelimiter') ?? '' },
    });
    context.print(template.execute(dataOf(context)));
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    context.io.stderr.write(`fairlead: ${templateProblem(error, text)}\n`);
    return EXIT.negative;
  } finally {
    files.stop();
  }
  if (runContext.missing.size > 0) {
    context.notice(
      `fairlead: the catalog is not available here for ${[...runContext.missing].join(', ')}; "fairlead render -dry" asks it`,
    );
  }
  return EXIT.ok;
}

function read(context: Context, file: string): Buffer {
  try {
    return readFileSync(resolve(context.io.cwd, file));
  } catch (error) {
    throw new CliError(EXIT.usage, `${file}: ${fileFault(error)}`);
  }
}

/** The value of the dot: YAML, which includes JSON. */
function dataOf(context: Context): Value {
  const file = context.text('data');
  if (file === undefined) return undefined;
  const text = read(context, file).toString('utf8');
  try {
    return fromJson(file.endsWith('.json') ? JSON.parse(text) : parseYamlText(text));
  } catch (error) {
    throw new CliError(EXIT.usage, `${file}: ${errorMessage(error)}`);
  }
}
