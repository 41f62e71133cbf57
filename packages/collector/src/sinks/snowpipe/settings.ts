import type { ExpectSetting } from "../../settings/expect-setting.ts";
import { isWebhookUrl } from "../../settings/setting-checks.ts";
import { isSecretName, isTextOf } from "../is-text.ts";

/** A pipe of Snowflake that loads a table. */
export interface SnowpipeSettings {
  /** The account: `<organization>-<account>`, or its locator. */
  account: string;
  /** The user with the public key. */
  user: string;
  /** Name of the secret (environment variable) that contains the private key: PKCS#8 in PEM, without a passphrase. */
  privateKeySecret: string;
  database: string;
  schema: string;
  /** The pipe. A table has a pipe of its own with the name `<TABLE>-STREAMING`: `EVENT_FILES-STREAMING` for events. */
  pipe: string;
  /** Default: the user's default role. */
  role?: string;
  /** Address of the account, for private links. Default: `https://<account>.snowflakecomputing.com`. */
  url?: string;
}

const KNOWN: Record<keyof SnowpipeSettings, true> = {
  ...{
    account: true,
    user: true,
    privateKeySecret: true,
    database: true,
    schema: true,
    pipe: true,
    role: true,
    url: true,
  },
};

/** A name of Snowflake. */
const NAME = /^[^\s"'/?#]{1,255}$/;

/** Checks the settings of a Snowpipe sink. */
export const checkSnowpipe = (settings: SnowpipeSettings, expect: ExpectSetting): void => {
  const { account, user, privateKeySecret, role, url } = settings;
  const unknown = Object.keys(settings).find((field) => !Object.hasOwn(KNOWN, field));
  expect(unknown === undefined, unknown ?? "", `no fields but ${Object.keys(KNOWN).join(", ")}`, "this field");
  const isAccount = isTextOf(account, /^\w[\w-]*(\.[\w-]+)*$/) && !account.includes("snowflakecomputing");
  expect(isAccount, "account", "the identifier of an account, such as myorg-account123", account);
  expect(isTextOf(user, NAME), "user", "the name of a user", user);
  // The error does not quote the given value, which may be the key itself.
  const secret = "the name of an environment variable, such as SNOWFLAKE_PRIVATE_KEY";
  expect(isSecretName(privateKeySecret), "privateKeySecret", secret, "another value");
  for (const field of ["database", "schema", "pipe"] as const)
    expect(isTextOf(settings[field], NAME), field, `the name of a ${field}, without quotes`, settings[field]);
  expect(role === undefined || isTextOf(role, NAME), "role", "the name of a role", role);
  expect(url === undefined || isWebhookUrl(url), "url", "an address that begins with https://", url);
};
