import type { EventType } from "../events/index.ts";
import type { FeatureValue } from "../responses.ts";
import type { eventSignals } from "./event-signals.ts";
import type { AnyEvent, Arithmetic, Comparison, Feature, FeatureEvent } from "./feature.ts";
import type { FieldPath } from "./field-path.ts";

/** Type of the vector of a list of definitions: a value for each name, of the type of its aggregate or expression. */
export type VectorOf<Features extends readonly Feature[]> = {
  [F in Features[number] as F["name"]]: ValueOf<F>;
};

type ValueOf<F> = F extends { derive: infer X }
  ? ExpressionValue<X>
  : F extends { aggregate: infer A; source: infer Source }
    ? AggregateValue<A, Source> | (true extends NeedsSignal<Source, FieldsRead<F>> ? null : never)
    : FeatureValue;

type AggregateValue<A, Source> = A extends { type: "count" | "sum" | "distinct" | "rate" | "decayed_count" | "credit" }
  ? number
  : A extends { type: "latest_per_view"; combine: infer C }
    ? C extends "sum"
      ? number
      : number | null
    : A extends { type: "first" | "last"; field: infer Path }
      ? FieldValue<Source, Path> | null
      : A extends { type: "top_k" | "last_n"; field: infer Path }
        ? readonly FieldValue<Source, Path>[]
        : number | null;

type Signals = typeof eventSignals;

/** Whether the value may be `null` because a signal was not on. */
type NeedsSignal<Source, Fields> = Source extends keyof Signals
  ? Signals[Source] extends { signal: string }
    ? true
    : Fields extends keyof Signals["any"]["fields"]
      ? true
      : false
  : true;

/** The fields that a feature reads. */
type FieldsRead<F> =
  | (F extends { aggregate: { field: infer Path } } ? Path : "")
  | (F extends { where: readonly { field: infer Path }[] } ? Path : "");

type SourceEvent<Source> = Source extends EventType ? FeatureEvent<Source> : AnyEvent;

type FieldValue<Source, Path> =
  | (Path extends FieldPath<SourceEvent<Source>, number> ? number : never)
  | (Path extends FieldPath<SourceEvent<Source>, string> ? string : never);

type ExpressionValue<X> = X extends number
  ? number
  : X extends { if: unknown; then: infer Then; else: infer Else }
    ? ExpressionValue<Then> | ExpressionValue<Else> | null
    : X extends { op: Arithmetic }
      ? number | null
      : X extends { op: Comparison | "and" | "or" | "not" }
        ? boolean | null
        : FeatureValue;
