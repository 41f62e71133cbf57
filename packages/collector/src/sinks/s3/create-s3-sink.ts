import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import type { TargetResponse } from "../../target-response.ts";
import { credentialsOf } from "../aws/credentials.ts";
import { sendSigned } from "../aws/signed-request.ts";
import { jsonBody } from "../json-body.ts";
import { withCause } from "../refusing-status.ts";
import { retry } from "../retry.ts";
import type { Cut, Sink, SinkContext, SinkOutcome } from "../sink.ts";
import { EVERY_SECONDS, type S3Settings } from "./settings.ts";

/** Largest cut: one object has all of its records. */
const LIMITS = { records: 20_000, bytes: 4_000_000 };

/** The code of an error in the storage's response, such as `NoSuchBucket`. */
const codeOf = ({ text }: TargetResponse): string | undefined => /<Code>([\w.]{1,80})<\/Code>/.exec(text)?.[1];

/** The outcome of a request. Nothing is refused: the storage does not read records, so a failure is one of its settings. */
const outcomeOf = (response: TargetResponse): SinkOutcome => {
  const { status, afterMs } = response;
  // With 412 the object exists already: an earlier attempt has written the same one.
  if ((status >= 200 && status < 300) || status === 412) return { type: "delivered" };
  const reason = [`the storage responded with status ${status}`, codeOf(response)].filter(Boolean).join(": ");
  if (status === 501) return retry(`${reason}; it has to support If-None-Match`, afterMs);
  return retry(withCause(reason, status), afterMs);
};

/**
 * Name of the object of a cut. It has the id and the time of the cut, which are the same at each attempt. A replay cuts at
 * another time, so its objects replace none.
 */
const keyOf = (prefix: string, { id, at }: Cut, { site, partition }: SinkContext): string => {
  const range = id.slice(id.lastIndexOf("/") + 1);
  const folder = prefix === "" || prefix.endsWith("/") ? prefix : `${prefix}/`;
  return `${folder}site=${site}/dt=${new Date(at).toISOString().slice(0, 10)}/${partition}-${range}-${at}.ndjson.gz`;
};

/**
 * The sink of S3-compatible storage. Each cut is one object, which is written only if there is none of its name. So each record
 * is in the storage once, whatever is repeated.
 */
export const createS3Sink = (settings: S3Settings): Sink => {
  const { bucket, region, everySeconds = EVERY_SECONDS, prefix = "" } = settings;
  const base = `${settings.endpoint.replace(/\/+$/, "")}/${bucket}`;
  return {
    limits: LIMITS,
    gatherMs: everySeconds * 1_000,
    async attempt(cut, _, context) {
      const { records, pending } = cut;
      const credentials = credentialsOf(settings, context.env);
      if (typeof credentials === "string") return { outcomes: pending.map(() => retry(credentials)) };
      const lines = pending.flatMap((index) => records[index] ?? []).map((record) => `${jsonBody(record)}\n`);
      const body = new Uint8Array(gzipSync(lines.join("")));
      const headers = {
        "content-type": "application/gzip",
        "if-none-match": "*",
        "x-amz-content-sha256": createHash("sha256").update(body).digest("hex"),
      };
      // Some storage signs the path as it is sent, so it is sent as it is signed: with `=` encoded.
      const path = keyOf(prefix, cut, context).split("/").map(encodeURIComponent).join("/");
      const url = `${base}/${path}`;
      const service = { service: "s3", region } as const;
      const response = await sendSigned({ method: "PUT", url, headers, body }, service, credentials, context.signal);
      const outcome = "failure" in response ? retry(response.failure) : outcomeOf(response);
      return { outcomes: pending.map(() => outcome) };
    },
  };
};
