/** The network between gateway and enforcer: it can be there, be dead (connections refused), or be slow (no byte comes). */
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

export interface Link {
  readonly port: number;
  /** Connections made so far. */
  connections(): number;
  stall(): void;
  cut(): Promise<void>;
  mend(): Promise<void>;
}

export const openLink = async (target: number): Promise<Link> => {
  const sockets = new Set<Socket>();
  let isStalled = false;
  let connections = 0;
  const server = createServer((near) => {
    connections += 1;
    const far = connect(target, '127.0.0.1');
    for (const socket of [near, far]) {
      sockets.add(socket);
      // A packet goes on as it came: nothing here waits to make a larger one.
      socket.setNoDelay(true);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    near.on('data', (chunk) => isStalled || far.write(chunk));
    far.on('data', (chunk) => isStalled || near.write(chunk));
  });
  const port = await listenOn(server, 0);
  return {
    port,
    connections: () => connections,
    stall: () => {
      isStalled = true;
    },
    cut: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
    mend: async () => {
      isStalled = false;
      // What was swallowed is missing for good: whoever waits for it begins anew.
      for (const socket of sockets) socket.destroy();
      if (!server.listening) await listenOn(server, port);
    },
  };
};

const listenOn = async (server: Server, port: number): Promise<number> => {
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
};
