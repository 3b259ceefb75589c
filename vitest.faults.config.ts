import { defineConfig } from "vitest/config";

// Whole processes that are killed, stopped, blocked and lied to. Most of their CPU time is that of the processes.
export default defineConfig({
  test: {
    include: ["test/faults/**/*.test.ts"],
    testTimeout: 240_000,
    hookTimeout: 240_000,
    setupFiles: ["test/setup.ts"],
    maxWorkers: 3,
  },
});
