import type { FeatureValue } from "@tidemark/schema";
import { type Category, type Column, codeIn, numberOf } from "./columns.ts";
import type { ModelSet } from "./embedded-model.ts";
import { checkIsNumber, checkIsSingle } from "./feature-names.ts";
import type { Field } from "./field.ts";
import { MAX_CATEGORIES, MAX_COLUMNS } from "./limits.ts";

/** A column of a model, and whether it may be missing. */
export interface Input extends Column {
  canBeMissing: boolean;
}

type Step = (number: number) => number;

/** The largest number of steps of one input. */
const MAX_STEPS = 20;

/** The largest accepted index of an entry of a list. */
const MAX_ENTRY = 1_000;

/** The steps by name. Each is one operation on 64 bits, so that it rounds as numpy does. */
const STEPS: Readonly<Record<string, (by: Field) => Step>> = {
  fill: (by) => {
    const number = by.number();
    return (value) => (Number.isNaN(value) ? number : value);
  },
  add: (by) => {
    const number = by.number();
    return (value) => value + number;
  },
  subtract: (by) => {
    const number = by.number();
    return (value) => value - number;
  },
  multiply: (by) => {
    const number = by.number();
    return (value) => value * number;
  },
  divide: (by) => {
    const number = by.number();
    if (number === 0) by.refuse("a number that is not 0");
    return (value) => value / number;
  },
  clip: (by) => {
    const [low = 0, high = 0] = by.numbers(2, 2);
    if (low > high) by.refuse("a lower and a higher bound");
    return (value) => Math.min(Math.max(value, low), high);
  },
};

/** The steps of an input, such as `[{ "fill": 0 }, { "subtract": 3.5 }, { "divide": 2 }]`, and whether one fills. */
const stepsOf = (list: Field | undefined): { steps: Step[]; fills: boolean } => {
  const names: string[] = [];
  const steps = (list?.items(MAX_STEPS) ?? []).map((each) => {
    const keys = Object.keys(each.object());
    const [name = "", ...others] = keys;
    const create = Object.hasOwn(STEPS, name) && others.length === 0 ? STEPS[name] : undefined;
    if (!create) return each.refuse(`an object with one of ${Object.keys(STEPS).join(", ")}`);
    names.push(name);
    return create(each.at(name));
  });
  return { steps, fills: names.includes("fill") };
};

const categoriesIn = (list: Field): Category[] => {
  const categories = list.items(MAX_CATEGORIES, 1).map((each): Category => {
    const { value } = each;
    return value === null || typeof value === "string" || typeof value === "boolean" ? value : each.number();
  });
  const seen = new Set<Category>();
  const twice = categories.findIndex((category) => seen.size === seen.add(category).size);
  if (twice >= 0) list.item(categories[twice], twice).refuse("each category once");
  return categories;
};

type Encoding = Pick<Input, "canBeMissing"> & { encode(value: FeatureValue): number };

/** A number of the feature, or a boolean as 1 or 0. */
const numberInput = (input: Field, set: ModelSet): Encoding => {
  input.only("feature", "kind", "entry", "steps");
  const name = input.at("feature").text();
  if (!input.has("entry")) checkIsNumber(input.at("feature"), name, set);
  return { encode: numberOf, canBeMissing: true };
};

/** The position of the value in a list of categories. */
const categoryInput = (input: Field, set: ModelSet): Encoding => {
  input.only("feature", "kind", "entry", "steps", "categories", "unknown");
  if (!input.has("entry")) checkIsSingle(input.at("feature"), input.at("feature").text(), set);
  const categories = categoriesIn(input.at("categories"));
  const unknown = input.optional("unknown")?.number() ?? Number.NaN;
  return { encode: codeIn(categories, unknown), canBeMissing: !(categories.includes(null) && !Number.isNaN(unknown)) };
};

/** 1 for a value in a list of categories, else 0; for a list, 1 if one of its entries is in it. */
const indicatorInput = (input: Field): Encoding => {
  input.only("feature", "kind", "entry", "steps", "categories");
  const categories = new Set<unknown>(categoriesIn(input.at("categories")));
  return {
    encode: (value) => {
      const isIn = Array.isArray(value) ? value.some((entry) => categories.has(entry)) : categories.has(value);
      return isIn ? 1 : 0;
    },
    canBeMissing: false,
  };
};

const KINDS = { number: numberInput, category: categoryInput, indicator: indicatorInput };

/** Reads the entry of a list; missing beyond its end, and of a value that is not a list. */
const entryOf =
  (index: number) =>
  (value: FeatureValue): FeatureValue =>
    Array.isArray(value) ? (value[index] ?? null) : null;

const inputOf = (input: Field, set: ModelSet): Input => {
  const name = input.at("feature").text();
  const feature = set.features.indexOf(name);
  if (feature < 0)
    input
      .at("feature")
      .refuse(`a feature of the set ${set.name}`, "Train on the features of the set, and export again.");
  const kind = input.at("kind").oneOf(["number", "category", "indicator"]);
  const { encode, canBeMissing } = KINDS[kind](input, set);
  const entry = input.optional("entry")?.integer(0, MAX_ENTRY);
  const pick = entry === undefined ? (value: FeatureValue) => value : entryOf(entry);
  const { steps, fills } = stepsOf(input.optional("steps"));
  return {
    feature,
    encode: (value) => steps.reduce((number, step) => step(number), encode(pick(value))),
    canBeMissing: canBeMissing && !fills,
  };
};

/** Reads the inputs of a model: its columns in order, each with the feature and its encoding. */
export const inputsOf = (list: Field, set: ModelSet): Input[] =>
  list.items(MAX_COLUMNS, 1).map((input) => inputOf(input, set));
