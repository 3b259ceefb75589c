import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { inspect } from "node:util";
import { expect, test } from "vitest";
import { Secret } from "../../src/secrets/secret.ts";

const VALUE = "sk-9f3Qa77zLm2";

test("a secret gives its text to nothing but reveal", () => {
  const secret = new Secret(VALUE);
  expect(secret.reveal()).toBe(VALUE);
  const shown = [
    String(secret),
    `${secret}`,
    [secret, 1].join(" "),
    JSON.stringify({ key: secret }),
    inspect(secret),
    inspect({ deep: { list: [secret] } }, { showHidden: true, depth: 9 }),
    JSON.stringify(structuredClone({ secret })),
    JSON.stringify(Object.entries(secret)),
    new Error("failed", { cause: secret }).stack,
    inspect(new Error("failed", { cause: secret })),
    JSON.stringify({ ...secret }),
  ];
  for (const text of shown) expect(text).not.toContain(VALUE);
  expect(shown.slice(0, 4)).toEqual(["[secret]", "[secret]", "[secret] 1", '{"key":"[secret]"}']);
});

test("secrets are revealed in the named places alone", () => {
  const files = readdirSync("src", { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));
  const revealing = files.filter((name) => /\.reveal\(\)/.test(readFileSync(join("src", name), "utf8")));
  expect(revealing.toSorted()).toEqual([
    "config/engine-key.ts",
    "config/engine.ts",
    "config/secret-arguments.ts",
    "config/secrets-of.ts",
    "engine/client/http.ts",
    "engine/life/kept.ts",
    "engine/life/server-arguments.ts",
    "engine/life/spawn.ts",
    "pool/open-engines.ts",
    "process/supervise.ts",
    "secrets/redactor.ts",
  ]);
});
