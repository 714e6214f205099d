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

export class Sockets {
  readonly #open = new Set<Socket>();
  #isClosed = false;

  /** As kafkajs asks for it; `ssl` is undefined or false for plain text. */
  readonly open = ({ host, port, ssl, onConnect }: SocketRequest): Socket => {
    const socket = this.#connect(host, port, ssl, onConnect);
    socket.setKeepAlive(true, keepAliveMs);
    this.#open.add(socket);
    socket.once('close', () => this.#open.delete(socket));
    if (this.#isClosed) socket.destroy(new Error('The log is closed.'));
    return socket;
  };

  close(): void {
    this.#isClosed = true;
    for (const socket of this.#open) socket.destroy();
  }

  #connect(host: string, port: number, ssl: ConnectionOptions | undefined, onConnect: () => void): Socket {
    if (!ssl) return connectTcp({ host, port }, onConnect);
    const name = isIP(host) === 0 ? { servername: host } : {};
    return connectTls({ host, port, ...name, ...ssl }, onConnect);
  }
}
