import fc from "fast-check";
import { expect, test } from "vitest";
import { levelOf, settingFor } from "../../src/concurrency/setting.ts";

test("sends prompts together once there are enough for eight requests", () => {
  expect([1, 4, 8, 16, 64, 256, 512, 1_024, 2_048].map((level) => settingFor(level, null))).toEqual([
    { concurrency: 1, promptsPerRequest: 1 },
    { concurrency: 4, promptsPerRequest: 1 },
    { concurrency: 8, promptsPerRequest: 1 },
    { concurrency: 8, promptsPerRequest: 2 },
    { concurrency: 8, promptsPerRequest: 8 },
    { concurrency: 8, promptsPerRequest: 32 },
    { concurrency: 16, promptsPerRequest: 32 },
    { concurrency: 16, promptsPerRequest: 64 },
    { concurrency: 32, promptsPerRequest: 64 },
  ]);
});

test("returns the same setting for the level of a setting", () => {
  const fixed = fc.option(fc.integer({ min: 1, max: 64 }), { nil: null });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 4_096 }), fixed, (wanted, promptsPerRequest) => {
      const setting = settingFor(wanted, promptsPerRequest);
      expect(setting.concurrency).toBeGreaterThanOrEqual(1);
      expect(settingFor(levelOf(setting), promptsPerRequest)).toEqual(setting);
    }),
  );
});
