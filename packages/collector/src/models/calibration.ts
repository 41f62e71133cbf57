import type { Field } from "./field.ts";
import { MAX_CATEGORIES } from "./limits.ts";
import { links } from "./link.ts";

type Curve = (input: number) => number;

/** Platt's calibration: the logistic function of a line. */
const sigmoidOf = (field: Field): Curve => {
  field.only("kind", "of", "slope", "intercept");
  const [slope, intercept] = [field.at("slope").number(), field.at("intercept").number()];
  return (input) => links.logistic(slope * input + intercept);
};

/** Isotonic calibration: lines between points, and the first and the last value outside of them. */
const isotonicOf = (field: Field): Curve => {
  field.only("kind", "of", "x", "y");
  const x = field.at("x").numbers(MAX_CATEGORIES);
  const y = field.at("y").numbers(MAX_CATEGORIES, x.length);
  if (x.length === 0 || x.some((each, index) => index > 0 && each <= (x[index - 1] as number)))
    field.at("x").refuse("ascending numbers");
  return (input) => {
    const next = x.findIndex((each) => each >= input);
    if (next < 0) return y[y.length - 1] as number;
    if (next === 0) return y[0] as number;
    const [low, high] = [x[next - 1] as number, x[next] as number];
    const [from, to] = [y[next - 1] as number, y[next] as number];
    return from + ((to - from) * (input - low)) / (high - low);
  };
};

const KINDS = { sigmoid: sigmoidOf, isotonic: isotonicOf };

/** Reads the function that turns a sum into the prediction: the link, then the calibration, if there is one. */
export const calibrated = (link: Curve, field: Field | undefined): Curve => {
  if (!field) return link;
  const curve = KINDS[field.at("kind").oneOf(["sigmoid", "isotonic"])](field);
  if (field.at("of").oneOf(["score", "prediction"]) === "score") return curve;
  return (sum) => curve(link(sum));
};
