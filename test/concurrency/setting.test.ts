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

test.each([null, 1, 5, 32, 64])(
  "returns the same setting for the level of a setting, prompts a request: %s",
  (fixed) => {
    const unstable = Array.from({ length: 4_096 }, (_, index) => index + 1).filter((wanted) => {
      const setting = settingFor(wanted, fixed);
      const again = settingFor(levelOf(setting), fixed);
      return setting.concurrency < 1 || JSON.stringify(again) !== JSON.stringify(setting);
    });
    expect(unstable).toEqual([]);
  },
);
