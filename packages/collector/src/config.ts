import { type Feature, parseFeatures } from "@tidemark/schema";
import { SITE_ID, SITE_KEY } from "@tidemark/schema/keys";

/** A region that data must not leave, as Cloudflare names it: https://developers.cloudflare.com/durable-objects/reference/data-location/ */
export type Jurisdiction = "eu" | "fedramp";

/** A website whose events the collector accepts. Sites never see each other's data. */
export interface Site {
  /** Short name: 1 to 32 of a-z, 0-9 and `-`. Part of session ids and of object names: never change it. */
  id: string;
  /** Public key that the site's pages send: `tm_<id>_<8 or more letters or digits>`. Not a secret. */
  key: string;
  /**
   * Origins whose pages may use the key: `https://shop.example`, with `*` for any one host label or any port
   * (`https://*.shop.example`, `http://localhost:*`). Requests without an `Origin` header do not come from a foreign page
   * and are let in.
   */
  origins: readonly string[];
  /** Name of the secret (environment variable) that holds the key for reading this site's features. */
  readKeySecret: string;
  /** Whether batches are refused that do not state the visitor's consent to be measured. Default: false. */
  requireConsent?: boolean;
  /**
   * Meaning of `Sec-GPC: 1` (Global Privacy Control) for a visitor who has stated no consent: `refuse` treats it as a refusal,
   * `ignore` disregards it. Default: `refuse`.
   */
  globalPrivacyControl?: "refuse" | "ignore";
  /**
   * Whether the visitor's anonymous id is kept in an `HttpOnly` cookie of the collector's host, for a collector on the site's own
   * domain, so that a browser which clears what scripts stored after seven days does not make a new visitor of an old one. The
   * tracker needs its option `cookie`; the cookie is set and looked at only with stated consent. Default: false.
   */
  cookie?: boolean;
  /** Features kept for this site's sessions, users, pages and entities of its own. Default: the deployment's. */
  features?: readonly Feature[];
  /**
   * The region in which this site's objects run and store data. After a change the site starts with empty objects. Local runtimes ignore
   * it. Default: the deployment's.
   */
  jurisdiction?: Jurisdiction;
}

/** The configuration of a deployment. */
export interface TidemarkConfig {
  sites: readonly Site[];
  /** Name of the secret (environment variable) that holds the operator's key. */
  adminKeySecret: string;
  /**
   * Features kept for every session, user, page and entity of your own, in the order in which the vectors list them. A site may have
   * its own instead.
   */
  features: readonly Feature[];
  /** The region in which the objects of sites run and store data, unless a site has its own. Default: anywhere. */
  jurisdiction?: Jurisdiction;
}

const ENVIRONMENT_VARIABLE = /^[A-Z][A-Z0-9_]*$/;

