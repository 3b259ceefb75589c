/** The library: it gives programs the same functions as the command line. */

export type { BenchResult } from "./bench/bench-file.ts";
export type { Calibration } from "./calibrate/file.ts";
export { type BenchOptions, bench } from "./commands/bench.ts";
export { type CalibrateOptions, type CalibrationResult, calibrateRun } from "./commands/calibrate.ts";
export { type CompareOptions, compareVariants } from "./commands/compare.ts";
export { type DoctorOptions, doctor } from "./commands/doctor.ts";
export { type EvaluateOptions, evaluateTarget } from "./commands/evaluate.ts";
export { type PlanOptions, plan } from "./commands/plan.ts";
export { type ReportFiles, type ReportOptions, reportRun } from "./commands/report.ts";
export { type RunOptions, runJob } from "./commands/run.ts";
export { setupEngine } from "./commands/setup.ts";
export { type ValidateOptions, type ValidateResult, validate } from "./commands/validate.ts";
export { type ComparisonDetails, detailsOf } from "./compare/comparison-file.ts";
export type { Comparison } from "./compare/conclude.ts";
export type { Config } from "./config/config.ts";
export type { RunPlan } from "./deadline/run-plan.ts";
export type { Finding } from "./doctor/finding.ts";
export type { Effects, Progress } from "./effects.ts";
export { AbtieError, type ErrorCode, EXIT } from "./errors.ts";
export type { SubjectEvaluation } from "./evaluate/evaluation.ts";
export { type Override, openConfig } from "./job/open-config.ts";
export type { RunSummary } from "./job/summary.ts";
export type { Evaluation } from "./metrics/evaluate.ts";
export type { ComparisonData } from "./report/data/comparison-data.ts";
export type { MeanEstimate } from "./stats/bootstrap.ts";
export { createEffects } from "./system.ts";
export type { Clock, Log, Obtained, Order, Reading, Row, Triple } from "./types.ts";
