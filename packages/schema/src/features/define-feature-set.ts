/**
 * A named, versioned list of features of one entity: the input of a model or of an application. A changed list is a new
 * version, and a configuration may have several versions of a name while one replaces the other.
 */
export interface FeatureSet {
  /** In snake_case, at most 64 characters. */
  name: string;
  /** From 1 on. */
  version: number;
  /** Name of the entity: `session`, `user`, `page`, or that of a custom one. */
  entity: string;
  /**
   * Names of the features, each once, in the order of the set's vectors. `prediction.<model>` is the latest prediction of a
   * model that runs on change.
   */
  features: readonly string[];
  /** Whether the log records each vector that is served of the set, or the share of them to record, up to 1. Default: false. */
  log?: boolean | number;
}

/**
 * Checks a feature set and returns it unchanged.
 *
 *     const purchaseIntent = defineFeatureSet({
 *       name: "purchase_intent",
 *       version: 1,
 *       entity: "session",
 *       features: ["dwell_ms", "click_count", "scroll_depth_max"],
 *     });
 *
 * @throws Error that names the set, the field, the given value and the expected value.
 */
export const defineFeatureSet = <const S extends FeatureSet>(set: S): S => {
  const { name, version, entity, features, log = false } = set;
  const expect = (condition: boolean, field: string, expected: string, given: unknown): void => {
    if (!condition)
      throw new Error(
        `feature set ${name}: ${field}: expected ${expected}; given ${JSON.stringify(given) ?? "nothing"}`,
      );
  };
  expect(typeof name === "string" && NAME.test(name), "name", "a name in snake_case of at most 64 characters", name);
  expect(Number.isSafeInteger(version) && version >= 1, "version", "a whole number from 1 on", version);
  expect(typeof entity === "string" && entity !== "", "entity", "the name of an entity", entity);
  expect(Array.isArray(features) && features.length > 0, "features", "at least one name, in an array", features);
  const twice = features.find((feature, index) => features.indexOf(feature) < index);
  expect(twice === undefined, "features", "each name once", twice);
  const isShare = typeof log === "boolean" || (typeof log === "number" && log > 0 && log <= 1);
  expect(isShare, "log", "true, false, or a share above 0 and up to 1", log);
  const unknown = Object.keys(set).find((key) => !Object.hasOwn(KEYS, key));
  expect(unknown === undefined, "unknown key", `one of ${Object.keys(KEYS).join(", ")}`, unknown);
  return set;
};

const NAME = /^[a-z][a-z0-9_]{0,63}$/;

const KEYS: Record<keyof FeatureSet, true> = { name: true, version: true, entity: true, features: true, log: true };
