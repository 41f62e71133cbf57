import { describe, expect, it } from "vitest";
import { checkKinesis } from "../../../src/sinks/kinesis/settings.ts";
import { settingsError } from "../attempts.ts";
import { AWS_SETTINGS } from "../aws/signature.ts";

const ARN = "arn:aws:kinesis:eu-central-1:123456789012:stream/events";
const GOOD = { stream: "events", region: "eu-central-1", ...AWS_SETTINGS };
const { stream: _, ...WITHOUT_STREAM } = GOOD;

const errorOf = (settings: object) => settingsError(checkKinesis, settings);

describe("the settings of a sink of Kinesis", () => {
  it.each([
    GOOD,
    { ...WITHOUT_STREAM, streamArn: ARN },
    { ...GOOD, region: "us-gov-west-1", sessionTokenSecret: "TOKEN" },
    { ...GOOD, endpoint: "https://kinesis.example.com/" },
    { ...GOOD, endpoint: "http://127.0.0.1:4567" },
  ])("are complete: %j", (settings) => expect(errorOf(settings)).toBe(undefined));

  it.each([
    [WITHOUT_STREAM, "stream: a name, or streamArn instead of it, given undefined"],
    [{ ...GOOD, streamArn: ARN }, 'stream: a name, or streamArn instead of it, given "both"'],
    [
      { ...GOOD, stream: "a b" },
      'stream: a name of up to 128 letters, digits, dots, hyphens and underscores, given "a b"',
    ],
    [{ ...GOOD, region: "Frankfurt" }, 'region: a region such as eu-central-1, given "Frankfurt"'],
    [
      { ...WITHOUT_STREAM, region: "us-east-1", streamArn: ARN },
      `streamArn: an ARN such as arn:aws:kinesis:us-east-1:123456789012:stream/events, given "${ARN}"`,
    ],
    [
      { ...GOOD, endpoint: "http://kinesis.example.com" },
      'endpoint: an address that begins with https://, without a user name, a password or a query, given "another value"',
    ],
    [
      { ...GOOD, shards: 2 },
      'shards: no fields but stream, streamArn, region, endpoint, accessKeyIdSecret, secretAccessKeySecret, sessionTokenSecret, given "this field"',
    ],
  ])("have an error that names the field: %j", (settings, error) => expect(errorOf(settings)).toBe(error));

  it.each(["accessKeyIdSecret", "secretAccessKeySecret", "sessionTokenSecret"])(
    "have an error that does not quote a secret in %s",
    (field) => {
      const error = errorOf({ ...GOOD, [field]: "wJalrXUtnFEMI" });
      expect(error).toMatch(
        new RegExp(`^${field}: the name of an environment variable, such as AWS_\\w+, given "another value"$`),
      );
    },
  );
});
