import { AwsClient } from "aws4fetch";
import { type NoResponse, responseOf, type TargetResponse } from "../../target-response.ts";
import type { AwsCredentials } from "./credentials.ts";

/** A request to a service. */
export interface ServiceRequest {
  method: "POST" | "PUT";
  url: string;
  headers: Record<string, string>;
  body: string | Uint8Array<ArrayBuffer>;
}

/**
 * Sends a request once, signed by version 4 of the signatures of AWS. The library would repeat a request by itself, up to ten
 * times. It does not here: the caller decides about repetitions, and knows which records are pending.
 */
export const sendSigned = (
  { url, ...request }: ServiceRequest,
  service: { service: "kinesis" | "s3"; region: string },
  credentials: AwsCredentials,
  signal: AbortSignal,
): Promise<TargetResponse | NoResponse> => {
  const client = new AwsClient({ ...credentials, ...service, retries: 0 });
  return responseOf(() => client.fetch(url, { ...request, redirect: "manual", signal }), signal);
};
