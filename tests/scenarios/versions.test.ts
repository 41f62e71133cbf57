import { afterAll, beforeAll, describe, it } from "vitest";
import { browserNames } from "../browsers/browser.ts";
import { type DeliveryRig, startDeliveryRig } from "./delivery-rig.ts";
import type { Scenario } from "./scenarios.ts";

/** Visits in which the SDK and the collector have different versions, or a tab's pages have different SDKs. */
const visits: Scenario[] = [
  {
    name: "an older SDK with this collector",
    tracked: 20,
    async run({ track, navigate }, page) {
      await navigate(page, "older-sdk.html");
      await track(page, 10);
      await navigate(page, "older-sdk.html?next");
      await track(page, 10, 10);
      await navigate(page, "older-sdk.html?last");
      await page.run("await tidemark.flush()");
    },
  },
  {
    name: "this SDK with an older collector",
    tracked: 20,
    async run({ track, navigate, proxy }, page) {
      await proxy.fail("older");
      await track(page, 10);
      await navigate(page, "page.html?next");
      await track(page, 10, 10);
      await navigate(page, "page.html?last");
      await page.run("await tidemark.flush()");
    },
  },
  {
    name: "an older SDK whose backlog this SDK sends, and the reverse",
    tracked: 30,
    async run({ track, navigate, proxy }, page) {
      await proxy.fail("error");
      await track(page, 10);
      await navigate(page, "older-sdk.html");
      await track(page, 10, 10);
      await navigate(page, "page.html?next");
      await track(page, 10, 20);
      await proxy.fail("pass");
    },
  },
];

let rig: DeliveryRig;
beforeAll(async () => {
  rig = await startDeliveryRig();
});
afterAll(() => rig?.stop());

describe.concurrent.each(browserNames)("different versions in %s", (browser) => {
  it.for(visits)("store every event once: $name", { concurrent: false }, async (visit, { expect }) => {
    const { tracked, stored } = await rig.run(browser, visit);
    expect(stored).toBe(tracked);
  });
});
