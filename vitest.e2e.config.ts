import { defineConfig } from "vitest/config";

// Real vLLM on the CPU: one server at a time, so the files run one after another.
export default defineConfig({
  test: {
    include: ["test/e2e/**/*.test.ts"],
    testTimeout: 1_200_000,
    hookTimeout: 1_200_000,
    fileParallelism: false,
    setupFiles: ["test/setup.ts"],
  },
});
