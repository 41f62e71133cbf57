import { type Feature, parseFeatures } from "@tidemark/schema";
import { entityNameOf } from "@tidemark/schema/entities";
import { PUBLIC_KEY, SITE_ID } from "@tidemark/schema/keys";
import type { ExpectSetting } from "../settings/expect-setting.ts";
import { checkFeatureSets, checkGoals } from "./check-definitions.ts";
import { checkLog } from "./check-log.ts";
import { checkWebhook } from "./check-webhooks.ts";
import { checkAt, expectFields, expectIn, expectSecretName, matches } from "./expect.ts";
import { secretNamesOf } from "./secret-names.ts";
import type { DailyCaps, DaysToLive } from "./settings.ts";
import type { Site } from "./tidemark-config.ts";

/** Scheme, host or address, and optionally a port: digits, or `*` for any. */
const ORIGIN = /^https?:\/\/(\[[\da-f:.]+\]|[^/?#@:[\]\s]+)(:(\d{1,5}|\*))?$/i;

/** The values of `jurisdiction`. */
export const JURISDICTIONS: readonly unknown[] = ["eu", "fedramp", undefined];

/**
 * The fields of a site. An unknown field is an error: a misspelt one would silently have no
 * effect.
 */
const SITE_FIELDS: Record<keyof Site, true> = {
  ...{ id: true, key: true, origins: true, readKeySecret: true, requireConsent: true, globalPrivacyControl: true },
  ...{ cookie: true, pause: true, dailyCaps: true, features: true, jurisdiction: true, log: true, daysToLive: true },
  ...{ goals: true, featureSets: true, models: true, userTokenSecret: true, requireUserToken: true },
  ...{ webhook: true, reactions: true, sinks: true },
};

const CAP_FIELDS: Record<keyof DailyCaps, true> = { sessions: true, events: true };

const checkDailyCaps = (caps: DailyCaps | undefined, place: string, expect: ExpectSetting): void => {
  if (caps === undefined) return;
  expectFields(caps, `${place}dailyCaps`, CAP_FIELDS);
  for (const [name, cap] of Object.entries(caps))
    expect(
      cap === undefined || (Number.isSafeInteger(cap) && cap >= 1),
      `dailyCaps.${name}`,
      "a whole number, from 1 on",
      cap,
    );
};

/** Checks that each entity that expires has features. A session's state expires by itself. */
export const checkDaysToLive = (
  daysToLive: DaysToLive | undefined,
  features: readonly Feature[],
  place: string,
  expect: ExpectSetting,
): void => {
  if (daysToLive === undefined) return;
  const entities = new Set(["user", ...features.map(entityNameOf)]);
  entities.delete("session");
  expectFields(daysToLive, `${place}daysToLive`, Object.fromEntries([...entities].map((name) => [name, true])));
  for (const [entity, days] of Object.entries(daysToLive))
    expect(Number.isInteger(days) && days >= 1, `daysToLive.${entity}`, "a number of days, from 1 on", days);
};

/** Checks the names of a site's secrets. Two sites with one secret could act for each other. */
const checkSecrets = (site: Site, others: readonly Site[], place: string, expect: ExpectSetting): void => {
  const { readKeySecret, userTokenSecret, requireUserToken } = site;
  const taken = new Set(others.flatMap(secretNamesOf));
  expectSecretName(readKeySecret, `${place}readKeySecret`);
  expect(!taken.has(readKeySecret), "readKeySecret", "the name of a secret that no other site has", readKeySecret);
  if (userTokenSecret !== undefined) {
    expectSecretName(userTokenSecret, `${place}userTokenSecret`);
    taken.add(readKeySecret);
    const expected = "the name of a secret that has no other use";
    expect(!taken.has(userTokenSecret), "userTokenSecret", expected, userTokenSecret);
  }
  const hasSecret = !requireUserToken || userTokenSecret !== undefined;
  expect(hasSecret, "userTokenSecret", "the name of a secret, because requireUserToken is true", userTokenSecret);
};

/** Checks a site. @param others The sites before it. @param features The features of the deployment. */
export const checkSite = (site: Site, others: readonly Site[], features: readonly Feature[]): void => {
  expectFields(site, `sites[${others.length}]`, SITE_FIELDS);
  const { id, key, origins, requireConsent, globalPrivacyControl = "reject", cookie, pause, requireUserToken } = site;
  const place = `site ${JSON.stringify(id)}: `;
  const expect = expectIn(place);
  expect(matches(SITE_ID, id), "id", "1 to 32 of a-z, 0-9 and -", id);
  expect(!others.some((other) => other.id === id), "id", "an id that no other site has", id);
  expect(
    matches(PUBLIC_KEY, key) && PUBLIC_KEY.exec(key)?.[1] === id,
    "key",
    `tm_${id}_ and 8 or more letters or digits`,
    key,
  );
  expect(Array.isArray(origins) && origins.length > 0, "origins", "at least one origin, in an array", origins);
  for (const origin of origins)
    expect(matches(ORIGIN, origin), "origins", "scheme://host[:port] without a path", origin);
  checkSecrets(site, others, place, expect);
  expect(
    ["reject", "ignore"].includes(globalPrivacyControl),
    "globalPrivacyControl",
    "reject or ignore",
    globalPrivacyControl,
  );
  for (const [field, value] of Object.entries({ requireConsent, cookie, pause, requireUserToken }))
    expect([true, false, undefined].includes(value), field, "true or false", value);
  expect(JURISDICTIONS.includes(site.jurisdiction), "jurisdiction", "eu or fedramp", site.jurisdiction);
  checkDailyCaps(site.dailyCaps, place, expect);
  if (site.log !== false) checkLog(site.log, place, expect);
  if (site.features !== undefined) checkAt(place, () => parseFeatures(site.features));
  checkGoals(site.goals, place, expect);
  checkFeatureSets(site.featureSets, site.features ?? features, place, expect);
  checkDaysToLive(site.daysToLive, site.features ?? features, place, expect);
  if (site.webhook !== false) checkWebhook(site.webhook, place);
};
