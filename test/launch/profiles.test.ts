import { readdirSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { resolveEngine } from "../../src/config/engine.ts";
import { openConfig } from "../../src/job/open-config.ts";
import { createEffects } from "../../src/system.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const PROFILES = readdirSync(`${ROOT}/launch/engines`).filter((name) => name.endsWith(".yaml"));

test("five profiles are shipped, and the README of launch/ names each", () => {
  expect(PROFILES).toEqual([
    "2xt4-34b-awq.yaml",
    "attach.yaml",
    "cpu-classifier.yaml",
    "cpu-smollm2.yaml",
    "t4-classifier.yaml",
  ]);
  const readme = readFileSync(`${ROOT}/launch/README.md`, "utf8");
  for (const name of PROFILES) expect(readme).toContain(`\`${basename(name, ".yaml")}\``);
});

test.each(PROFILES)("%s is a valid engine once it has a model", async (name) => {
  const written = { profile: basename(name, ".yaml"), model: "/data/model" };
  const { engine, objections, problems } = await resolveEngine(written, { base: "/", packageRoot: ROOT });
  expect([...objections, ...problems]).toEqual([]);
  expect(engine?.name).toBe(basename(name, ".yaml"));
});

test("the profile for two T4s has no model of its own, and reports it", async () => {
  const { objections } = await resolveEngine("2xt4-34b-awq", { base: "/", packageRoot: ROOT });
  expect(objections.map(({ path }) => path)).toEqual([["engine", "model"]]);
});

test("the recipe of a run is a valid config that names a shipped profile and template", async () => {
  for (const name of ["s0-llama3-8b-classifier.yaml"]) {
    const overrides = [{ from: "the test", set: { input: "rows.csv", engine: { model: "/data/model" } } }];
    const config = await openConfig(`${ROOT}/launch/recipes/${name}`, overrides, createEffects({ cwd: ROOT }));
    expect(config).toMatchObject({
      context: 2400,
      cut: "right",
      orders: "one",
      engine: { method: "classify", replicas: 2 },
    });
  }
});
