import { afterAll } from "vitest";

const tasks: (() => unknown)[] = [];

afterAll(async () => {
  for (const task of tasks.splice(0).reverse()) await task();
});

/** Does something after the last test of this file; unlike onTestFinished also from tests that run at the same time. */
export function atEnd(task: () => unknown): void {
  tasks.push(task);
}
