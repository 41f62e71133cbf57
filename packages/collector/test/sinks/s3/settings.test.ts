import { describe, expect, it } from "vitest";
import { checkS3 } from "../../../src/sinks/s3/settings.ts";
import { settingsError } from "../attempts.ts";
import { AWS_SETTINGS } from "../aws/signature.ts";

const GOOD = {
  endpoint: "https://s3.eu-central-1.amazonaws.com",
  bucket: "shop-events",
  region: "eu-central-1",
  ...AWS_SETTINGS,
};
const PREFIX = "prefix: up to 500 letters, digits and any of _ = . - in parts divided by /";

const errorOf = (settings: object) => settingsError(checkS3, settings);

describe("the settings of a sink of S3-compatible storage", () => {
  it.each([
    GOOD,
    { ...GOOD, region: "auto", prefix: "" },
    { ...GOOD, everySeconds: 0 },
    { ...GOOD, everySeconds: 3_600 },
    { ...GOOD, prefix: "tidemark/v=1/" },
    { ...GOOD, endpoint: "http://127.0.0.1:9000/", prefix: "events" },
  ])("are complete: %j", (settings) => expect(errorOf(settings)).toBe(undefined));

  it.each([
    [{ ...GOOD, bucket: "Shop" }, 'bucket: a name of 3 to 63 of a-z, 0-9, dots and hyphens, given "Shop"'],
    [{ ...GOOD, bucket: "a..b" }, 'bucket: a name of 3 to 63 of a-z, 0-9, dots and hyphens, given "a..b"'],
    [{ ...GOOD, region: "" }, 'region: a region such as eu-central-1 or auto, given ""'],
    [{ ...GOOD, everySeconds: 3_601 }, "everySeconds: a number of seconds from 0 to 3600, given 3601"],
    [{ ...GOOD, everySeconds: "60" }, 'everySeconds: a number of seconds from 0 to 3600, given "60"'],
    [{ ...GOOD, prefix: "/events" }, `${PREFIX}, given "/events"`],
    [{ ...GOOD, prefix: "events/../all" }, `${PREFIX}, given "events/../all"`],
    [{ ...GOOD, prefix: "a b" }, `${PREFIX}, given "a b"`],
    [
      { ...GOOD, endpoint: "https://s3.example.com?a=b" },
      'endpoint: an address that begins with https://, without a user name, a password or a query, given "another value"',
    ],
    [
      { ...GOOD, secretAccessKeySecret: "wJalrXUtnFEMI" },
      'secretAccessKeySecret: the name of an environment variable, such as AWS_SECRET_ACCESS_KEY, given "another value"',
    ],
    [
      { ...GOOD, acl: "private" },
      'acl: no fields but endpoint, bucket, region, everySeconds, prefix, accessKeyIdSecret, secretAccessKeySecret, sessionTokenSecret, given "this field"',
    ],
  ])("have an error that names the field: %j", (settings, error) => expect(errorOf(settings)).toBe(error));
});
