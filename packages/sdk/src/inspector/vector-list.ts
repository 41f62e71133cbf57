import type { FeatureValue } from "@tidemark/schema";
import { toJson } from "../json.ts";
import { Math, Object } from "../platform.ts";
import type { CreateElement } from "./element.ts";
import type { VectorReading } from "./vector.ts";

/** The list of features by name, with the latest changes marked. */
export interface VectorList {
  element: HTMLElement;
  show(reading: VectorReading): void;
}

const format = (value: FeatureValue): string => {
  if (typeof value === "number") return `${Math.round(value * 1000) / 1000}`;
  return typeof value === "string" ? value : toJson(value);
};

/** Creates an empty list of features. */
export const createVectorList = (createElement: CreateElement): VectorList => {
  const list = createElement("dl");
  const problem = createElement("p", { class: "reason", role: "status" });
  return {
    element: createElement("div", {}, problem, list),
    show({ vector, changed, error }) {
      problem.textContent = error;
      problem.hidden = !error;
      list.replaceChildren(
        ...Object.entries(vector).map(([name, value]) =>
          createElement(
            "div",
            { class: changed.has(name) ? "changed" : value === null ? "undefined" : "" },
            createElement("dt", {}, name),
            createElement("dd", {}, changed.has(name) ? createElement("mark", {}, format(value)) : format(value)),
          ),
        ),
      );
    },
  };
};
