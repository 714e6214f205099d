export { expressEnforcer } from './express.ts';
export { fastifyEnforcer } from './fastify.ts';
export { type InProcessEnforcer, type InProcessOptions, openEnforcer } from './in-process.ts';
export { type Connection, requestOf } from './incoming.ts';
