import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";

// The files of a worker share one module graph, so a hook that a helper registers belongs to the first file that imports
// it. The processes that later files started outlived the suite.
test("no helper registers a hook: only test/setup.ts is run for each file", async () => {
  const folders = [import.meta.dirname, join(import.meta.dirname, "../report"), join(import.meta.dirname, "../prompt")];
  for (const folder of folders) {
    for (const name of await readdir(folder)) {
      if (!name.endsWith(".ts") || name.endsWith(".test.ts")) continue;
      expect(await readFile(join(folder, name), "utf8"), name).not.toMatch(/^(?:after|before)(?:All|Each)\(/m);
    }
  }
});
