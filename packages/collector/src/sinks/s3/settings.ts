import type { ExpectSetting } from "../../settings/expect-setting.ts";
import { checkAddress, checkKnown } from "../../settings/setting-checks.ts";
import { AWS_SECRETS, type AwsSecrets, checkAwsSecrets } from "../aws/credentials.ts";

/** A bucket of Amazon S3, or of storage with the same interface. */
export interface S3Settings extends AwsSecrets {
  /** Address of the storage without the bucket, such as `https://s3.eu-central-1.amazonaws.com`. */
  endpoint: string;
  bucket: string;
  /** Region with which requests are signed, such as `eu-central-1`. Some storage has one only, such as `auto`. */
  region: string;
  /**
   * Number of seconds for which records gather until they are written as one object, unless they fill one before: 0 to 3,600.
   * Each object costs a request. Default: 60.
   */
  everySeconds?: number;
  /** Beginning of all names of objects, such as `tidemark/`. Default: none. */
  prefix?: string;
}

const KNOWN: Record<keyof S3Settings, true> = {
  ...{ endpoint: true, bucket: true, region: true, everySeconds: true, prefix: true },
  ...AWS_SECRETS,
};

/** Default and largest number of `everySeconds`. */
export const EVERY_SECONDS = 60;
const MAX_EVERY_SECONDS = 3_600;

const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const REGION = /^[a-z0-9-]{1,64}$/;
const PREFIX = /^[\w=.-]+(\/[\w=.-]+)*\/?$/;

/** Checks the settings of a sink of S3-compatible storage. */
export const checkS3 = (settings: S3Settings, expect: ExpectSetting): void => {
  const { endpoint, bucket, region, everySeconds = EVERY_SECONDS, prefix = "" } = settings;
  checkKnown(settings, KNOWN, expect);
  checkAddress(endpoint, "endpoint", expect);
  const isBucket = typeof bucket === "string" && BUCKET.test(bucket) && !bucket.includes("..");
  expect(isBucket, "bucket", "a name of 3 to 63 of a-z, 0-9, dots and hyphens", bucket);
  const isRegion = typeof region === "string" && REGION.test(region);
  expect(isRegion, "region", "a region such as eu-central-1 or auto", region);
  const isTime = Number.isInteger(everySeconds) && everySeconds >= 0 && everySeconds <= MAX_EVERY_SECONDS;
  expect(isTime, "everySeconds", `a number of seconds from 0 to ${MAX_EVERY_SECONDS}`, everySeconds);
  const isPrefix = typeof prefix === "string" && prefix.length <= 500 && (prefix === "" || PREFIX.test(prefix));
  const hasNoStep = isPrefix && !prefix.split("/").some((part) => /^\.+$/.test(part));
  expect(hasNoStep, "prefix", "up to 500 letters, digits and any of _ = . - in parts divided by /", prefix);
  checkAwsSecrets(settings, expect);
};
