import { fastifyEnforcer, openEnforcer } from '@precede/enforcer/node';
import { openKafkaLog } from '@precede/log';
import { createLogger, kafkaFields, kafkaOptions, loadConfig } from '@precede/service';
import { fastify } from 'fastify';

const { env } = process;
const logger = createLogger('shop', 'warn');
const kafka = loadConfig(kafkaFields, env);
const enforcer = await openEnforcer({
  zoneId: env['ZONE_ID'] ?? '',
  sessionKey: env['PRECEDE_SESSION_KEY'] ?? '',
  log: () => openKafkaLog({ ...kafkaOptions(kafka, 'shop'), logger }),
  snapshotDir: env['SNAPSHOT_DIR'],
  host: 'api.example.com',
  env: { PRECEDE_ENFORCER_FAIL_MODE: 'closed' },
  logger,
});

const app = fastify({ trustProxy: '127.0.0.1' });
await app.register(fastifyEnforcer, { enforcer });
app.post('/pay', async () => ({ paid: true }));
app.addHook('onClose', () => enforcer.close());

await enforcer.ready;
process.stdout.write(`${await app.listen({ port: Number(env['PORT'] ?? 3000) })}\n`);
process.once('SIGTERM', () => app.close());
