import fc from "fast-check";
import { expect, test } from "vitest";
import {
  afterAccepted,
  afterTooLarge,
  type BatchLimit,
  NO_LIMIT,
  withinLimit,
} from "../../src/concurrency/batch-limit.ts";
import { levelOf } from "../../src/concurrency/setting.ts";

const refused = (limit: BatchLimit, ...sizes: readonly number[]): BatchLimit => sizes.reduce(afterTooLarge, limit);

test("halves the prompts of a request that was refused, and keeps what was answered", () => {
  expect(refused(NO_LIMIT, 64).most).toBe(32);
  expect(refused(NO_LIMIT, 64, 32).most).toBe(16);
  expect(refused(afterAccepted(NO_LIMIT, 40), 64).most).toBe(40);
  expect(refused(NO_LIMIT, 64, 64).most).toBe(32);
});

test("learns nothing from a prompt that was refused alone, and little from one long prompt", () => {
  expect(refused(NO_LIMIT, 1)).toEqual(NO_LIMIT);
  const used = afterAccepted(NO_LIMIT, 16);
  expect(refused(used, 16).most).toBe(Number.POSITIVE_INFINITY);
  expect(refused(used, 16, 16).most).toBe(8);
});

test("finds a limit of the server within a few refusals, and never sends more than the server takes after that", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 64 }), fc.integer({ min: 1, max: 64 }), (takes, wanted) => {
      let limit = NO_LIMIT;
      let refusals = 0;
      for (let request = 0; request < 50; request += 1) {
        const size = Math.min(wanted, limit.most);
        if (size > takes) refusals += 1;
        limit = size > takes ? afterTooLarge(limit, size) : afterAccepted(limit, size);
      }
      expect(refusals).toBeLessThanOrEqual(6);
      const last = Math.min(wanted, limit.most);
      expect(last).toBeLessThanOrEqual(takes);
      expect(last).toBeGreaterThanOrEqual(Math.min(wanted, Math.ceil(takes / 2)));
    }),
  );
});

test("keeps the prompts in flight where the search found them, and the requests where the config fixes them", () => {
  const setting = { concurrency: 8, promptsPerRequest: 32 };
  const limit = refused(NO_LIMIT, 32);
  expect(withinLimit(setting, limit, false)).toEqual({ concurrency: 16, promptsPerRequest: 16 });
  expect(levelOf(withinLimit(setting, limit, false))).toBe(levelOf(setting));
  expect(withinLimit(setting, limit, true)).toEqual({ concurrency: 8, promptsPerRequest: 16 });
  expect(withinLimit(setting, NO_LIMIT, false)).toEqual(setting);
});
