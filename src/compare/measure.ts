import type { ClassMatrix } from "../class-matrix.ts";
import { asWritten } from "../dataset/submission/clip-and-round.ts";
import { studySwap } from "../evaluate/raw-scores.ts";
import { recordAt } from "../job/records.ts";
import { type LabelMass, labelMass } from "../metrics/label-mass.ts";
import type { SwapStudy } from "../metrics/swap.ts";
import { mean } from "../numbers/sums.ts";
import { columnsOf, type RunRows } from "../runfolder/rows-file.ts";
import type { BootstrapOptions } from "../stats/bootstrap.ts";
import { type Changed, countChanged } from "./noise.ts";
import type { VariantRun } from "./variant-run.ts";

/** All measurements of one variant that need no labels, on the rows that all variants have answered. */
export interface Measured {
  readonly name: string;
  readonly columns: RunRows;
  /**
   * The probabilities as submitted: with the calibration of the variant's config if it has one, clipped and rounded.
   */
  readonly written: ClassMatrix;
  readonly mass: LabelMass | null;
  readonly swap: SwapStudy | null;
  /** Number of rows with a text that was shortened to fit. */
  readonly shortened: number;
  readonly tokensPerRow: number;
  readonly secondsPerRow: number;
  /** Longest start of the variant's engine, s; null when the engine was never started. */
  readonly startUpSeconds: number | null;
  /** Verdicts that changed when rows were scored again; null when no row was scored twice. */
  readonly changed: Changed | null;
}

/** The rows that all variants have answered, by their index in the file, and what belongs to each row of the file. */
export interface MeasuredRows {
  readonly rows: Uint32Array;
  readonly file: { readonly ids: readonly string[]; readonly groups: Uint32Array };
}

/** Measures a variant on some rows of the file. */
export function measure(
  run: VariantRun,
  { rows, file }: MeasuredRows,
  { msPerRow, bootstrap }: { readonly msPerRow: number; readonly bootstrap: BootstrapOptions },
): Measured {
  const { name, config, folder, publisher } = run;
  const recorded = { ids: file.ids, state: folder.state, second: null, chosen: null };
  const records = Array.from(rows, (row) => recordAt(recorded, row, publisher.outcome(row)));
  const columns = columnsOf(records, config.classes);
  return {
    name,
    columns,
    written: asWritten(columns.probabilities, config.clip),
    mass: labelMass(columns.mass),
    swap: studySwap({ rows: columns }, groupsOf({ rows, file }), bootstrap),
    shortened: columns.cutTokens.filter((tokens) => tokens > 0).length,
    tokensPerRow: mean(columns.tokens),
    secondsPerRow: msPerRow / 1000,
    startUpSeconds: folder.state.longestStartUpSeconds,
    changed: countChanged(run, file.groups),
  };
}

/** Returns the group number of each of the rows. */
export function groupsOf({ rows, file }: MeasuredRows): Uint32Array {
  return rows.map((row) => file.groups[row] as number);
}
