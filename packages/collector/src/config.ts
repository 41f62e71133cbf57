import { type Feature, parseFeatures } from "@tidemark/schema";

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
   * What `Sec-GPC: 1` (Global Privacy Control) means for a visitor who has answered nothing: `refuse` takes it for a no, and
   * `ignore` looks past it. Default: `refuse`.
   */
  globalPrivacyControl?: "refuse" | "ignore";
  /**
   * Whether the visitor's anonymous id is kept in an `HttpOnly` cookie of the collector's host, for a collector on the site's own
   * domain, so that a browser which clears what scripts stored after seven days does not make a new visitor of an old one. The
   * tracker needs its option `cookie`; the cookie is set and looked at only with stated consent. Default: false.
   */
  cookie?: boolean;
}

/** What a deployment is made of. */
export interface TidemarkConfig {
  sites: readonly Site[];
  /** Name of the secret (environment variable) that holds the operator's key. */
  adminKeySecret: string;
  /** Features kept for every session, user, page and entity of your own, in the order in which the vectors list them. */
  features: readonly Feature[];
}

const ENVIRONMENT_VARIABLE = /^[A-Z][A-Z0-9_]*$/;

/**
 * Checks a configuration when the Worker starts.
 *
 * @throws Error that names the site or the feature, the field and what was expected.
 */
export const defineConfig = (config: TidemarkConfig): TidemarkConfig => {
  if (!ENVIRONMENT_VARIABLE.test(config.adminKeySecret))
    throw new Error("tidemark.config.ts: adminKeySecret: expected the name of an environment variable");
  const ids = new Set<string>();
  for (const { id, key, origins, readKeySecret, globalPrivacyControl = "refuse" } of config.sites) {
    const expect = (holds: boolean, field: string, expected: string) => {
      if (!holds) throw new Error(`tidemark.config.ts: site ${JSON.stringify(id)}: ${field}: expected ${expected}`);
    };
    expect(/^[a-z0-9-]{1,32}$/.test(id), "id", "1 to 32 of a-z, 0-9 and -");
    expect(!ids.has(id), "id", "an id that no other site has");
    expect(
      key.startsWith(`tm_${id}_`) && /_[A-Za-z0-9]{8,}$/.test(key),
      "key",
      `tm_${id}_ and 8 or more letters or digits`,
    );
    expect(origins.length > 0, "origins", "at least one origin");
    for (const origin of origins) {
      expect(/^https?:\/\/[^/\s]+$/.test(origin), `origins: ${origin}`, "scheme://host[:port] without a path");
    }
    expect(ENVIRONMENT_VARIABLE.test(readKeySecret), "readKeySecret", "the name of an environment variable");
    expect(["refuse", "ignore"].includes(globalPrivacyControl), "globalPrivacyControl", "refuse or ignore");
    ids.add(id);
  }
  try {
    parseFeatures(config.features);
  } catch (error) {
    throw new Error(`tidemark.config.ts: ${(error as Error).message}`);
  }
  return config;
};
