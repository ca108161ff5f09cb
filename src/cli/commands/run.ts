import type { Context } from '../context.js';

export async function run(context: Context): Promise<number> {
  const configPath = context.text('config');
  const demo = context.text('demo');
  const adopt = context.text('adopt');
  return context.startDaemon({
    ...(configPath === undefined ? {} : { configPath }),
    set: [...context.texts('set'), ...(adopt === undefined ? [] : [`sources.docker.adopt=${adopt}`])],
    demo: demo === 'auto' || demo === 'always' ? demo : 'never',
    takeOver: context.on('takeover'),
  });
}
