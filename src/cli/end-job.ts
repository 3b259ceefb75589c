import { findAlive, HURRY, markOf, type Process, signalAll, stillAlive } from "../process/find-alive.ts";

const POLL_MS = 50;

/**
 * Kills the job process and waits until everything that it started has ended, at most `leftMs`. SIGKILL ends also a job
 * that is caught in a loop or in native code; its own process.exit would wait for that code. The supervisors of servers
 * see the end of the job and stop their servers in order. After 0.3 of the time they get HURRY, at which they kill their
 * servers; after 0.6, this process kills everything that is left. The rest is for a machine that is busy.
 */
export async function endJob(pid: number | undefined, leftMs: number): Promise<void> {
  if (pid === undefined) return;
  // Listed before the job ends, because its children get another parent afterwards.
  const below = findAlive({ mark: null, roots: [pid] });
  const supervisors = below.filter((one) => one.parent === pid && markOf(one.pid) !== null);
  const marks = new Set(below.map((one) => markOf(one.pid)).filter((mark) => mark !== null));
  killNow(pid);
  const left = (): readonly Process[] => [
    ...stillAlive(below),
    ...[...marks].flatMap((mark) => findAlive({ mark, roots: supervisors.map((one) => one.pid) })),
  ];
  if (await allEnd(left, 0.3 * leftMs)) return;
  signalAll(supervisors, HURRY);
  if (await allEnd(left, 0.3 * leftMs)) return;
  signalAll(left(), "SIGKILL");
}

/** Kills a process that may have ended already. */
export function killNow(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended.
  }
}

/** Waits until no process is left, at most `limitMs`; returns whether none is left. */
async function allEnd(left: () => readonly Process[], limitMs: number): Promise<boolean> {
  const end = performance.now() + limitMs;
  while (left().length > 0) {
    if (performance.now() >= end) return false;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return true;
}
