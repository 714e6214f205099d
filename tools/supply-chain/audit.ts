/**
 * Known faults in what the images hold, as the registry's advisories tell them: node tools/supply-chain/audit.ts
 * Exit codes: 0 none that counts, 1 some, or an excuse that is over or idle, 3 the audit could not be made, which is no pass.
 */
import { type Policy, readPolicy, type Severity, severities } from './policy.ts';
import { inProductionTree, npm, root } from './production.ts';

interface Advisory {
  /** The number or the address names it. */
  readonly source: number;
  readonly url: string;
  readonly name: string;
  readonly title: string;
  readonly severity: string;
}

/** What `npm audit --json` says; `via` names another package where the fault is that one's. */
export interface AuditReport {
  readonly vulnerabilities?: Readonly<Record<string, { readonly via: readonly (Advisory | string)[] }>>;
  readonly message?: string;
}

export const exit = { clean: 0, found: 1, notMade: 3 } as const;

export interface Verdict {
  readonly code: (typeof exit)[keyof typeof exit];
  readonly lines: readonly string[];
}

const rank = (severity: string): number => severities.indexOf(severity as Severity);

/** `today` as 2026-01-31. */
export const judge = (report: AuditReport, { level, excused }: Policy['audit'], today: string): Verdict => {
  if (report.vulnerabilities === undefined)
    return {
      code: exit.notMade,
      lines: [`THE AUDIT WAS NOT MADE: ${report.message ?? 'npm gave no report'}`],
    };
  const all = Object.values(report.vulnerabilities).flatMap(({ via }) =>
    via.filter((each) => typeof each !== 'string'),
  );
  const advisories = [...new Map(all.map((each) => [each.url, each])).values()];
  const matches = (advisory: Advisory): boolean[] =>
    excused.map(
      (each) =>
        each.package === advisory.name && [String(advisory.source), advisory.url].includes(each.advisory),
    );
  const open = advisories.filter((each) => !matches(each).includes(true));
  // A severity that is not known here counts as the worst.
  const failing = open.filter(({ severity }) => rank(severity) < 0 || rank(severity) >= rank(level));
  const over = excused.filter(({ until }) => until <= today);
  const idle = excused.filter((_, i) => !advisories.some((each) => matches(each)[i]));
  const lines = [
    ...open.map(({ severity, name, title, url }) => `${severity}: ${name}: ${title} (${url})`),
    ...over.map((each) => `the excuse for ${each.advisory} in ${each.package} is over since ${each.until}`),
    ...idle.map(
      (each) => `the excuse for ${each.advisory} in ${each.package} is needed no more: take it out`,
    ),
  ];
  return { code: failing.length + over.length + idle.length > 0 ? exit.found : exit.clean, lines };
};

/** npm ends with 1 where it finds something, and where it could not ask: its output tells which. */
const ask = (dir: string): AuditReport => {
  const parse = (text: string): AuditReport => (text.trim() === '' ? {} : (JSON.parse(text) as AuditReport));
  try {
    return parse(npm(dir, ['audit', '--json', '--package-lock-only', '--omit=dev']));
  } catch (error) {
    const { stdout = '', message } = error as { stdout?: string; message: string };
    return stdout.trim() === '' ? { message } : parse(stdout);
  }
};

const main = (): void => {
  const report = inProductionTree(root, ask);
  const { code, lines } = judge(report, readPolicy().audit, new Date().toISOString().slice(0, 10));
  for (const line of lines) process.stderr.write(`${line}\n`);
  if (code === exit.clean) process.stdout.write('no advisory that counts is open\n');
  process.exit(code);
};

if (import.meta.main) main();
