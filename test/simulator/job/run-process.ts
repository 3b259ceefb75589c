import { runJob } from "../../../src/commands/run.ts";
import type { Config } from "../../../src/config/config.ts";
import type { Disk } from "../../../src/files/disk.ts";
import { NO_THREADS } from "../../../src/prompt/threads/threads.ts";
import { createEffects } from "../../../src/system.ts";
import type { Random } from "../random.ts";
import type { Start } from "./ends.ts";
import { datasetOf, judgeLoaderOf, SECOND_FOLDER } from "./job-parts.ts";
import { faultOfSubmission } from "./read-files.ts";
import type { JobScenario } from "./scenario.ts";
import type { createServers } from "./servers.ts";
import { clockOf, type World } from "./world.ts";

/** The world as one process has it. */
interface Surroundings {
  readonly config: Config;
  readonly scenario: JobScenario;
  readonly world: World;
  readonly disk: Disk;
  readonly servers: Pick<ReturnType<typeof createServers>, "openersOf">;
  /** The servers of the second of two judges; null with one judge. */
  readonly second: Pick<ReturnType<typeof createServers>, "openersOf"> | null;
  readonly random: Random;
  /** The start of a process of the same machine; null when it has ended. */
  readonly startOf: (pid: number) => string | null;
  /** Called before a server is opened. */
  readonly onWork: () => void;
  readonly armWatchdog: (at: number) => void;
}

/** Runs the job in a process, which is settled when the job ends. */
export function runProcess(start: Start, surroundings: Surroundings): void {
  const { config, scenario, world, disk, servers, second, random, startOf, onWork, armWatchdog } = surroundings;
  const { name, startedAt, pid, host } = start;
  const effects = createEffects({
    startedAt,
    cwd: "/job",
    env: {},
    machine: { pid, host, processTable: tableOf(start), startOf },
    nodeVersion: "v20",
    clock: clockOf(world, start),
    disk,
    random: random.uniform,
    signal: start.controller.signal,
    log: (level, text) => world.trace(`${name} ${level}: ${text.replace(UUID, "unique")}`),
    armWatchdog: ({ at }) => armWatchdog(at),
  });
  runJob(config, { force: false, fresh: false }, effects, {
    openRows: async () => datasetOf(scenario),
    validateSubmission: async (path, ids) => {
      const fault = faultOfSubmission(await disk.readFile(path, "utf8"), ids);
      return fault === null ? [] : [{ level: "error", remedy: fault, count: 1, findings: [] }];
    },
    createJudgeLoader: async () => judgeLoaderOf(scenario),
    engineOpeners: (given) => {
      onWork();
      const own = second !== null && given.config.runFolder === SECOND_FOLDER ? second : servers;
      return own.openersOf(start, scenario.isSpawned)(given);
    },
    packageVersion: async () => "0",
    openPreparingThreads: async () => NO_THREADS,
  }).then(
    (summary) => {
      start.settled = { summary };
    },
    (error: unknown) => {
      start.settled = { error };
    },
  );
}

/** Names the table in which the pid of a process counts: a machine from boot to boot. */
export function tableOf({ host, boot }: Pick<Start, "host" | "boot">): string {
  return `${host}, boot ${boot}`;
}

const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;
