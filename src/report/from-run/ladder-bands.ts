import type { JournalEvent } from "../../runfolder/journal/events.ts";
import type { Band } from "../data/run-data.ts";

/** Follows a journal and says at which moment which step of the ladder was in force, or why nothing was scored. */
export interface BandReader {
  readonly add: (event: JournalEvent, atMs: number) => void;
  /** The bands up to the end of the run, one after another without gaps. */
  readonly finish: (endMs: number) => readonly Band[];
}

type Kind = Band["kind"];

const KINDS: Readonly<Record<string, Kind>> = {
  "both-orders": "both-orders",
  "one-order": "one-order",
  "one-order-short": "one-order-short",
  prior: "prior",
};

/** Creates a reader. Between two sessions no time passes; each begins with the start of its engine. */
export function createBandReader(): BandReader {
  const bands: Band[] = [];
  let kinds: Readonly<Record<string, unknown>> = {};
  let step = "";
  let swapped = false;
  let up = 0;
  let wasUp = false;
  let current: Omit<Band, "toMs"> = { name: "engine starts", kind: "start", fromMs: 0 };

  const now = (): Pick<Band, "name" | "kind"> => {
    if (up === 0 && wasUp) return { name: "engine lost", kind: "lost" };
    if (up === 0 || step === "") return { name: "engine starts", kind: "start" };
    if (swapped) return { name: "swapped order", kind: "swapped" };
    return { name: step, kind: KINDS[String(kinds[step])] ?? "one-order" };
  };
  const close = (atMs: number): void => {
    if (atMs > current.fromMs) bands.push({ ...current, toMs: atMs });
  };
  const move = (atMs: number): void => {
    const next = now();
    if (next.name === current.name && next.kind === current.kind) return;
    close(atMs);
    current = { ...next, fromMs: atMs };
  };

  return {
    add: (event, atMs) => {
      if (event.event === "session-start") {
        up = 0;
        wasUp = false;
        swapped = false;
        step = "";
      } else if (event.event === "engine") {
        if (event.what === "ready" || event.what === "back") up += 1;
        if (event.what === "lost") up = Math.max(0, up - 1);
        wasUp ||= up > 0;
      } else if (event.event === "decision") {
        if (event.name === "ladder") {
          kinds = event.figures;
          step = Object.keys(kinds)[0] ?? "";
        } else if (typeof event.figures["step"] === "string") {
          step = event.figures["step"];
          swapped = event.figures["phase"] === "second-pass";
        } else return;
      } else return;
      move(atMs);
    },
    finish: (endMs) => {
      close(endMs);
      return bands;
    },
  };
}
