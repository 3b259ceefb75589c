import type { Start } from "./ends.ts";
import type { World } from "./world.ts";

/** Sets the watchdog of a process to a time of the wall clock; the rule is that of src/cli/watchdog.ts. */
export function armWatchdog(
  start: Start,
  at: number,
  { world, onFire }: { readonly world: World; readonly onFire: (start: Start) => void },
): void {
  start.cancelWatchdog();
  const monotonicAt = world.now() + (at - world.wall());
  const check = (): void => {
    const left = Math.min(at - world.wall(), monotonicAt - world.now());
    if (left > 0) start.cancelWatchdog = world.at(world.now() + Math.min(left, 1_000), start, check);
    else if (monotonicAt <= world.now() || world.wall() - at < 3_000) fire();
    else start.cancelWatchdog = world.at(world.now() + Math.min(5_000, monotonicAt - world.now()), start, fire);
  };
  const fire = (): void => {
    world.trace(`${start.name}: the watchdog ends it`);
    onFire(start);
  };
  // The watchdog is another thread.
  start.cancelWatchdog = world.at(world.now(), start, check);
}
