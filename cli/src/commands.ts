/** The small commands over the management API and the enforcer: zones, operations, rules, decide. */

import { InputError } from '@precede/contracts';
import type { Command } from 'commander';
import type { ApiClient, OperationView, RuleView, Zone } from './api-client.ts';
import { ExitCode, RefusedError } from './exit.ts';
import { clientOf, type TargetOptions, wholeNumber, withTarget } from './options.ts';
import { clean, dim, green, print, printJson, red, table } from './output.ts';

export interface ZoneOption extends TargetOptions {
  readonly zone: string;
}

export const zoned = (command: Command): Command =>
  withTarget(command.requiredOption('--zone <zone>', 'id or name of the zone'));

export const zonesCommand = (program: Command): void => {
  const zones = program.command('zones').description('zones: one for each API or tenant');
  withTarget(zones.command('list').description('all zones')).action(async (options: TargetOptions) => {
    const found = await clientOf(options).list<Zone>('/zones');
    if (options.json === true) return printJson(found);
    return print(
      table(
        ['ID', 'NAME'],
        found.map((zone) => [zone.id, clean(zone.name)]),
      ),
    );
  });
  withTarget(zones.command('add').description('make a zone').argument('<name>')).action(
    async (name: string, options: TargetOptions) => {
      const { result } = await clientOf(options).call<Zone>('POST', '/zones', { name });
      if (options.json === true) return printJson(result);
      return print(`zone ${result.name}: ${result.id}`);
    },
  );
};

export const operationsCommand = (program: Command): void => {
  const operations = program.command('operations').description('saved operations of a zone');
  zoned(operations.command('list').description('all operations')).action(async (options: ZoneOption) => {
    const api = clientOf(options);
    const zone = await api.zone(options.zone);
    const found = await api.list<OperationView>(`/zones/${zone.id}/api_gateway/operations`);
    if (options.json === true) return printJson(found);
    const rows = found.map((o) => [o.short_id, o.method, clean(o.host), clean(o.endpoint)]);
    return print(table(['SHORT ID', 'METHOD', 'HOST', 'ENDPOINT'], rows));
  });
  zoned(
    operations
      .command('add')
      .description('save an operation; one that exists is returned')
      .argument('<method>')
      .argument('<host>')
      .argument('<endpoint>', 'path template such as /users/{var1}'),
  ).action(async (method: string, host: string, endpoint: string, options: ZoneOption) => {
    const api = clientOf(options);
    const zone = await api.zone(options.zone);
    const path = `/zones/${zone.id}/api_gateway/operations/item`;
    const { result } = await api.call<OperationView>('POST', path, {
      method: method.toUpperCase(),
      host,
      endpoint,
    });
    if (options.json === true) return printJson(result);
    return print(
      `${result.short_id}  ${result.method} ${clean(result.host + result.endpoint)}  ${dim(result.operation_id)}`,
    );
  });
};

interface RuleAddOptions extends ZoneOption {
  readonly title: string;
  readonly kind: string;
  readonly action: string;
  readonly position?: number;
}

export const rulesCommand = (program: Command): Command => {
  const rules = program
    .command('rules')
    .description('rules of a zone, and expressions of the Rules language');
  zoned(rules.command('list').description('all rules')).action(async (options: ZoneOption) => {
    const api = clientOf(options);
    const zone = await api.zone(options.zone);
    const found = (await api.get<{ rules: readonly RuleView[] }>(`/zones/${zone.id}/api_gateway/seqrules`))
      .rules;
    if (options.json === true) return printJson(found);
    const names = await operationNames(api, zone);
    const rows = found.map((r) => [
      String(r.position),
      r.kind,
      r.action,
      clean(r.title),
      names(r.sequence[0]),
      names(r.sequence[1]),
      r.id,
    ]);
    return print(table(['POS', 'KIND', 'ACTION', 'TITLE', 'START', 'END', 'ID'], rows));
  });
  zoned(
    rules
      .command('add')
      .description(
        'add a rule: kind allow lets END pass only after START, kind block refuses END after START',
      )
      .argument('<start>', 'operation: id, short id, or "METHOD host/path"')
      .argument('<end>', 'operation: id, short id, or "METHOD host/path"'),
  )
    .requiredOption('--title <title>', '1 to 50 characters')
    .option('--kind <kind>', 'allow or block', 'allow')
    .option('--action <action>', 'block or log', 'block')
    .option(
      '--position <n>',
      'place among the rules, 1 first (default: last)',
      wholeNumber('position', 1, 100_000),
    )
    .action(async (start: string, end: string, options: RuleAddOptions) => {
      const api = clientOf(options);
      const zone = await api.zone(options.zone);
      const rule = await addRule(api, zone, start, end, options);
      if (options.json === true) return printJson(rule);
      return print(`rule ${rule.id} at position ${rule.position}`);
    });
  zoned(rules.command('rm').description('remove a rule').argument('<id>')).action(
    async (id: string, options: ZoneOption) => {
      const api = clientOf(options);
      const zone = await api.zone(options.zone);
      await api.call('DELETE', `/zones/${zone.id}/api_gateway/seqrules/rules/${encodeURIComponent(id)}`);
      if (options.json === true) return printJson({ id });
      return print(`rule ${id} removed`);
    },
  );
  return rules;
};

