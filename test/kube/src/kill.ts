/** Ends pods without asking: deleted with no grace, and by a signal to the process, as the kernel does for memory. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { eventually } from '@precede/testkit';
import { allReady, type Component, kubectl, podsOf } from './cluster.ts';

const run = promisify(execFile);
const socket = `${process.env['PRECEDE_KUBE_DIR'] ?? '/var/tmp/precede-kube'}/work/containerd/containerd.sock`;

const pod = async (component: Component): Promise<void> => {
  const [victim] = await podsOf(component);
  if (victim === undefined) throw new Error(`${component} has no pod`);
  const { name } = victim.metadata;
  await kubectl('delete', 'pod', name, '--grace-period=0', '--force', '--wait=false');
  await eventually('the pod to be gone', async () => {
    const pods = await podsOf(component);
    return pods.some((each) => each.metadata.name === name) ? undefined : true;
  });
  await allReady();
};

/** kill -9 of the container's first process; the kubelet starts it again in its pod. */
const container = async (component: Component): Promise<void> => {
  const [victim] = await podsOf(component);
  const [status] = victim?.status.containerStatuses ?? [];
  const id = status?.containerID?.replace('containerd://', '');
  if (victim === undefined || status === undefined || id === undefined)
    throw new Error(`${component} has no container`);
  await run('ctr', ['-a', socket, '-n', 'k8s.io', 'tasks', 'kill', '--signal', 'SIGKILL', id]);
  await eventually('the restart to be seen', async () => {
    const again = (await podsOf(component)).find((each) => each.metadata.name === victim.metadata.name);
    const [now] = again?.status.containerStatuses ?? [];
    return (now?.restartCount ?? 0) > status.restartCount ? true : undefined;
  });
  await allReady();
};

export const kill = { pod, container };
