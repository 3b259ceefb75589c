import type {
  Attempt,
  Lane,
  Outcome,
  RetryPolicy,
  ScheduleOptions,
  Summary,
  Verdict,
} from "../../src/schedule/types.ts";
import { type VirtualClock } from "../helpers/virtual-clock.ts";
/** An error that says itself what it means. */
export declare class Failure extends Error {
  readonly verdict: Verdict;
  constructor(verdict: Verdict);
}
export declare const refused: () => Failure;
export declare const broken: () => Failure;
export declare const unreachable: () => Failure;
export declare const dead: () => Failure;
export declare const busy: (afterMs?: number) => Failure;
export interface Recording {
  readonly clock: VirtualClock;
  readonly outcomes: Map<number, Outcome<number>>;
  readonly attempts: Attempt<number>[];
  /** Tasks that got a second outcome. */
  readonly twice: number[];
  /** Largest number of tasks that had been pulled and had no outcome. */
  readonly most: {
    held: number;
  };
}
export interface Trial extends Recording {
  readonly running: Promise<Summary>;
  /** Lets time pass until the schedule has ended. */
  readonly end: () => Promise<Summary>;
}
/** Work that takes `ms` on the clock and answers with each task doubled. */
export declare function answering(
  clock: VirtualClock,
  ms: number,
  check?: (batch: readonly number[], nth: number) => void,
): Lane<number, number>["work"];
/** Starts a schedule of the tasks 0, 1, ... count - 1 on a virtual clock and records everything. */
export declare function start(
  count: number,
  lanes: (clock: VirtualClock) => readonly Partial<Lane<number, number>>[],
  overrides?: Partial<Omit<ScheduleOptions<number, number>, "lanes" | "retry">> & {
    retry?: Partial<RetryPolicy>;
  },
): Trial;
/** A seeded source of numbers in [0, 1). */
export declare function randomFrom(seed: number): () => number;
/** The tasks that got an answer, sorted. */
export declare function answered({ outcomes }: Recording): number[];
/** The tasks that ended without an answer, with their reasons. */
export declare function failed({ outcomes }: Recording): Record<number, string>;
/** Largest number of requests that were in flight at one moment, from their times. */
export declare function mostInFlight(attempts: readonly Attempt<number>[]): number;
export declare const upTo: (count: number) => number[];
