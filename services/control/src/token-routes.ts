/** Token configurations: the paths of the public API. */
import { isOperationId } from '@precede/contracts';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { success } from './envelope.ts';
import { apiError } from './errors.ts';
import {
  answerWrite,
  editingEndpoints,
  param,
  reading,
  type WriteDeps,
  zoneIdOf,
  zoneOf,
} from './request.ts';
import {
  createTokenConfiguration,
  deleteTokenConfiguration,
  knownTokenConfiguration,
  patchTokenConfiguration,
  replaceCredentials,
  replaceTokenConfiguration,
  type TokenTarget,
  tokenConfigurationsOf,
  tokenConfigurationView,
} from './token-configurations.ts';

interface TokenDeps extends WriteDeps {
  readonly drawUuid: () => string;
}

export const tokenRoutes = (api: FastifyInstance, deps: TokenDeps): void => {
  const { store, clock, drawUuid } = deps;
  const base = '/zones/:zone_id/token_validation/config';
  const target = (request: FastifyRequest): TokenTarget => ({
    zoneId: zoneIdOf(request),
    configId: configIdOf(request),
    nowMs: clock.now(),
  });

  api.get(base, reading, async (request) =>
    success(tokenConfigurationsOf(zoneOf(request, store)).map(tokenConfigurationView)),
  );
  api.post(base, editingEndpoints, async (request) => {
    const plan = createTokenConfiguration(zoneIdOf(request), request.body, drawUuid(), clock.now());
    return answerWrite(request, deps, plan);
  });
  api.get(`${base}/:config_id`, reading, async (request) =>
    success(tokenConfigurationView(knownTokenConfiguration(zoneOf(request, store), configIdOf(request)))),
  );
  api.put(`${base}/:config_id`, editingEndpoints, async (request) =>
    answerWrite(request, deps, replaceTokenConfiguration(target(request), request.body)),
  );
  api.patch(`${base}/:config_id`, editingEndpoints, async (request) =>
    answerWrite(request, deps, patchTokenConfiguration(target(request), request.body)),
  );
  api.put(`${base}/:config_id/credentials`, editingEndpoints, async (request) =>
    answerWrite(request, deps, replaceCredentials(target(request), request.body)),
  );
  api.delete(`${base}/:config_id`, editingEndpoints, async (request) =>
    answerWrite(request, deps, deleteTokenConfiguration(zoneIdOf(request), configIdOf(request))),
  );
};

const configIdOf = (request: FastifyRequest): string => {
  const id = param(request, 'config_id').toLowerCase();
  if (isOperationId(id)) return id;
  throw apiError('noRoute', 'the id of the token configuration in the path is not a UUID');
};
