import { Socket } from "node:net";

/*
 * A thread of the job process that watches the pipe to the guard process. The pipe closes when the guard ends, by
 * `kill -9` too; then this thread kills the job. It works while the other thread is blocked.
 */

/** The descriptor of the pipe: the last one in forkJob of main.ts. */
const PIPE = 4;

const pipe = new Socket({ fd: PIPE });
const end = (): void => {
  process.kill(process.pid, "SIGKILL");
};
pipe.on("close", end);
pipe.on("error", end);
pipe.resume();
