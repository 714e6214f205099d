/** What every gateway knows of the connection, and what some can tell of its speed. */
import { Bool, Bytes, Int, Ip } from '../types.ts';
import { declare } from './declare.ts';
import type { Field } from './fields.ts';

export const connectionFields: readonly Field[] = [
  ...declare(
    { filledBy: 'connection', type: Ip },
    {
      'cf.edge.server_ip': ['Address of the gateway that the client connected to', '198.51.100.2'],
      'ip.src': ['Address of the client, from behind proxies that the gateway trusts', '203.0.113.7'],
    },
  ),
  ...declare(
    { filledBy: 'connection', type: Int },
    {
      'cf.edge.client_port': ['Port that the client connected from, 1 to 65535', '51234'],
      'cf.edge.server_port': ['Port of the gateway that the client connected to, 1 to 65535', '443'],
    },
  ),
  ...declare(
    { filledBy: 'connection', type: Bool },
    {
      'cf.edge.client_tcp': 'Whether the request came over TCP; false over QUIC',
      ssl: 'Whether the connection of the client is encrypted',
    },
  ),
  ...declare(
    { filledBy: 'connection', type: Bytes },
    {
      'http.request.version': ['Protocol of the request: HTTP/1.0, HTTP/1.1, HTTP/2 or HTTP/3', '"HTTP/2"'],
    },
  ),
  ...declare(
    { filledBy: 'metadata', type: Int },
    {
      'cf.edge.l4.delivery_rate': [
        'Latest estimate of what the connection delivers, bytes per second',
        '100000',
      ],
      'cf.timings.client_quic_rtt_msec': [
        'Smoothed round trip to the client over QUIC, ms; 0 over TCP',
        '42',
      ],
      'cf.timings.client_tcp_rtt_msec': ['Smoothed round trip to the client over TCP, ms; 0 over QUIC', '20'],
    },
  ),
];
