/** The library: what the command line does, for programs. */

export type { Calibration } from "./calibrate/file.ts";
export { createEffects } from "./cli/effects.ts";
export type { Config } from "./config/config.ts";
export { AbtieError, type ErrorCode, EXIT } from "./errors.ts";
export type { Evaluation } from "./metrics/evaluate.ts";
export type { ComparisonData } from "./report/comparison-data.ts";
export { type BenchOptions, type BenchResult, bench } from "./run/bench.ts";
export { type CalibrateOptions, type CalibrationResult, calibrateRun } from "./run/calibrate.ts";
export { type CompareOptions, compareVariants } from "./run/compare/compare.ts";
export type { Comparison } from "./run/compare/conclude.ts";
export { type ComparisonDetails, detailsOf } from "./run/compare/details.ts";
export { type DoctorOptions, doctor } from "./run/doctor/doctor.ts";
export type { Finding } from "./run/doctor/finding.ts";
export type { Effects, Progress } from "./run/effects.ts";
export { type EvaluateOptions, evaluateTarget } from "./run/evaluate/evaluate.ts";
export type { SubjectEvaluation } from "./run/evaluate/evaluation.ts";
export { type Override, openConfig } from "./run/open-config.ts";
export { type Plan, type PlanOptions, plan } from "./run/plan.ts";
export { type ReportFiles, type ReportOptions, reportRun } from "./run/report.ts";
export type { RunSummary } from "./run/results/summary.ts";
export { type RunOptions, runJob } from "./run/run.ts";
export { setupEngine } from "./run/setup.ts";
export { type ValidateOptions, type ValidateResult, validate } from "./run/validate.ts";
export type { MeanEstimate } from "./stats/bootstrap.ts";
export type { Clock, Log, Obtained, Order, Reading, Row, Triple } from "./types.ts";
