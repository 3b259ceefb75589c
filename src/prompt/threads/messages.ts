import type { ErrorCode } from "../../errors.ts";
import type { Order, Row } from "../../types.ts";
import type { Prepared } from "../preparer.ts";
import type { LabelTexts } from "../template/variables.ts";
import type { SharedModel } from "../tokenizer/shared-model.ts";
import type { ChatSettings } from "../tokenizer/tokenizer.ts";

/** Everything from which a thread makes the same preparer as the main thread. */
export interface Recipe {
  readonly template: {
    readonly path: string;
    /** SHA-256 of the file that the main thread read. */
    readonly sha256: string;
    readonly labels: LabelTexts;
  };
  /** The folder of the tokenizer, and what its chat template gets. */
  readonly tokenizer: { readonly folder: string; readonly settings: ChatSettings; readonly shared: SharedModel | null };
  readonly budget: number;
  readonly cut: "fair" | "right";
}

/** What the main thread asks for: a preparer to be made ready, or rows to be prepared with it. */
export type ToThread =
  | { readonly kind: "load"; readonly key: string; readonly recipe: Recipe }
  | { readonly kind: "prepare"; readonly batch: number; readonly key: string; readonly rows: readonly RowInOrder[] };

export interface RowInOrder {
  readonly row: Row;
  readonly order: Order;
}

/** What a thread answers. */
export type FromThread =
  /** `ready` is false when the thread cannot make the preparer, for example because the template has changed. */
  | { readonly kind: "loaded"; readonly key: string; readonly ready: boolean }
  /** The outcomes are in the order of the rows. `ids` holds the ids of all prompts one after another. */
  | {
      readonly kind: "prepared";
      readonly batch: number;
      readonly outcomes: readonly PromptOutcome[];
      readonly ids: Int32Array<ArrayBuffer>;
    };

/** A prompt without its ids, of which it has `tokens`; or the error that the preparer threw. */
export type PromptOutcome =
  | ({ readonly ok: true; readonly tokens: number } & Omit<Prepared, "ids">)
  | {
      readonly ok: false;
      readonly code: ErrorCode | null;
      readonly message: string;
      readonly details: readonly string[];
    };
