import { recordKinds } from "@tidemark/schema/log";
import type { ExpectSetting } from "../settings/expect-setting.ts";
import { expectFields, expectSecretName, matches } from "./expect.ts";
import type { IcebergSettings, LogSettings } from "./settings.ts";

const LOG_FIELDS: Record<keyof LogSettings, true> = { days: true };
const LOG_DAYS_FIELDS = Object.fromEntries(["default", ...recordKinds].map((kind) => [kind, true]));

/** Checks the settings of a log. */
export const checkLog = (log: LogSettings | undefined, place: string, expect: ExpectSetting): void => {
  if (log === undefined) return;
  expectFields(log, `${place}log`, LOG_FIELDS);
  const { days } = log;
  if (typeof days === "object") expectFields(days, `${place}log.days`, LOG_DAYS_FIELDS);
  const numbers = Object.entries(typeof days === "object" ? { ...days, default: days.default } : { "": days });
  for (const [kind, value] of numbers)
    expect(
      Number.isInteger(value) && (value as number) >= 1,
      kind === "" ? "log.days" : `log.days.${kind}`,
      "a number of days, from 1 on",
      value,
    );
};

const ICEBERG_FIELDS: Record<keyof IcebergSettings, true> = {
  ...{ catalog: true, warehouse: true, tokenSecret: true, bucket: true },
};

/** Checks the settings of an Iceberg catalogue. */
export const checkIceberg = (iceberg: IcebergSettings | undefined, expect: ExpectSetting): void => {
  if (iceberg === undefined) return;
  expectFields(iceberg, "iceberg", ICEBERG_FIELDS);
  const { catalog, warehouse, tokenSecret, bucket } = iceberg;
  expect(matches(/^https?:\/\/\S+$/, catalog), "iceberg.catalog", "the address of a REST catalogue", catalog);
  expect(warehouse === undefined || matches(/./, warehouse), "iceberg.warehouse", "a name", warehouse);
  if (tokenSecret !== undefined) expectSecretName(tokenSecret, "iceberg.tokenSecret");
  expect(matches(/^[a-z][a-z0-9]*:\/\/\S+$/, bucket), "iceberg.bucket", "an address such as s3://shop-log", bucket);
};
