import type { Config } from "../config/config.ts";
import type { Step } from "../deadline/ladder.ts";
import { usualSteps } from "../deadline/steps.ts";

/**
 * Gives the steps that a run may take, best first: the config's ladder, or the usual one. Without a deadline `orders: auto`
 * means one order. A step that shortens to no less than what the model takes is left out.
 */
export function ladderOf(config: Pick<Config, "orders" | "time">, budget: number): readonly Step[] {
  const { deadline, ladder, shortContext } = config.time;
  const orders = config.orders === "auto" && deadline === null ? "one" : config.orders;
  const steps =
    ladder?.map(({ name, kind, context }): Step => ({ name, kind, tokenBudget: context })) ??
    usualSteps(orders, [{ name: "one-order-short", tokenBudget: shortContext }]);
  const wanted = steps.filter(({ kind }) => kind !== "both-orders" || orders !== "one");
  const taken = wanted.filter(
    ({ kind, tokenBudget }, index) => index === 0 || kind !== "one-order-short" || (tokenBudget ?? 0) < budget,
  );
  const shortest = taken.findLast(({ kind }) => kind !== "prior")?.tokenBudget ?? null;
  return taken.map((step) => (step.kind === "prior" ? { ...step, tokenBudget: shortest } : step));
}
