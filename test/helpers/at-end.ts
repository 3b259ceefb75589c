const tasks: (() => unknown)[] = [];

/** Does something after the last test of this file; unlike onTestFinished also from tests that run at the same time. */
export function atEnd(task: () => unknown): void {
  tasks.push(task);
}

/**
 * Does what the tests of a file left to its end. test/setup.ts calls it after each file, because the files of a worker
 * share this module, so that a hook in it would belong to the first file alone.
 */
export async function runEndTasks(): Promise<void> {
  for (const task of tasks.splice(0).reverse()) await task();
}
