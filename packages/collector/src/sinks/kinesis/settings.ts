import type { ExpectSetting } from "../../settings/expect-setting.ts";
import { checkAddress, checkKnown } from "../../settings/setting-checks.ts";
import { AWS_SECRETS, type AwsSecrets, checkAwsSecrets } from "../aws/credentials.ts";

/** A data stream of Amazon Kinesis. It has either `stream` or `streamArn`. */
export interface KinesisSettings extends AwsSecrets {
  /** Name of the stream. */
  stream?: string;
  /** ARN of the stream, which may belong to another account. */
  streamArn?: string;
  /** Region of the stream, such as `eu-central-1`. */
  region: string;
  /** Address of the service. Default: the public one of the region. */
  endpoint?: string;
}

const KNOWN: Record<keyof KinesisSettings, true> = {
  ...{ stream: true, streamArn: true, region: true, endpoint: true },
  ...AWS_SECRETS,
};

const NAME = /^[\w.-]{1,128}$/;
const ARN = /^arn:aws[a-z-]*:kinesis:([a-z0-9-]+):\d{12}:stream\/[\w.-]{1,128}$/;
const REGION = /^[a-z]{2}(-[a-z]+)+-\d+$/;

/** Checks the settings of a sink of Kinesis. */
export const checkKinesis = (settings: KinesisSettings, expect: ExpectSetting): void => {
  const { stream, streamArn, region, endpoint } = settings;
  checkKnown(settings, KNOWN, expect);
  const isOne = (stream === undefined) !== (streamArn === undefined);
  expect(isOne, "stream", "a name, or streamArn instead of it", isOne || stream === undefined ? stream : "both");
  const isName = stream === undefined || (typeof stream === "string" && NAME.test(stream));
  expect(isName, "stream", "a name of up to 128 letters, digits, dots, hyphens and underscores", stream);
  expect(typeof region === "string" && REGION.test(region), "region", "a region such as eu-central-1", region);
  const arn = streamArn === undefined ? undefined : ARN.exec(String(streamArn));
  const form = `an ARN such as arn:aws:kinesis:${region}:123456789012:stream/events`;
  expect(arn === undefined || arn?.[1] === region, "streamArn", form, streamArn);
  if (endpoint !== undefined) checkAddress(endpoint, "endpoint", expect);
  checkAwsSecrets(settings, expect);
};
