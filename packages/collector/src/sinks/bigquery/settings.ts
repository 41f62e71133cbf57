import type { ExpectSetting } from "../../settings/expect-setting.ts";
import { isWebhookUrl } from "../../settings/setting-checks.ts";
import { isSecretName, isTextOf } from "../is-text.ts";

/** A table of BigQuery. */
export interface BigQuerySettings {
  /** Id of the project. */
  project: string;
  dataset: string;
  /** Name of the table, which has the columns of the log: `event_files` for events. */
  table: string;
  /** Name of the secret (environment variable) that contains the JSON of a service account's key. */
  credentialsSecret: string;
  /** Address of the API. Default: `https://bigquery.googleapis.com`. */
  url?: string;
}

const KNOWN: Record<keyof BigQuerySettings, true> = {
  ...{ project: true, dataset: true, table: true, credentialsSecret: true, url: true },
};

/** Checks the settings of a BigQuery sink. */
export const checkBigQuery = (settings: BigQuerySettings, expect: ExpectSetting): void => {
  const { project, dataset, table, credentialsSecret, url } = settings;
  const unknown = Object.keys(settings).find((field) => !Object.hasOwn(KNOWN, field));
  expect(unknown === undefined, unknown ?? "", `no fields but ${Object.keys(KNOWN).join(", ")}`, "this field");
  const isProject = isTextOf(project, /^([a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]$/);
  expect(isProject, "project", "the id of a project, such as shop-analytics", project);
  expect(isTextOf(dataset, /^\w{1,1024}$/), "dataset", "a name of letters, digits and underscores", dataset);
  expect(isTextOf(table, /^[\w-]{1,1024}$/), "table", "a name of letters, digits, hyphens and underscores", table);
  // The error does not quote the given value, which may be the key itself.
  const isName = isSecretName(credentialsSecret);
  const name = "the name of an environment variable, such as BIGQUERY_CREDENTIALS";
  expect(isName, "credentialsSecret", name, "another value");
  expect(url === undefined || isWebhookUrl(url), "url", "an address that begins with https://", url);
};
