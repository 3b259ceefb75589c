const tasks: (() => unknown)[] = [];

/** Does something after the last test of this file; unlike onTestFinished also from tests that run at the same time. */
export function atEnd(task: () => unknown): void {
  tasks.push(task);
}

/**
 * Does what the tests of a file left to its end, also when a part of it fails, and then throws the first error. test/setup.ts calls it
 * after each file, because the files of a worker share this module, so that a hook in it would belong to the first file alone.
 */
export async function runEndTasks(): Promise<void> {
  const errors: unknown[] = [];
  for (const task of tasks.splice(0).reverse()) {
    try {
      await task();
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw errors[0];
}
