import type { FeatureValue } from "@tidemark/schema";
import type { CreateElement } from "./element.ts";
import type { VectorReading } from "./vector.ts";

/** The features by name, those that the last reading changed marked. */
export interface VectorList {
  element: HTMLElement;
  show(reading: VectorReading): void;
}

const written = (value: FeatureValue): string => {
  if (typeof value === "number") return `${Math.round(value * 1000) / 1000}`;
  return typeof value === "string" ? value : JSON.stringify(value);
};

/** An empty list of features. */
export const createVectorList = (make: CreateElement): VectorList => {
  const list = make("dl");
  const problem = make("p", { class: "reason", role: "status" });
  return {
    element: make("div", {}, problem, list),
    show({ vector, changed, error }) {
      problem.textContent = error;
      problem.hidden = !error;
      list.replaceChildren(
        ...Object.entries(vector).map(([name, value]) =>
          make(
            "div",
            { class: changed.has(name) ? "changed" : value === null ? "undefined" : "" },
            make("dt", {}, name),
            make("dd", {}, changed.has(name) ? make("mark", {}, written(value)) : written(value)),
          ),
        ),
      );
    },
  };
};
