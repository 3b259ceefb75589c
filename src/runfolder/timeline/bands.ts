import type { Obtained } from "../../types.ts";
import type { EngineEvent, JournalEvent } from "../journal/events.ts";

/** A period of a run with one state: a step of the ladder, the swap pass, or no engine. */
export interface Band {
  readonly name: string;
  readonly kind: Obtained | "swapped" | "start" | "lost";
  /** Start of the period, ms after the run began. */
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * Reads the events of a journal in order and records at which time which ladder step was used, or why nothing was
 * scored.
 */
export interface BandReader {
  readonly add: (event: JournalEvent, atMs: number) => void;
  /** Returns the bands up to the end of the run, one after another without gaps. */
  readonly finish: (endMs: number) => readonly Band[];
}

/** The state that determines the band. Each session begins with a new state. */
interface Situation {
  /** Number of engines that serve now. */
  readonly up: number;
  /** True after an engine has served in this session. */
  readonly wasUp: boolean;
  /** The kind of each ladder step, by the step's name. */
  readonly kinds: ReadonlyMap<string, Band["kind"]>;
  /** Name of the ladder step in use; null before the plan is made. */
  readonly step: string | null;
  readonly isSwapPass: boolean;
}

const NOTHING_YET: Situation = { up: 0, wasUp: false, kinds: new Map(), step: null, isSwapPass: false };

/** Creates a reader. No time passes between two sessions; each session begins with the start of its engine. */
export function createBandReader(): BandReader {
  const bands: Band[] = [];
  let situation = NOTHING_YET;
  let current = { ...bandOf(situation), fromMs: 0 };

  const close = (atMs: number): void => {
    if (atMs > current.fromMs) bands.push({ ...current, toMs: atMs });
  };
  return {
    add: (event, atMs) => {
      situation = after(situation, event);
      const next = bandOf(situation);
      if (next.name === current.name && next.kind === current.kind) return;
      close(atMs);
      current = { ...next, fromMs: atMs };
    },
    finish: (endMs) => {
      close(endMs);
      return bands;
    },
  };
}

function bandOf({ up, wasUp, kinds, step, isSwapPass }: Situation): Pick<Band, "name" | "kind"> {
  if (up === 0 && wasUp) return { name: "engine lost", kind: "lost" };
  if (up === 0 || step === null) return { name: "engine starts", kind: "start" };
  if (isSwapPass) return { name: "swap pass", kind: "swapped" };
  return { name: step, kind: kinds.get(step) ?? "one-order" };
}

function after(before: Situation, event: JournalEvent): Situation {
  switch (event.event) {
    case "session-start":
      return NOTHING_YET;
    case "engine":
      return afterEngineEvent(before, event);
    case "plan": {
      const { ladder } = event.plan;
      const kinds = new Map(ladder.map(({ name, kind }) => [name, kind]));
      return { ...before, kinds, step: ladder[0]?.name ?? null };
    }
    case "ladder-step":
    case "forecast":
    case "stop":
      return { ...before, step: event.step, isSwapPass: event.phase === "swap-pass" };
    case "time-limits":
    case "engine-model":
    case "start-up":
    case "row":
    case "failed":
    case "concurrency":
    case "prefix-cache":
    case "checkpoint":
    case "session-end":
      return before;
    default:
      return event satisfies never;
  }
}

function afterEngineEvent(before: Situation, { what }: EngineEvent): Situation {
  switch (what) {
    case "ready":
    case "back":
      return { ...before, up: before.up + 1, wasUp: true };
    case "lost":
      return { ...before, up: Math.max(0, before.up - 1) };
    case "given-up":
      return before;
    default:
      return what satisfies never;
  }
}
