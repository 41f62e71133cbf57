import type { Consent } from "@tidemark/schema";
import { Hono } from "hono";
import { describe, expect, it } from "vitest";
import { featuresDenial, hasGpc, measurementDenial } from "../../src/access/consent.ts";
import type { Site } from "../../src/config.ts";

const site: Site = {
  id: "shop",
  key: "tm_shop_aaaaaaaa",
  origins: ["https://shop.example"],
  readKeySecret: "READ_KEY",
};
const asking: Site = { ...site, requireConsent: true };
const ignoring: Site = { ...site, globalPrivacyControl: "ignore" };

const granted: Consent = { measurement: "granted", personalisation: "granted" };
const pending: Consent = { ...granted, personalisation: "pending" };
const denied: Consent = { ...granted, personalisation: "denied" };

describe("hasGpc", () => {
  it.each([
    ["1", true],
    ["0", false],
    ["true", false],
    [undefined, false],
  ])("of the header Sec-GPC: %s is %s", async (header, expected) => {
    const app = new Hono().get("/", (c) => c.json(hasGpc(c)));
    const response = await app.request("/", { headers: header === undefined ? {} : { "sec-gpc": header } });
    expect(await response.json()).toBe(expected);
  });
});

const REQUIRED = "site shop requires consent, and none was stated";
const GPC = "the browser sends Sec-GPC: 1 (Global Privacy Control)";

interface Case {
  where: string;
  site: Site;
  consent: Consent | undefined;
  gpc: boolean;
  measurement: string | undefined;
  features: string | undefined;
}

const cases: Case[] = [
  { where: "nothing was stated", site, consent: undefined, gpc: false, measurement: undefined, features: undefined },
  { where: "Sec-GPC was sent", site, consent: undefined, gpc: true, measurement: GPC, features: GPC },
  {
    where: "Sec-GPC is ignored",
    site: ignoring,
    consent: undefined,
    gpc: true,
    measurement: undefined,
    features: undefined,
  },
  {
    where: "consent is required",
    site: asking,
    consent: undefined,
    gpc: false,
    measurement: REQUIRED,
    features: REQUIRED,
  },
  {
    where: "consent is required and Sec-GPC ignored",
    site: { ...asking, ...ignoring, requireConsent: true },
    consent: undefined,
    gpc: true,
    measurement: REQUIRED,
    features: REQUIRED,
  },
  {
    where: "all was granted despite Sec-GPC",
    site: asking,
    consent: granted,
    gpc: true,
    measurement: undefined,
    features: undefined,
  },
  {
    where: "personalisation is pending",
    site,
    consent: pending,
    gpc: false,
    measurement: undefined,
    features: "personalisation is pending",
  },
  {
    where: "personalisation is denied",
    site: ignoring,
    consent: denied,
    gpc: false,
    measurement: undefined,
    features: "personalisation is denied",
  },
];

describe.each(cases)("where $where", ({ site, consent, gpc, measurement, features }) => {
  it(measurement ? "a batch is refused, and the sentence says why" : "a batch is accepted", () => {
    const denial = measurementDenial(site, consent, gpc);
    expect(denial).toEqual(measurement && expect.stringContaining(`The visitor may not be measured: ${measurement}`));
    if (denial) expect(denial).toContain('consent: "pending"');
  });

  it(features ? "a page is not shown its features, and the sentence says why" : "a page is shown its features", () => {
    const denial = featuresDenial(site, consent, gpc);
    expect(denial).toEqual(features && expect.stringContaining(features));
    if (denial) expect(denial).toContain('tracker.consent("granted")');
  });
});
