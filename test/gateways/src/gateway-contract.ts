/**
 * What every gateway must do with the shipped configuration. What one cannot do is a feature, and the tests say so on both
 * sides: with it and without. deploy/gateways/README.md has the table.
 */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { describeActions } from './contract-actions.ts';
import { describeFaults, passed } from './contract-faults.ts';
import { describeRequests } from './contract-requests.ts';
import { findGateway } from './gateway-binaries.ts';
import type { GatewayKind } from './gateway-process.ts';
import type { Features, Gateway } from './gateways.ts';
import { decided, openStand, type Stand } from './stand.ts';

export const describeGateway = ({ name, binary, kind, features }: Gateway): void => {
  const path = findGateway(binary);
  const skip = path === undefined ? `${binary} is not installed: tools/gateways/install.sh` : false;
  const whole: GatewayKind = { ...kind, binary: path ?? '' };
  describe(`${name}, failing closed`, { skip }, () => describeClosed(whole, features));
  describe(`${name}, failing open`, { skip }, () => describeOpen(whole));
};

const describeClosed = (kind: GatewayKind, features: Features): void => {
  let stand: Stand;
  before(async () => {
    stand = await openStand(kind, false);
    await decided(stand);
  });
  after(() => stand.close());
  beforeEach(() => {
    stand.enforcer.seen.length = 0;
    stand.origin.received.length = 0;
  });
  describeActions(() => stand, features);
  describeRequests(() => stand, features);
  describeFaults(() => stand, features.failed);
};

const describeOpen = (kind: GatewayKind): void => {
  let stand: Stand;
  before(async () => {
    stand = await openStand(kind, true);
    await decided(stand);
  });
  after(() => stand.close());
  beforeEach(() => {
    stand.enforcer.seen.length = 0;
    stand.origin.received.length = 0;
  });
  test('still denies what is denied, with a status of 500 and more too', async () => {
    const block = await stand.ask({ path: '/block' });
    const block503 = await stand.ask({ path: '/block-503' });

    assert.equal(block.status, 451);
    assert.ok([403, 503].includes(block503.status), `status ${block503.status}`);
    assert.equal(stand.origin.received.length, 0);
  });
  describeFaults(() => stand, passed);
};
