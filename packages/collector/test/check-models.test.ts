import { defaultFeatures, type FeatureSet } from "@tidemark/schema";
import { describe, expect, it } from "vitest";
import { defineConfig } from "../src/config.ts";
import { embedded, kserveV1, kserveV2, type Model } from "../src/define-model.ts";

const runs = embedded({ format: "tidemark-model" });
const remote = kserveV1({ url: "http://models.example", model: "m" });
const model = (more: object = {}): Model => ({ name: "purchase", version: 1, set: "intent:1", runs, ...more }) as Model;
const onChange = (name: string, set: string, more: object = {}) => model({ name, set, when: "on_change", ...more });

const set = (name: string, features: string[], entity = "session"): FeatureSet => ({
  name,
  version: 1,
  entity,
  features,
});
const featureSets = [
  set("intent", ["event_count", "dwell_ms"]),
  set("other", ["click_count"]),
  set("pages", ["page_views"], "page"),
  set("texts", ["event_count", "entry_path"]),
  set("lists", ["event_count", "recent_paths"]),
];

const site = { id: "shop", key: "tm_shop_aaaaaaaa", origins: ["https://shop.example"], readKeySecret: "READ_KEY" };
const configured = (models: Model[], more: FeatureSet[] = [], ofSite = {}) =>
  defineConfig({
    sites: [{ ...site, ...ofSite }],
    adminKeySecret: "ADMIN_KEY",
    features: defaultFeatures,
    featureSets: [...featureSets, ...more],
    models,
  });

describe("the models of a configuration", () => {
  it("may have versions with canaries and shadows, fallbacks, and predictions of other models as features", () => {
    const models = [
      model({ runs: remote, fallback: "simple" }),
      model({ version: 2, canary: 0.5 }),
      model({ version: 3, canary: 0.4 }),
      model({ version: 4, shadow: true }),
      onChange("simple", "other:1"),
      onChange("next", "chain:1"),
    ];
    const { models: given } = configured(models, [set("chain", ["dwell_ms", "prediction.simple"])]);
    expect(given).toBe(models);
  });

  it.each<[string, Model[], FeatureSet[], string]>([
    [
      "a set that is not defined",
      [model({ set: "intent:2" })],
      [],
      'set: expected intent:1, other:1, pages:1, texts:1, lists:1; given "intent:2"',
    ],
    [
      "on_change for a set of pages",
      [onChange("purchase", "pages:1")],
      [],
      "when: expected on_demand, because pages:1 is a set of page",
    ],
    [
      "a version twice",
      [model(), model({ shadow: true })],
      [],
      "version: expected each version of a name once; given 1",
    ],
    [
      "two primaries",
      [model(), model({ version: 2 })],
      [],
      'versions: expected exactly one that is neither shadow nor canary; given ["purchase version 1","purchase version 2"]',
    ],
    [
      "no primary",
      [model({ canary: 0.5 })],
      [],
      "versions: expected exactly one that is neither shadow nor canary; given []",
    ],
    [
      "canaries for all",
      [model(), model({ version: 2, canary: 0.5 }), model({ version: 3, canary: 0.5 })],
      [],
      "canary: expected shares with a sum below 1 in all versions of a name; given 1",
    ],
    [
      "versions for two entities",
      [model(), model({ version: 2, shadow: true, set: "pages:1" })],
      [],
      "set: expected a set of session, as the other versions have",
    ],
    [
      "versions that run at two times",
      [model(), model({ version: 2, shadow: true, when: "on_change" })],
      [],
      'when: expected on_demand, as the other versions have; given "on_change"',
    ],
    [
      "an unknown fallback",
      [model({ fallback: "simple" })],
      [],
      'fallback: expected the name of an embedded model; given "simple"',
    ],
    [
      "a fallback on a server",
      [model({ fallback: "simple" }), model({ name: "simple", runs: remote })],
      [],
      "fallback: expected the name of an embedded model",
    ],
    [
      "a fallback for another entity",
      [model({ fallback: "simple" }), model({ name: "simple", set: "pages:1" })],
      [],
      "fallback: expected a model of session",
    ],
    [
      "its own prediction",
      [onChange("a", "loop:1")],
      [set("loop", ["prediction.a"])],
      "model a: set: expected no prediction of the model itself; given a reads a",
    ],
    [
      "its own prediction by way of another model",
      [onChange("a", "of_b:1"), onChange("b", "of_a:1")],
      [set("of_a", ["prediction.a"]), set("of_b", ["event_count", "prediction.b"])],
      "model a: set: expected no prediction of the model itself; given a reads b reads a",
    ],
    [
      "its own prediction by way of a fallback",
      [onChange("a", "intent:1", { runs: remote, fallback: "b" }), onChange("b", "of_a:1")],
      [set("of_a", ["prediction.a"])],
      "given a reads b reads a",
    ],
    [
      "its own prediction by way of another version",
      [onChange("a", "intent:1"), onChange("a", "loop:1", { version: 2, shadow: true })],
      [set("loop", ["prediction.a"])],
      "given a reads a",
    ],
    [
      "the prediction of an unknown model",
      [model()],
      [set("chain", ["prediction.other"])],
      'feature set chain: features: expected predictions of models with when: "on_change"; given prediction.other',
    ],
    [
      "the prediction of a model on demand",
      [model()],
      [set("chain", ["prediction.purchase"])],
      'expected predictions of models with when: "on_change"',
    ],
    [
      "a prediction in a set of pages",
      [onChange("a", "intent:1")],
      [set("chain", ["prediction.a"], "page")],
      "feature set chain: features: expected no predictions, which sessions have",
    ],
    [
      "a list for a tensor",
      [model({ set: "lists:1", runs: remote })],
      [],
      'set: expected features with one value each, as tensors have; given "recent_paths"',
    ],
    [
      "a text in a tensor of numbers",
      [model({ set: "texts:1", runs: kserveV2({ url: "http://x", model: "m", input: "x" }) })],
      [],
      'runs.input: expected none, because a tensor of numbers holds no text; given "entry_path"',
    ],
  ])("may not have %s", (_, models, sets, message) => {
    expect(() => configured(models, sets)).toThrow(message);
  });

  it("may not send the secret of another use to a server", () => {
    const runs = { ...remote, tokenSecret: "READ_KEY" };
    expect(() => configured([model({ runs })])).toThrow(
      'model purchase: runs.tokenSecret: expected the name of a secret that has no other use; given "READ_KEY"',
    );
  });

  it("are checked for a site with its own sets, and named", () => {
    expect(() => configured([model()], [], { models: [model({ set: "gone:1" })] })).toThrow(
      'tidemark.config.ts: site "shop": model purchase version 1: set: expected',
    );
    expect(() => configured([model()], [], { featureSets: [] })).not.toThrow();
  });
});
