import { plural } from "../../format.ts";
import type { JournalEvent } from "./events.ts";

/** Longest description (characters); a plan holds much more. */
const LONGEST = 400;

/** Describes an event in one line for a person who looks for a reason (-v); null for events that are too many to show. */
export function describeEvent(event: JournalEvent): string | null {
  switch (event.event) {
    case "row":
    case "checkpoint":
      return null;
    case "failed": {
      const which = event.request === null ? "no request" : `request ${event.request}`;
      return `${which} for ${plural(event.rows.length, "row")} failed (${event.reason}): ${event.message}`;
    }
    default: {
      const { event: name, at: _at, ...fields } = event;
      const text = `${name} ${JSON.stringify(fields)}`;
      return text.length > LONGEST ? `${text.slice(0, LONGEST)}...` : text;
    }
  }
}
