/** When the files were last written, and what has come since. */
export interface PublishState {
  readonly rowsSince: number;
  readonly msSince: number;
  /** How long the last writing took, ms. */
  readonly lastCostMs: number;
}

const ROWS = 500;
const MS = 30_000;
/** Writing may take at most this share of the time. */
const COST_SHARE = 0.05;

/** Decides whether the submission is due to be replaced: after 500 rows or 30 s, but never so often that writing costs more than 5 % of the time. */
export function publishDue({ rowsSince, msSince, lastCostMs }: PublishState): boolean {
  if (rowsSince === 0 || msSince < lastCostMs / COST_SHARE) return false;
  return rowsSince >= ROWS || msSince >= MS;
}
