import { line } from "d3-shape";
import { type Html, html } from "../markup/html.ts";
import { axes, FRAME, type Frame, picture, px } from "./frame.ts";
import { linear, numberTicks } from "./ticks.ts";

/** A value of a training after some steps. */
export interface CurvePoint {
  readonly step: number;
  readonly value: number;
}

/** The curves of one training; losses in nats. */
export interface TrainingCurve {
  /** Mean loss of the batches. */
  readonly loss: readonly CurvePoint[];
  /** Log loss of the held-out rows. */
  readonly heldOut: readonly CurvePoint[];
  /** Log loss of always giving the class shares; null when it is not known. */
  readonly prior: number | null;
}

/** Points of the loss that are drawn: more lie on each other. */
const POINTS = 300;

/** Draws the loss of the batches, and the held-out log loss with that of the class shares beside it, against the steps. */
export function trainingCurve(curve: TrainingCurve): Html {
  const { desc, body } = drawTraining(curve, FRAME);
  return picture({ id: "training", title: "Loss against steps", desc }, FRAME, body);
}

/** Draws the same curves into a frame of any size; `desc` says in words what they show. */
export function drawTraining(
  { loss, heldOut, prior }: TrainingCurve,
  frame: Frame,
): { readonly desc: string; readonly body: readonly Html[] } {
  const shown = thinned(loss);
  const all = [...shown, ...heldOut].map(({ value }) => value).filter(Number.isFinite);
  const top = Math.max(...all, prior ?? 0, 0.1);
  const last = Math.max(1, ...[...loss, ...heldOut].map(({ step }) => step));
  const x = linear([0, last], [frame.left, frame.right]);
  const y = linear([0, top * 1.05], [frame.bottom, frame.top]);
  const path = (points: readonly CurvePoint[]): string =>
    line<CurvePoint>(
      ({ step }) => px(x(step)),
      ({ value }) => px(y(value)),
    )(points.filter(({ value }) => Number.isFinite(value))) ?? "";
  const end = heldOut.at(-1);
  const desc =
    end === undefined
      ? `Loss of the batches over ${last} steps.`
      : `Over ${last} steps the log loss of the held-out rows is ${end.value.toFixed(3)} at the end${prior === null ? "" : `, that of the class shares ${prior.toFixed(3)}`}.`;
  const body = [
    axes(frame, { label: "step", ticks: numberTicks(x, 5) }, { label: "loss, nats", ticks: numberTicks(y, 6) }),
    html`<path class="line" d="${path(shown)}"/>`,
    ...(prior === null
      ? []
      : [
          html`<path class="rule" d="${path([
            { step: 0, value: prior },
            { step: last, value: prior },
          ])}"/>`,
        ]),
    html`<path class="line strong" d="${path(heldOut)}"/>`,
    ...heldOut.map(
      ({ step, value }) =>
        html`<circle class="mark" cx="${px(x(step))}" cy="${px(y(value))}" r="3.2"><title>step ${step}: ${value.toFixed(4)}</title></circle>`,
    ),
  ];
  return { desc, body };
}

/** Takes the mean of neighbours, so that at most POINTS remain. */
function thinned(points: readonly CurvePoint[]): readonly CurvePoint[] {
  const size = Math.ceil(points.length / POINTS);
  if (size <= 1) return points;
  return Array.from({ length: Math.ceil(points.length / size) }, (_, at) => {
    const part = points.slice(at * size, (at + 1) * size);
    const value = part.reduce((sum, point) => sum + point.value, 0) / part.length;
    return { step: part.at(-1)?.step ?? 0, value };
  });
}
