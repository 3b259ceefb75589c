/**
 * Waits until all promises have ended, then gives their values, or throws the first error in the order of the list. Promise.all throws
 * while the others still run: a job that failed would go on reading and writing after its end, and which error it names would depend on
 * the speed of the disk.
 */
export async function allEnded<T>(promises: Iterable<PromiseLike<T>>): Promise<T[]> {
  const ended = await Promise.allSettled(promises);
  return ended.map((each) => {
    if (each.status === "rejected") throw each.reason;
    return each.value;
  });
}