export const addRule = async (
  api: ApiClient,
  zone: Zone,
  start: string,
  end: string,
  options: { title: string; kind: string; action: string; position?: number },
): Promise<RuleView> => {
  const operations = await api.list<OperationView>(`/zones/${zone.id}/api_gateway/operations`);
  const sequence = [findOperation(operations, start), findOperation(operations, end)];
  const position = options.position === undefined ? {} : { position: { index: options.position } };
  const body = { title: options.title, kind: options.kind, action: options.action, sequence, ...position };
  return (await api.call<RuleView>('POST', `/zones/${zone.id}/api_gateway/seqrules/rules`, body)).result;
};

export const findOperation = (operations: readonly OperationView[], text: string): string => {
  const wanted = text.trim();
  const found = operations.find(
    (o) =>
      o.operation_id === wanted || o.short_id === wanted || `${o.method} ${o.host}${o.endpoint}` === wanted,
  );
  if (found !== undefined) return found.operation_id;
  throw new RefusedError(
    404,
    `unknown operation ${JSON.stringify(text)}; "precede operations list" shows them`,
  );
};

const operationNames = async (api: ApiClient, zone: Zone): Promise<(id: string) => string> => {
  const operations = await api.list<OperationView>(`/zones/${zone.id}/api_gateway/operations`);
  const names = new Map(operations.map((o) => [o.operation_id, clean(`${o.method} ${o.endpoint}`)]));
  return (id) => names.get(id) ?? id;
};

interface DecideOptions extends ZoneOption {
  readonly method: string;
  readonly header: readonly string[];
  readonly session?: string;
}

export interface Decision {
  readonly decision: 'allow' | 'deny';
  readonly decision_id: string;
  readonly rule_id: string | null;
  readonly reason: string;
}

export const decideCommand = (program: Command): void => {
  const collect = (value: string, all: readonly string[]): readonly string[] => [...all, value];
  zoned(
    program
      .command('decide')
      .description('ask the enforcer about one request; it counts as a request of its session'),
  )
    .argument('<url>', 'https://host/path of the request')
    .option('--method <method>', 'HTTP method', 'GET')
    .option('--header <header>', '"Name: value", may be repeated', collect, [])
    .option('--session <session>', 'explicit session, instead of a header or cookie')
    .action(async (url: string, options: DecideOptions) => {
      const parsed = URL.parse(url);
      if (parsed === null || !/^https?:$/.test(parsed.protocol))
        throw new InputError('/url', `${url} is no address such as https://host/path`);
      const api = clientOf(options);
      const zone = await api.zone(options.zone);
      const decision = await decide(api, zone, {
        method: options.method.toUpperCase(),
        scheme: parsed.protocol.slice(0, -1),
        host: parsed.host,
        path: parsed.pathname + parsed.search,
        headers: Object.fromEntries(options.header.map(splitHeader)),
        ...(options.session === undefined ? {} : { session: options.session }),
      });
      if (options.json === true) printJson(decision);
      else printDecision(decision);
      if (decision.decision === 'deny') process.exitCode = ExitCode.denied;
    });
};

const splitHeader = (text: string): [string, string] => {
  const at = text.indexOf(':');
  if (at <= 0)
    throw new InputError('/header', `--header: must be "Name: value", got ${JSON.stringify(text)}`);
  return [text.slice(0, at).trim(), text.slice(at + 1).trim()];
};

export const decide = async (
  api: ApiClient,
  zone: Zone,
  request: Record<string, unknown>,
): Promise<Decision> => {
  const response = await api.dataPlane('enforcer', '/v1/decide', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ zone_id: zone.id, ...request }),
  });
  const body = (await response.json()) as Decision & { error?: { message: string } };
  if (response.ok) return body;
  throw new RefusedError(response.status, body.error?.message ?? `the enforcer answers ${response.status}`);
};

export const printDecision = (d: Decision): void => {
  print(`${d.decision === 'allow' ? green('allow') : red('deny')}  ${clean(d.reason)}`);
  print(dim(`decision ${d.decision_id}${d.rule_id === null ? '' : `, rule ${d.rule_id}`}`));
};
