import { defaultFeatures } from "@tidemark/schema";
import { describe, expect, it } from "vitest";
import { defineConfig, reactionsOf, type Site } from "../src/config.ts";
import { embedded, type Model } from "../src/define-model.ts";
import type { Reaction } from "../src/define-reaction.ts";

const runs = embedded({ format: "tidemark-model" });
const models: Model[] = [
  { name: "purchase", version: 1, set: "intent:1", runs, when: "on_change" },
  { name: "asked", version: 1, set: "intent:1", runs },
];
const featureSets = [{ name: "intent", version: 1, entity: "session", features: ["click_count"] }];

const atLeast = (feature: string) => ({ op: "gte", left: { feature }, right: 3 }) as const;
const reaction = (more: object = {}): Reaction =>
  ({
    ...{ name: "hesitation", entity: "session", when: atLeast("click_count"), once: true },
    ...{ expiresMs: 60_000, to: ["page"], holdout: 0, ...more },
  }) as Reaction;

const site = { id: "shop", key: "tm_shop_aaaaaaaa", origins: ["https://shop.example"], readKeySecret: "READ_KEY" };
const webhook = { url: "https://shop.example/hook", secrets: ["WEBHOOK_SECRET"] };
const configured = (reactions: Reaction[], ofSite: Partial<Site> = {}, more = {}) =>
  defineConfig({
    sites: [{ ...site, ...ofSite }],
    adminKeySecret: "ADMIN_KEY",
    ...{ features: defaultFeatures, featureSets, models, reactions, ...more },
  });

describe("the reactions of a configuration", () => {
  it("read features of the session, and predictions of models that run on change", () => {
    const reactions = [
      reaction(),
      reaction({ name: "sure", when: atLeast("prediction.purchase"), to: ["page", "webhook"] }),
      reaction({ name: "bounced", when: { feature: "is_bounce" } }),
    ];
    expect(configured(reactions, { webhook }).reactions).toBe(reactions);
  });

  it("are those of a site, or else the deployment's, unless the site has features, sets or models of its own", () => {
    const [common, own] = [[reaction()], [reaction({ name: "own" })]];
    const of = (ofSite: Partial<Site>) => {
      const config = configured(common, ofSite);
      return reactionsOf(config, config.sites[0] as Site);
    };
    expect(of({})).toBe(common);
    expect(of({ reactions: own })).toBe(own);
    expect(of({ reactions: [] })).toEqual([]);
    for (const inputs of [{ features: defaultFeatures }, { featureSets }, { models: [] }])
      expect(of(inputs)).toEqual([]);
    expect(of({ features: defaultFeatures, reactions: own })).toBe(own);
  });

  it.each<[string, Reaction[], string]>([
    [
      "a feature that is not defined",
      [reaction({ when: atLeast("clicks") })],
      "tidemark.config.ts: reaction hesitation: when: expected features of the session; given clicks, which is not defined",
    ],
    [
      "a feature of a page",
      [reaction({ when: { op: "not", of: atLeast("page_views") } })],
      "when: expected features of the session; given page_views, which is a feature of page",
    ],
    [
      "a feature of the user",
      [reaction({ when: atLeast("user_session_count") })],
      "when: expected features of the session; given user_session_count, which",
    ],
    [
      "a model that does not run on change",
      [reaction({ when: atLeast("prediction.asked") })],
      'when: expected predictions of models with when: "on_change" (prediction.purchase); given prediction.asked, and its model does not run on change',
    ],
    [
      "an unknown model",
      [reaction({ when: atLeast("prediction.churn") })],
      "given prediction.churn, and there is no such model",
    ],
    [
      "a condition that is a number",
      [reaction({ when: { feature: "click_count" } })],
      "when: expected a condition, which can be true; given click_count, which is a number",
    ],
    [
      "a prediction as condition",
      [reaction({ when: { feature: "prediction.purchase" } })],
      "when: expected a condition, which can be true; given prediction.purchase, which is a number",
    ],
    ["a name twice", [reaction(), reaction()], "reaction hesitation: name: expected each name once; given hesitation"],
    [
      "a webhook that the site does not have",
      [reaction({ to: ["webhook"] })],
      "reaction hesitation: to: expected no webhook, because the site has no setting webhook; given webhook",
    ],
    [
      "a reaction with an error",
      [reaction({ holdout: 2 })],
      "reaction hesitation: holdout: expected the share of sessions",
    ],
    [
      "too many reactions",
      Array.from({ length: 17 }, (_, index) => reaction({ name: `r${index}` })),
      "reactions: expected at most 16; given 17",
    ],
    ["no list", {} as Reaction[], "reactions: expected an array of reactions"],
  ])("reject %s", (_, reactions, message) => {
    expect(() => configured(reactions)).toThrow(message);
    expect(() => configured([], { reactions })).toThrow(message.replace("config.ts: ", 'config.ts: site "shop": '));
  });

  it("reject a webhook that only another site has", () => {
    const reactions = [reaction({ to: ["webhook"] })];
    const blog = { ...site, id: "blog", key: "tm_blog_aaaaaaaa", readKeySecret: "BLOG_KEY", webhook };
    const sites = [site, blog];
    expect(() => configured(reactions, {}, { sites })).toThrow(
      'site "shop": reaction hesitation: to: expected no webhook, because the site has no setting webhook',
    );
    expect(() => configured(reactions, {}, { webhook })).not.toThrow();
    expect(() => configured(reactions, { webhook: false }, { webhook })).toThrow(
      'site "shop": reaction hesitation: to',
    );
  });
});
