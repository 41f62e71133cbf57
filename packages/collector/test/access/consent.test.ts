import type { Consent } from "@tidemark/schema";
import { Hono } from "hono";
import { describe, expect, it } from "vitest";
import { featuresRejection, hasGpc, measurementRejection } from "../../src/access/consent.ts";
import type { Site } from "../../src/config.ts";

const site: Site = {
  id: "shop",
  key: "tm_shop_aaaaaaaa",
  origins: ["https://shop.example"],
  readKeySecret: "READ_KEY",
};
const requiring: Site = { ...site, requireConsent: true };
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
  ])("reads the header Sec-GPC: %s as %s", async (header, expected) => {
    const app = new Hono().get("/", (c) => c.json(hasGpc(c)));
    const response = await app.request("/", { headers: header === undefined ? {} : { "sec-gpc": header } });
    expect(await response.json()).toBe(expected);
  });
});

const REQUIRED = "site shop requires consent, and none was stated";
const GPC = "the browser sends Sec-GPC: 1 (Global Privacy Control)";

interface Case {
  title: string;
  site: Site;
  consent: Consent | undefined;
  gpc: boolean;
  measurement: string | undefined;
  features: string | undefined;
}

const cases: Case[] = [
  { title: "no stated consent", site, consent: undefined, gpc: false, measurement: undefined, features: undefined },
  { title: "Sec-GPC", site, consent: undefined, gpc: true, measurement: GPC, features: GPC },
  {
    title: "Sec-GPC that the site ignores",
    site: ignoring,
    consent: undefined,
    gpc: true,
    measurement: undefined,
    features: undefined,
  },
  {
    title: "no stated consent where the site requires it",
    site: requiring,
    consent: undefined,
    gpc: false,
    measurement: REQUIRED,
    features: REQUIRED,
  },
  {
    title: "ignored Sec-GPC and no stated consent where the site requires it",
    site: { ...requiring, ...ignoring, requireConsent: true },
    consent: undefined,
    gpc: true,
    measurement: REQUIRED,
    features: REQUIRED,
  },
  {
    title: "granted consent and Sec-GPC",
    site: requiring,
    consent: granted,
    gpc: true,
    measurement: undefined,
    features: undefined,
  },
  {
    title: "pending personalisation",
    site,
    consent: pending,
    gpc: false,
    measurement: undefined,
    features: "personalisation is pending",
  },
  {
    title: "denied personalisation",
    site: ignoring,
    consent: denied,
    gpc: false,
    measurement: undefined,
    features: "personalisation is denied",
  },
];

describe.each(cases)("a request with $title", ({ site, consent, gpc, measurement, features }) => {
  it(measurement ? "rejects measurement with a reason" : "allows measurement", () => {
    const rejection = measurementRejection(site, consent, gpc);
    expect(rejection).toEqual(
      measurement && expect.stringContaining(`The visitor may not be measured: ${measurement}`),
    );
    if (rejection) expect(rejection).toContain('consent: "pending"');
  });

  it(features ? "rejects the read of features with a reason" : "allows the read of features", () => {
    const rejection = featuresRejection(site, consent, gpc);
    expect(rejection).toEqual(features && expect.stringContaining(features));
    if (rejection) expect(rejection).toContain('tracker.consent("granted")');
  });
});
