import type { Context } from '../context.js';

export async function run(context: Context): Promise<number> {
  const configPath = context.text('config');
  const demo = context.text('demo');
  return context.startDaemon({
    ...(configPath === undefined ? {} : { configPath }),
    set: context.texts('set'),
    demo: demo === 'auto' || demo === 'always' ? demo : 'never',
  });
}
