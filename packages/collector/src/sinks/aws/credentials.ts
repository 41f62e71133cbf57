import { secretOf } from "../../access/keys.ts";
import type { ExpectSetting } from "../../settings/expect-setting.ts";
import { checkSecretName } from "../../settings/setting-checks.ts";

/** Names of the secrets (environment variables) with which requests are signed. */
export interface AwsSecrets {
  /** Name of the secret with the id of the access key. */
  accessKeyIdSecret: string;
  /** Name of the secret with the access key. */
  secretAccessKeySecret: string;
  /** Name of the secret with the token of temporary credentials. Default: none, as for permanent credentials. */
  sessionTokenSecret?: string;
}

/** The fields of {@link AwsSecrets}. */
export const AWS_SECRETS = { accessKeyIdSecret: true, secretAccessKeySecret: true, sessionTokenSecret: true } as const;

/** Names of the secrets that settings name. */
export const secretNamesOf = (settings: AwsSecrets): string[] =>
  [settings.accessKeyIdSecret, settings.secretAccessKeySecret, settings.sessionTokenSecret].filter(
    (name) => typeof name === "string",
  );

/** Checks the names of secrets. */
export const checkAwsSecrets = (settings: AwsSecrets, expect: ExpectSetting): void => {
  checkSecretName(settings.accessKeyIdSecret, "accessKeyIdSecret", "AWS_ACCESS_KEY_ID", expect);
  checkSecretName(settings.secretAccessKeySecret, "secretAccessKeySecret", "AWS_SECRET_ACCESS_KEY", expect);
  if (settings.sessionTokenSecret !== undefined)
    checkSecretName(settings.sessionTokenSecret, "sessionTokenSecret", "AWS_SESSION_TOKEN", expect);
};

/** Credentials of AWS, or of storage with the same interface. */
export interface AwsCredentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
}

/** The credentials in the environment, or the reason for which one of them is missing. */
export const credentialsOf = (settings: AwsSecrets, env: object): AwsCredentials | string => {
  const missing = secretNamesOf(settings).find((name) => secretOf(env, name) === undefined);
  if (missing !== undefined) return `the secret ${missing} is not set`;
  const { accessKeyIdSecret, secretAccessKeySecret, sessionTokenSecret } = settings;
  const sessionToken = sessionTokenSecret === undefined ? undefined : secretOf(env, sessionTokenSecret);
  return {
    accessKeyId: secretOf(env, accessKeyIdSecret) ?? "",
    secretAccessKey: secretOf(env, secretAccessKeySecret) ?? "",
    ...(sessionToken === undefined ? {} : { sessionToken }),
  };
};
