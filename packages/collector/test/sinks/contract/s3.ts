import { createS3Sink } from "../../../src/sinks/s3/create-s3-sink.ts";
import { AWS_ENV, AWS_SETTINGS } from "../aws/signature.ts";
import { fakeStorage, storageError } from "../s3/fake-storage.ts";
import type { ContractMember } from "./contract-target.ts";
import { type HttpFake, startHttpTarget } from "./http-target.ts";

/** Storage with the bucket `shop-events`, which replaces no object. */
export const createStorageTarget = (): HttpFake => {
  const storage = fakeStorage();
  return {
    respond: storage.fetch,
    unavailable: () => storageError("SlowDown", 503),
    stored: () =>
      [...storage.objects.values()].flatMap((text) =>
        text
          .trimEnd()
          .split("\n")
          .map((line) => JSON.parse(line).id),
      ),
  };
};

/** A bucket of S3-compatible storage. It refuses no record: it does not read them. */
export const s3Member: ContractMember = {
  name: "S3-compatible storage",
  secrets: Object.keys(AWS_ENV),
  ...{ refusesAlone: false, failsAlone: false, asksForTime: true },
  async start() {
    const target = createStorageTarget();
    const server = await startHttpTarget(target);
    const settings = { endpoint: server.origin, bucket: "shop-events", region: "eu-central-1", ...AWS_SETTINGS };
    return { ...target, ...server, sink: createS3Sink(settings), env: AWS_ENV };
  },
};
