import type { Random } from "../random.ts";

/** A time in which the disk misbehaves, ms. */
export type DiskFault = { readonly at: number; readonly ms: number } & (
  | { readonly kind: "full" | "quota" | "read-only" }
  /** This share of the operations fails with EIO. */
  | { readonly kind: "broken"; readonly share: number }
  /** Every operation takes so many times as long. */
  | { readonly kind: "slow"; readonly factor: number }
  /** No operation ends before the time is over. */
  | { readonly kind: "stuck" }
);

/** Chooses the error of an operation; null when it succeeds. */
export function errorOf(
  { kind, changes }: { readonly kind: string; readonly changes: boolean },
  active: readonly DiskFault[],
  random: Random,
): string | null {
  for (const fault of active) {
    switch (fault.kind) {
      case "full":
      case "quota":
        // Removing and renaming need no space, nor do the times of a file.
        if (NEEDS_SPACE.has(kind)) return fault.kind === "full" ? "ENOSPC" : "EDQUOT";
        break;
      case "read-only":
        if (changes) return "EROFS";
        break;
      case "broken":
        if (random.chance(fault.share)) return "EIO";
        break;
      case "slow":
      case "stuck":
        break;
      default:
        fault satisfies never;
    }
  }
  return null;
}

const NEEDS_SPACE: ReadonlySet<string> = new Set(["create", "write", "append", "mkdir"]);

/** Draws how long an operation takes, ms: mostly below one, a sync several. */
export function durationOf(kind: string, active: readonly DiskFault[], now: number, random: Random): number {
  let ms = kind === "sync" ? random.logBetween(1, 30) : random.logBetween(0.02, 1);
  for (const fault of active) if (fault.kind === "slow") ms *= fault.factor;
  for (const fault of active) if (fault.kind === "stuck") ms = Math.max(ms, fault.at + fault.ms - now);
  return ms;
}

/** Makes a system error as Node makes it. */
export function failure(code: string, syscall: string, path: string): Error {
  return Object.assign(new Error(`${code}: simulated, ${syscall} '${path}'`), { code, syscall, path });
}
