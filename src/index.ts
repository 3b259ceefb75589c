/** The library: what the command line does, for programs. */

export type { Config } from "./config/config.ts";
export { AbtieError, type ErrorCode, EXIT } from "./errors.ts";
export { doctor } from "./run/doctor/doctor.ts";
export type { Finding } from "./run/doctor/finding.ts";
export type { Effects, Progress } from "./run/effects.ts";
export { type Override, openConfig } from "./run/open-config.ts";
export { type RunOptions, runJob } from "./run/run.ts";
export { setupEngine } from "./run/setup.ts";
export type { RunSummary } from "./run/summary.ts";
export { type ValidateResult, validate } from "./run/validate.ts";
export type { Clock, Log, Obtained, Order, Reading, Row, Triple } from "./types.ts";
