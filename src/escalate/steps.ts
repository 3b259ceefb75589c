import type { RowReadings } from "../calibrate/readings.ts";
import type { Order } from "../types.ts";

/** A judge of an escalation: 0 is the small one, 1 the large one. */
export type JudgeIndex = 0 | 1;

/** One answer of one judge in one order. */
export interface EscalationStep {
  readonly judge: JudgeIndex;
  readonly order: Order;
}

/** The answers of a row: the readings of the small judge and those of the large one; null for an order without an answer. */
export type JudgeAnswers = readonly [small: RowReadings, large: RowReadings];

/** Number of orders that a judge has answered. */
export type OrderCount = 0 | 1 | 2;

/** What a row has: the number of orders that the small judge has answered, and that of the large one. */
export type AnswerCounts = readonly [small: OrderCount, large: OrderCount];

/** Counts the orders that each judge has answered. */
export function countsOf([small, large]: JudgeAnswers): AnswerCounts {
  return [ordersAnswered(small), ordersAnswered(large)];
}

/** Counts the orders in which one judge has answered. */
export function ordersAnswered({ ab, ba }: RowReadings): OrderCount {
  if (ab === null) return ba === null ? 0 : 1;
  return ba === null ? 1 : 2;
}
