import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // They take minutes of CPU: see vitest.faults.config.ts and vitest.e2e.config.ts.
    exclude: ["test/faults/**", "test/e2e/**"],
    // Long enough for a machine that many share: a test fails for what it sees, not for how long it took.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    setupFiles: ["test/setup.ts"],
    // The files of a worker share one module graph: loading it anew for each file cost more than a third of the CPU
    // time (197 s against 125 s). No module of src holds state, so that no test can disturb the next.
    isolate: false,
    // Many tests wait for a server or a process: one worker a core would leave the cores idle.
    maxWorkers: Math.max(3, availableParallelism()),
  },
});
