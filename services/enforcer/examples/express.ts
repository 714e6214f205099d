import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expressEnforcer, openEnforcer } from '@precede/enforcer/node';
import express from 'express';

const { env } = process;
const enforcer = await openEnforcer({
  zoneId: env['ZONE_ID'] ?? '',
  sessionKey: env['PRECEDE_SESSION_KEY'] ?? '',
  snapshotDir: env['SNAPSHOT_DIR'],
  host: 'api.example.com',
});

const app = express();
app.set('trust proxy', 'loopback');
// Otherwise /PAY and /pay/ reach the handler of /pay, and are other operations.
app.enable('case sensitive routing').enable('strict routing');
app.use(expressEnforcer(enforcer));
app.post('/pay', (_request, response) => {
  response.json({ paid: true });
});

const server = createServer(app).listen(Number(env['PORT'] ?? 3000), '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`http://127.0.0.1:${port}\n`);
});
process.once('SIGTERM', () => server.close(() => enforcer.close()));
