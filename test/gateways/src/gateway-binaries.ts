/** Where the gateways are: installed by tools/gateways/install.sh, or on the path. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { root } from '@precede/testkit';

export type GatewayName = 'envoy' | 'nginx' | 'traefik' | 'caddy';

/** Throws where it is missing and must not be. */
export const findGateway = (name: GatewayName): string | undefined => {
  const dirs = [`${root}.work/gateways/bin`, ...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin'];
  const found = dirs.map((dir) => join(dir, name)).find(isExecutable);
  if (found === undefined && process.env['CI'] === 'true')
    throw new Error(`${name} is missing: run tools/gateways/install.sh`);
  return found;
};

const isExecutable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};
