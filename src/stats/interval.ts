/** A closed interval; both ends in the unit of what it is about. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}
