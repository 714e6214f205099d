/**
 * docs/enforcement.md with the answers of its commands: the ```sh blocks are run in one shell beside a fresh embedded
 * instance, and a ```json or ```text block right behind one is filled with what it prints. Blocks of another kind are not
 * run. Run by itself it writes the file; the test compares.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { deployEmbedded, root } from '@precede/testkit';
import { ShellSession } from './shell-session.ts';

export const enforcementFile = `${root}docs/enforcement.md`;

export interface Filled {
  readonly text: string;
  readonly blocks: number;
  readonly answers: number;
  /** Answers that differ from what the document showed. */
  readonly changed: readonly {
    readonly commands: string;
    readonly shown: string;
    readonly printed: string;
  }[];
}

const block = /^```sh\n([\s\S]*?)^```$(?:\n\n^```(json|text)\n([\s\S]*?)^```$)?/gm;

/** What is another in every run, by what stands for it. */
const fleeting: readonly (readonly [RegExp, string])[] = [
  [/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, 'UUID'],
  [/\b[0-9a-f]{32}\b/g, 'HEX'],
  [/\b[0-9a-f]{8}\b/g, 'SHORT'],
  [/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME'],
  [/("msec_before": |= )\d+$/gm, '$1MS'],
  [/^ *\d+(?= (?:allow|deny)$)/gm, 'COUNT'],
  [/precede_seq=[\w.-]+/g, 'precede_seq=SEALED'],
];

export const settled = (text: string): string =>
  fleeting.reduce((known, [pattern, name]) => known.replace(pattern, name), text);

/** The document with every answer as an instance gives it; one that differs in fleeting parts alone stays as it is. */
export const fillAnswers = async (text: string, shell: ShellSession): Promise<Filled> => {
  let filled = '';
  let end = 0;
  const changed: Filled['changed'][number][] = [];
  let answers = 0;
  let blocks = 0;
  for (const match of text.matchAll(block)) {
    const [whole, commands = '', language, written = ''] = match;
    const printed = await shell.run(commands);
    blocks += 1;
    filled += text.slice(end, match.index);
    end = match.index + whole.length;
    if (language === undefined) {
      if (printed !== '') throw new Error(`prints what the document does not show:\n${commands}\n${printed}`);
      filled += whole;
      continue;
    }
    answers += 1;
    const isSame = settled(printed) === settled(written);
    if (!isSame) changed.push({ commands, shown: written, printed });
    const answer = isSame ? written : printed;
    filled += `\`\`\`sh\n${commands}\`\`\`\n\n\`\`\`${language}\n${answer}\`\`\``;
  }
  return { text: filled + text.slice(end), blocks, answers, changed };
};

/** A fresh instance on the clock of this machine, and a shell that knows where it is. */
export const withEnforcement = async <T>(use: (shell: ShellSession) => Promise<T>): Promise<T> => {
  const deployment = await deployEmbedded(undefined, { PRECEDE_CLOCK: '', PRECEDE_ENFORCER_DEADLINE: '30s' });
  try {
    const { PRECEDE_URL: url = '', PRECEDE_TOKEN: token = '' } = deployment.env;
    const { addresses } = await deployment.control<{ addresses: { enforcer: string } }>('GET', '/instance');
    const shell = new ShellSession({ API: `${url}/client/v4`, TOKEN: token, ENFORCER: addresses.enforcer });
    try {
      return await use(shell);
    } finally {
      await shell.close();
    }
  } finally {
    await deployment.close();
  }
};

if (import.meta.main) {
  const { text } = await withEnforcement((shell) =>
    fillAnswers(readFileSync(enforcementFile, 'utf8'), shell),
  );
  writeFileSync(enforcementFile, text);
}