const ORIGIN = /^https?:\/\/[^/?#@\s]+$/;

const JURISDICTIONS: readonly unknown[] = ["eu", "fedramp", undefined];

/** The fields of a site and of a configuration. No other is accepted: a misspelt one would have no effect, and nobody would see that. */
const SITE_FIELDS: Record<keyof Site, true> = {
  ...{ id: true, key: true, origins: true, readKeySecret: true, requireConsent: true, globalPrivacyControl: true },
  ...{ cookie: true, features: true, jurisdiction: true },
};
const CONFIG_FIELDS: Record<keyof TidemarkConfig, true> = {
  ...{ sites: true, adminKeySecret: true, features: true, jurisdiction: true },
};

/** Throws an error that names a field, the expected value and the given one, unless a condition holds. */
type Expect = (holds: boolean, field: string, expected: string, given: unknown) => void;

const expectIn =
  (place: string): Expect =>
  (holds, field, expected, given) => {
    if (holds) return;
    const value = JSON.stringify(given) ?? "nothing";
    throw new Error(`tidemark.config.ts: ${place}${field}: expected ${expected}; given ${value}`);
  };

const matches = (pattern: RegExp, value: unknown): boolean => typeof value === "string" && pattern.test(value);

/** Checks the name of a secret. The error does not show it: it may be the secret itself. */
const expectSecretName = (name: string, place: string): void => {
  if (matches(ENVIRONMENT_VARIABLE, name)) return;
  throw new Error(`tidemark.config.ts: ${place}: expected the name of an environment variable, such as READ_KEY`);
};

/** Checks that a value is an object, and that it has no field but these. The error shows no value: it may be a secret. */
const expectFields = (value: unknown, place: string, fields: object): void => {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new Error(`tidemark.config.ts: ${place}: expected an object with ${Object.keys(fields).join(", ")}`);
  const unknown = Object.keys(value).find((field) => !Object.hasOwn(fields, field));
  if (unknown === undefined) return;
  throw new Error(
    `tidemark.config.ts: ${place}: there is no field ${unknown}; expected ${Object.keys(fields).join(", ")}`,
  );
};

const checkFeatures = (features: readonly Feature[], place: string): void => {
  try {
    parseFeatures(features);
  } catch (error) {
    throw new Error(`tidemark.config.ts: ${place}${(error as Error).message}`);
  }
};

const checkSite = (site: Site, others: readonly Site[]): void => {
  expectFields(site, `sites[${others.length}]`, SITE_FIELDS);
  const { id, key, origins, readKeySecret, requireConsent, globalPrivacyControl = "refuse", cookie } = site;
  const place = `site ${JSON.stringify(id)}: `;
  const expect = expectIn(place);
  expect(matches(SITE_ID, id), "id", "1 to 32 of a-z, 0-9 and -", id);
  expect(!others.some((other) => other.id === id), "id", "an id that no other site has", id);
  expect(
    matches(SITE_KEY, key) && SITE_KEY.exec(key)?.[1] === id,
    "key",
    `tm_${id}_ and 8 or more letters or digits`,
    key,
  );
  expect(Array.isArray(origins) && origins.length > 0, "origins", "at least one origin, in an array", origins);
  for (const origin of origins)
    expect(matches(ORIGIN, origin), "origins", "scheme://host[:port] without a path", origin);
  expectSecretName(readKeySecret, `${place}readKeySecret`);
  // A read key stands for one site: of two, one would never be read.
  expect(
    !others.some((other) => other.readKeySecret === readKeySecret),
    "readKeySecret",
    "the name of a secret that no other site has",
    readKeySecret,
  );
  expect(
    ["refuse", "ignore"].includes(globalPrivacyControl),
    "globalPrivacyControl",
    "refuse or ignore",
    globalPrivacyControl,
  );
  for (const [field, value] of Object.entries({ requireConsent, cookie }))
    expect([true, false, undefined].includes(value), field, "true or false", value);
  expect(JURISDICTIONS.includes(site.jurisdiction), "jurisdiction", "eu or fedramp", site.jurisdiction);
  if (site.features !== undefined) checkFeatures(site.features, place);
};

/**
 * Checks a configuration when the Worker starts.
 *
 * @throws Error that names the site or the feature, the field, the expected value and, except for secrets, the given one.
 */
export const defineConfig = (config: TidemarkConfig): TidemarkConfig => {
  expectFields(config, "defineConfig", CONFIG_FIELDS);
  const { sites, adminKeySecret, features, jurisdiction } = config;
  const expect = expectIn("");
  expectSecretName(adminKeySecret, "adminKeySecret");
  expect(JURISDICTIONS.includes(jurisdiction), "jurisdiction", "eu or fedramp", jurisdiction);
  expect(Array.isArray(sites) && sites.length > 0, "sites", "at least one site, in an array", sites);
  // A site's reader is not to read the deployment's figures.
  const isOfSite = sites.some((site) => site?.readKeySecret === adminKeySecret);
  expect(!isOfSite, "adminKeySecret", "the name of a secret that is no site's readKeySecret", adminKeySecret);
  sites.forEach((site, index) => {
    checkSite(site, sites.slice(0, index));
  });
  checkFeatures(features, "");
  return config;
};
