import { createHash, createHmac } from "node:crypto";

/** Credentials that the targets of the tests know, and the environment with them. */
const CREDENTIALS = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" };
export const AWS_ENV = {
  AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
  AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
};
export const AWS_SETTINGS = {
  accessKeyIdSecret: "AWS_ACCESS_KEY_ID",
  secretAccessKeySecret: "AWS_SECRET_ACCESS_KEY",
} as const;

const sha256 = (content: string | Uint8Array) => createHash("sha256").update(content).digest("hex");
const hmac = (key: string | Buffer, text: string) => createHmac("sha256", key).update(text).digest();

/**
 * The problem of a request's signature, by the rules of version 4; `undefined` for none. It is computed from the request alone.
 * Each header `x-amz-*` and the host have to be signed. The hash in `x-amz-content-sha256` has to be that of the body, and the
 * path has to be encoded as it is signed.
 */
export const signatureProblem = (
  request: Request,
  body: Uint8Array,
  region: string,
  service: string,
): string | undefined => {
  const form = /^AWS4-HMAC-SHA256 Credential=([^,]+), SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/;
  const [, scope = "", names = "", signature] = form.exec(request.headers.get("authorization") ?? "") ?? [];
  const date = request.headers.get("x-amz-date") ?? "";
  if (signature === undefined || !/^\d{8}T\d{6}Z$/.test(date)) return "no signature";
  const day = date.slice(0, 8);
  if (scope !== `${CREDENTIALS.accessKeyId}/${day}/${region}/${service}/aws4_request`) return `the scope ${scope}`;
  const signed = names.split(";");
  const unsigned = ["host", ...request.headers.keys()].find(
    (name) => (name === "host" || name.startsWith("x-amz-")) && !signed.includes(name),
  );
  if (unsigned) return `the header ${unsigned} is not signed`;
  const hash = request.headers.get("x-amz-content-sha256") ?? sha256(body);
  if (hash !== sha256(body)) return "the hash of the body";
  const url = new URL(request.url);
  const headerOf = (name: string) => (name === "host" ? url.host : request.headers.get(name));
  const path = url.pathname.split("/").map((part) => encodeURIComponent(decodeURIComponent(part)));
  if (path.join("/") !== url.pathname) return "a path that is not encoded";
  const canonical = [
    request.method,
    path.join("/"),
    "",
    ...signed.map((name) => `${name}:${headerOf(name)}`),
    "",
    names,
    hash,
  ];
  const key = [day, region, service, "aws4_request"].reduce<string | Buffer>(
    hmac,
    `AWS4${CREDENTIALS.secretAccessKey}`,
  );
  const text = ["AWS4-HMAC-SHA256", date, scope.slice(scope.indexOf("/") + 1), sha256(canonical.join("\n"))].join("\n");
  return hmac(key, text).toString("hex") === signature ? undefined : "the signature";
};
