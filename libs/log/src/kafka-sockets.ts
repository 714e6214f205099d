/**
 * The sockets of one log. kafkajs's retries may connect again after a client was disconnected; a socket left behind so
 * would keep the process alive. So closing the log ends every socket, and those that still come.
 */
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';

interface SocketRequest {
  readonly host: string;
  readonly port: number;
  readonly ssl: ConnectionOptions;
  readonly onConnect: () => void;
}

const keepAliveMs = 60_000;

/** What a socket that we end says of it. */
export const endedByUs = 'ended by us';

const connect = ({ host, port, ssl, onConnect }: SocketRequest): Socket => {
  if (!ssl) return connectTcp({ host, port }, onConnect);
  const name = isIP(host) === 0 ? { servername: host } : {};
  return connectTls({ host, port, ...name, ...ssl }, onConnect);
};

export class Sockets {
  readonly #connect: (request: SocketRequest) => Socket;
  readonly #open = new Set<Socket>();
  #isClosed = false;

  constructor(from: (request: SocketRequest) => Socket = connect) {
    this.#connect = from;
  }

  /** As kafkajs asks for it; `ssl` is undefined or false for plain text. */
  readonly open = (request: SocketRequest): Socket => {
    const socket = this.#connect(request);
    socket.setKeepAlive(true, keepAliveMs);
    this.#open.add(socket);
    socket.once('close', () => this.#open.delete(socket));
    if (this.#isClosed) this.#end(socket);
    return socket;
  };

  /** Sockets that can be ended before the others, and end with them. */
  branch(): Sockets {
    return new Sockets(this.open);
  }

  close(): void {
    this.#isClosed = true;
    for (const socket of this.#open) this.#end(socket);
  }

  /** With an error: kafkajs hears of nothing else, and would wait for answers until they are overdue. */
  #end(socket: Socket): void {
    socket.destroy(new Error(endedByUs));
  }
}
