/**
 * A real Kafka that lets in only whom it knows: SASL over TLS (SCRAM-SHA-512 and PLAIN) at one door, client certificates at
 * the other, rights from ACLs. A third one without either, for the administrator of the test, who may do everything.
 */
import { writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { type Authority, makeAuthority } from './certificates.ts';
import { freePorts, runKafkaScript, temporaryDirectory } from './kafka-harness.ts';

export interface SecureKafka {
  readonly authority: Authority;
  /** An authority that the broker does not know, nor it the broker. */
  readonly stranger: Authority;
  readonly adminBrokers: readonly string[];
  readonly saslBrokers: readonly string[];
  readonly certificateBrokers: readonly string[];
  /** Connections that were ever made to the SASL door. */
  connections(): number;
  release(): Promise<void>;
}

/** User and password of both mechanisms, and the name in client certificates. */
export const users = { service: 'service-password', visitor: 'visitor-password' } as const;

/** A session of SCRAM must be renewed within it. kafkajs does so 10 s before. */
export const reauthenticateWithinMs = 12_000;

export const startSecureKafka = async (): Promise<SecureKafka> => {
  const dir = await temporaryDirectory('precede-secure-kafka-');
  const authority = makeAuthority(join(dir, 'tls'), 'authority');
  const stranger = makeAuthority(join(dir, 'tls'), 'stranger');
  const [admin = 0, controller = 0, sasl = 0, mtls = 0] = await freePorts(4);
  const relay = await startRelay(sasl);
  const properties = join(dir, 'secure.properties');
  writeFileSync(properties, settings({ admin, controller, sasl, mtls, relay: relay.port }, authority));
  const env = {
    KAFKA_DIR: dir,
    KAFKA_PORT: String(admin),
    KAFKA_CONTROLLER_PORT: String(controller),
    KAFKA_PROPERTIES: properties,
    KAFKA_SCRAM: Object.entries(users)
      .map(([name, password]) => `SCRAM-SHA-512=[name=${name},password=${password}]`)
      .join(' '),
  };
  const release = async (): Promise<void> => {
    relay.close();
    await runKafkaScript('kafka.sh', 'kill', env);
    await rm(dir, { recursive: true, force: true });
  };
  try {
    await runKafkaScript('kafka.sh', 'start', env);
  } catch (error) {
    await release();
    throw error;
  }
  return {
    authority,
    stranger,
    adminBrokers: [`127.0.0.1:${admin}`],
    saslBrokers: [`127.0.0.1:${relay.port}`],
    certificateBrokers: [`127.0.0.1:${mtls}`],
    connections: relay.connections,
    release,
  };
};

interface Ports {
  readonly admin: number;
  readonly controller: number;
  readonly sasl: number;
  readonly mtls: number;
  readonly relay: number;
}

const module = 'org.apache.kafka.common.security';
const host = '127.0.0.1';

const settings = ({ admin, controller, sasl, mtls, relay }: Ports, authority: Authority): string => `
listeners=PLAINTEXT://${host}:${admin},CONTROLLER://${host}:${controller},LOGIN://${host}:${sasl},CERT://${host}:${mtls}
advertised.listeners=PLAINTEXT://${host}:${admin},LOGIN://${host}:${relay},CERT://${host}:${mtls}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,LOGIN:SASL_SSL,CERT:SSL
ssl.keystore.type=PEM
ssl.keystore.location=${authority.sign('broker').file}
ssl.truststore.type=PEM
ssl.truststore.location=${authority.file}
listener.name.cert.ssl.client.auth=required
ssl.principal.mapping.rules=RULE:^CN=(.*)$/$1/
listener.name.login.sasl.enabled.mechanisms=SCRAM-SHA-512,PLAIN
listener.name.login.scram-sha-512.sasl.jaas.config=${module}.scram.ScramLoginModule required;
listener.name.login.plain.sasl.jaas.config=${module}.plain.PlainLoginModule required ${plainUsers()};
listener.name.login.scram-sha-512.connections.max.reauth.ms=${reauthenticateWithinMs}
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS
`;

const plainUsers = (): string =>
  Object.entries(users)
    .map(([name, password]) => `user_${name}="${password}"`)
    .join(' ');

/** Passes bytes on and counts who came: a session that is not renewed in time would have to come again. */
const startRelay = async (target: number) => {
  let count = 0;
  const server = createServer((client) => {
    count += 1;
    const broker = connect(target, host);
    for (const [from, to] of [
      [client, broker],
      [broker, client],
    ] as const)
      from.pipe(to).on('error', () => from.destroy());
    client.on('error', () => broker.destroy());
    broker.on('error', () => client.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  server.unref();
  const { port } = server.address() as { port: number };
  return { port, connections: () => count, close: () => server.close() };
};
