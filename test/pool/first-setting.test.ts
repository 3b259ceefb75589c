import { expect, test } from "vitest";
import { firstLevel, firstSetting } from "../../src/pool/first-setting.ts";

test.each([
  { rows: 25_000, isBounded: false, level: 256 },
  { rows: 60, isBounded: false, level: 60 },
  { rows: 3, isBounded: false, level: 16 },
  { rows: 20, isBounded: true, level: 16 },
  { rows: 2_500, isBounded: true, level: 50 },
  { rows: 25_000, isBounded: true, level: 256 },
])("begins with $level prompts in flight: $rows rows, bounded: $isBounded", ({ rows, isBounded, level }) => {
  expect(firstLevel({ rows, isBounded })).toBe(level);
});

const UNSET = { concurrency: null, promptsPerRequest: null };

test.each([
  { name: "nothing is given", config: UNSET, engine: UNSET, expected: [8, 32] },
  { name: "the profile gives both", config: UNSET, engine: { concurrency: 8, promptsPerRequest: 4 }, expected: [8, 4] },
  { name: "the profile gives the level", config: UNSET, engine: { ...UNSET, concurrency: 8 }, expected: [8, 1] },
  { name: "the config gives the requests", config: { ...UNSET, concurrency: 2 }, engine: UNSET, expected: [2, 4] },
  {
    name: "the config gives the prompts",
    config: { ...UNSET, promptsPerRequest: 32 },
    engine: UNSET,
    expected: [8, 32],
  },
])("takes what is given before the level: $name", ({ config, engine, expected }) => {
  const given = { ...config, engine } as unknown as Parameters<typeof firstSetting>[0];
  const { concurrency, promptsPerRequest } = firstSetting(given, 256);
  expect([concurrency, promptsPerRequest]).toEqual(expected);
});
