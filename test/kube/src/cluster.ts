/** kubectl and helm as functions. The process runs where the cluster is (tools/kube/in.sh), so Services have addresses. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { eventually, root } from '@precede/testkit';

const run = promisify(execFile);
export const namespace = 'precede';
export const release = 'precede';
export const components = ['ingest', 'sessionizer', 'scorer', 'enforcer', 'control'] as const;
export type Component = (typeof components)[number];

const command = async (program: string, words: readonly string[]): Promise<string> => {
  try {
    const { stdout } = await run(program, words, { maxBuffer: 64 * 1024 * 1024, timeout: 600_000 });
    return stdout;
  } catch (error) {
    const { stderr, stdout } = error as { stderr?: string; stdout?: string };
    throw new Error(`${program} ${words.join(' ')}: ${stderr ?? ''}${stdout ?? ''}`, { cause: error });
  }
};

export const kubectl = (...words: string[]): Promise<string> =>
  command('kubectl', ['-n', namespace, ...words]);

export const kubectlJson = async <T>(...words: string[]): Promise<T> =>
  JSON.parse(await kubectl(...words, '-o', 'json')) as T;

export const helm = (...words: string[]): Promise<string> => command('helm', ['-n', namespace, ...words]);

export const chart = `${root}deploy/helm/precede`;

interface Service {
  readonly spec: { readonly clusterIP: string; readonly ports: readonly { name: string; port: number }[] };
}

/** `http://10.96.1.2:8080`: Services answer on their cluster address here, and names are for pods. */
export const addressOf = async (service: string, inNamespace = namespace): Promise<string> => {
  const { spec } = await kubectlJson<Service>('-n', inNamespace, 'get', 'service', service);
  const http = spec.ports.find((port) => port.name === 'http') ?? spec.ports[0];
  return `http://${spec.clusterIP}:${http?.port}`;
};

export interface Pod {
  readonly metadata: { readonly name: string; readonly deletionTimestamp?: string };
  readonly spec: { readonly containers: readonly { image: string }[] };
  readonly status: {
    readonly phase: string;
    readonly containerStatuses?: readonly {
      ready: boolean;
      restartCount: number;
      containerID?: string;
      lastState: { terminated?: { exitCode: number; reason: string } };
    }[];
  };
}

export const podsOf = async (component: Component): Promise<readonly Pod[]> => {
  const selector = `app.kubernetes.io/instance=${release},app.kubernetes.io/component=${component}`;
  const { items } = await kubectlJson<{ items: Pod[] }>('get', 'pods', '-l', selector);
  return items.filter((pod) => pod.metadata.deletionTimestamp === undefined);
};

const isReady = (pod: Pod): boolean =>
  pod.status.phase === 'Running' && (pod.status.containerStatuses ?? []).every((status) => status.ready);

/** Every pod of every component runs and is ready. */
export const allReady = async (): Promise<void> => {
  for (const component of components)
    await eventually(
      `${component} ready`,
      async () => {
        const pods = await podsOf(component);
        return pods.length > 0 && pods.every(isReady) ? true : undefined;
      },
      180_000,
    );
};

/** What to look at when the run fails: pods, their events, the ends of their logs. */
export const describe = async (): Promise<string> => {
  const parts = [await kubectl('get', 'pods', '-A', '-o', 'wide'), await kubectl('get', 'events')];
  for (const component of components)
    for (const pod of await podsOf(component))
      parts.push(`== ${pod.metadata.name}\n${await kubectl('logs', '--tail=40', pod.metadata.name)}`);
  return parts.join('\n');
};
