/**
 * `precede demo`: the whole way once, on a real log: start, import, list the top sequences, make a rule of the first,
 * show what it lets through and what it refuses. Leaves the server running.
 */
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import type { ApiClient, SequenceView, Zone } from './api-client.ts';
import { addRule, decide, printDecision } from './commands.ts';
import { runImport } from './import/command.ts';
import { clientOf } from './options.ts';
import { bold, clean, dim, lookOf, print } from './output.ts';
import { listSequences } from './sequences-api.ts';
import { listText } from './sequences-text.ts';
import { printAddresses, runUntilSignal, startUp, type UpOptions, withUpOptions } from './up.ts';

const bundledLog = fileURLToPath(new URL('../../data/apache_logs.gz', import.meta.url));
const host = 'www.semicomplete.com';

interface DemoOptions extends UpOptions {
  readonly exit?: boolean;
}

export const demoCommand = (program: Command): void => {
  const command = program
    .command('demo')
    .description('start everything, import a real log, show its sequences, make and try a rule')
    .option('--exit', 'end when it has shown everything');
  withUpOptions(command).action(async (options: DemoOptions) => {
    const instance = await startUp(options, { mayMovePorts: true });
    try {
      const api = clientOf({ data: options.data, url: instance.addresses.control, token: instance.token });
      await show(api, options.data);
    } catch (error) {
      await instance.close();
      throw error;
    }
    if (options.exit === true) return await instance.close();
    print('');
    printAddresses(instance);
    print(`\nIt goes on running; Ctrl-C ends it, ${bold('npm start')} starts it again with the same data.`);
    return await runUntilSignal(instance);
  });
};

const show = async (api: ApiClient, dataDir: string): Promise<void> => {
  // One zone a day: scores look at the last 24 hours, and two runs must not count one log twice.
  const day = new Date().toISOString().slice(0, 10);
  const name = `demo-${day}`;
  print(
    bold(`\n1. Import ${bundledLog.split('/').at(-1)}: 10,000 real requests of May 2015, moved to end now`),
  );
  const summary = await runImport(
    [bundledLog],
    {
      data: dataDir,
      format: 'combined',
      zone: name,
      host,
      session: 'client+user-agent',
      importId: `demo-${day}`,
      learnOperations: true,
      shiftToNow: true,
      wait: true,
      waitTimeout: 300,
    },
    api,
  );
  print(
    `   ${summary.accepted} of ${summary.read} accepted, ${summary.learned_operations} operations learned, ${summary.seconds} s`,
  );
  const zone = await api.zone(name);
  print(
    bold('\n2. Top sequences of the last 24 hours: how often the last operation is preceded by the others'),
  );
  const list = await listSequences(api, zone, { kind: 'precedence', limit: 5 });
  print(listText({ kind: 'precedence', ...list }, lookOf()));
  const first = list.items[0];
  if (first === undefined) return;
  print(dim(`more of the first: precede sequences show ${first.id} --zone ${name} --data ${dataDir}`));
  await showRule(api, zone, first);
};

const showRule = async (api: ApiClient, zone: Zone, sequence: SequenceView): Promise<void> => {
  const [start, end] = sequence.operations.slice(-2);
  if (start === undefined || end === undefined) return;
  const nameOf = (o: typeof start): string => clean(`${o.method} ${o.endpoint}`);
  print(bold(`\n3. A rule of the first: ${nameOf(end)} only after ${nameOf(start)}`));
  const rule = await ruleFor(api, zone, start.short_id, end.short_id);
  print(`   rule ${rule.id}, kind allow, action block`);
  await api.awaitRevision('enforcer', await api.zone(zone.id));
  print(bold('\n4. Two requests for it'));
  const request = (o: typeof start, session: string) =>
    decide(api, zone, {
      method: o.method,
      host: o.host,
      path: (o.endpoint ?? '/').replace(/\{[^}]*\}/g, '1'),
      session,
    });
  const visitor = `demo-visitor-${Date.now()}`;
  await request(start, visitor);
  print(`   a visitor who made ${nameOf(start)} before:`);
  printDecision(await request(end, visitor));
  print('   a client that goes straight for it:');
  printDecision(await request(end, `${visitor}-direct`));
};

const ruleFor = async (api: ApiClient, zone: Zone, start: string, end: string) => {
  const path = `/zones/${zone.id}/api_gateway/seqrules`;
  const title = `demo ${start} before ${end}`;
  const { rules } = await api.get<{ rules: readonly { id: string; title: string }[] }>(path);
  return (
    rules.find((rule) => rule.title === title) ??
    (await addRule(api, zone, start, end, { title, kind: 'allow', action: 'block' }))
  );
};
