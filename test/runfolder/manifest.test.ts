import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { compareManifests } from "../../src/runfolder/manifest/compare-manifests.ts";
import { describeChange } from "../../src/runfolder/manifest/describe-change.ts";
import { type Manifest, readManifest, writeManifest } from "../../src/runfolder/manifest/manifest.ts";
import { temporaryFolder } from "./samples.ts";

const MANIFEST: Manifest = {
  format: 2,
  createdAt: "2026-01-01T00:00:00.000Z",
  versions: { abtie: "0.1.0", node: "v20.19.0", engine: "0.32.0" },
  config: {
    template: "prompts/plain.md",
    context: 1024,
    deadline: "9h",
    concurrency: null,
    engine: { attach: ["http://127.0.0.1:8000"], args: [] },
    labels: { a: ["A"], b: ["B"], tie: ["tie", " tie"] },
  },
  hashes: { data: "a".repeat(64), template: "b".repeat(64) },
  rows: 25_000,
  labels: { a: [49], b: [50], tie: [36521] },
  method: "logprob_token_ids",
  model: { id: "judge", root: "/models/judge", answersAs: "judge" },
};

const config = (more: object): Manifest => ({ ...MANIFEST, config: { ...(MANIFEST.config as object), ...more } });

describe("a manifest", () => {
  test("reads back as it was written", async () => {
    const path = join(await temporaryFolder(), "manifest.json");
    expect(await readManifest(path)).toBeNull();
    await writeManifest(path, MANIFEST);
    expect(await readManifest(path)).toEqual(MANIFEST);
  });

  test("of format 1, which has no model, is read", async () => {
    const path = join(await temporaryFolder(), "manifest.json");
    const { model: _, ...old } = MANIFEST;
    await writeFile(path, JSON.stringify({ ...old, format: 1 }));
    expect(await readManifest(path)).toEqual({ ...MANIFEST, model: null });
  });

  test.each(["", "{}", '{"format":2}', '{"format":3}', "[1"])(
    "that is damaged or of another format is refused: %s",
    async (text) => {
      const path = join(await temporaryFolder(), "manifest.json");
      await writeFile(path, text);
      await expect(readManifest(path)).rejects.toMatchObject({ code: "data", message: expect.stringContaining(path) });
    },
  );
});

test.each([
  ["config.engine.maxModelLen", "null", "4096", "engine.max_model_len was not set, is now 4096"],
  [
    "hashes.model/tokenizer.json",
    '"ab"',
    '"cd"',
    "the model's file model/tokenizer.json has other content than before",
  ],
  ["hashes.model/config.json", '"ab"', '"missing"', "the model's file model/config.json is not there any more"],
  ["hashes.model/merges.txt", undefined, '"ab"', "the model's file model/merges.txt is new"],
  ["rows", "20", "30", "the number of rows was 20, is now 30"],
])("a difference in %s is said in the words of the config, without a hash", (path, before, now, text) => {
  expect(describeChange(path, before, now)).toBe(text);
});

describe("comparing manifests", () => {
  test("finds nothing between equal ones, whatever the order of the keys", () => {
    const shuffled = Object.fromEntries(Object.entries(MANIFEST).reverse()) as unknown as Manifest;
    expect(compareManifests(MANIFEST, shuffled, [])).toEqual([]);
  });

  test("says in words what changes the answers", () => {
    const now = { ...config({ context: 2048 }), hashes: { ...MANIFEST.hashes, data: "c".repeat(64) } };
    expect(compareManifests(MANIFEST, now, ["config.deadline"])).toEqual([
      { path: "config.context", text: "context was 1024, is now 2048", changesAnswers: true },
      { path: "hashes.data", text: "the input file has other content than before", changesAnswers: true },
    ]);
  });

  test.each([
    [{ deadline: "8h" }, "config.deadline"],
    [{ concurrency: 64 }, "config.concurrency"],
    [{ engine: { attach: ["http://127.0.0.1:9000"], args: [] } }, "config.engine"],
    [{ engine: { attach: ["http://127.0.0.1:8000", "http://127.0.0.1:9000"], args: [] } }, "config.engine.attach"],
  ])("calls %j harmless when %s is", (more, harmless) => {
    expect(compareManifests(MANIFEST, config(more), [harmless]).map((one) => one.changesAnswers)).toEqual([false]);
    expect(compareManifests(MANIFEST, config(more), ["config.dead"]).map((one) => one.changesAnswers)).toEqual([true]);
  });

  test("calls the time and Node's version harmless always, and abtie's only when asked to", () => {
    const now = { ...MANIFEST, createdAt: "later", versions: { abtie: "0.2.0", node: "v22.0.0", engine: "0.32.0" } };
    expect(compareManifests(MANIFEST, now, [])).toEqual([
      expect.objectContaining({ path: "createdAt", changesAnswers: false }),
      expect.objectContaining({ path: "versions.abtie", changesAnswers: true }),
      expect.objectContaining({ path: "versions.node", changesAnswers: false }),
    ]);
  });

  test("sees a key or a list entry that came or went", () => {
    const now = config({ labels: { a: ["A"], b: ["B"], tie: ["tie"] }, seed: 7 });
    expect(compareManifests(MANIFEST, now, []).map(({ text }) => text)).toEqual([
      'labels.tie[1] was " tie", is now not set',
      "seed was not set, is now 7",
    ]);
  });
});
