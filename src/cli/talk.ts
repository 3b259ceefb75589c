/** Characters that may wait for a reader of stderr that takes nothing; what comes after them is dropped. */
const MOST_WAITING = 1 << 20;
/** How long (ms) the end of the process waits for that reader. */
const FLUSH_MS = 2_000;

/**
 * Keeps a terminal that takes nothing (Ctrl-S, an ssh connection that hangs) from holding the process: Node waits inside
 * each write to a terminal, and the guard would wait with it.
 */
export function unblock(stream: NodeJS.WriteStream): void {
  const { _handle: handle } = stream as { readonly _handle?: { readonly setBlocking?: (blocking: boolean) => void } };
  handle?.setBlocking?.(false);
}

/** Writes talk, or drops it when nobody has taken any for long. */
export function talk(stream: NodeJS.WriteStream, text: string): void {
  if (stream.writableLength < MOST_WAITING) stream.write(text);
}

/** Calls `done` when the data has been taken, however long that takes, and the talk, unless its reader takes too long. */
export function whenTaken(data: NodeJS.WriteStream, talked: NodeJS.WriteStream, done: () => void): void {
  data.write("", () => {
    talked.write("", done);
    setTimeout(done, FLUSH_MS);
  });
}
