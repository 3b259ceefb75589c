/** A closed interval; both ends have the unit of the estimate. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}
