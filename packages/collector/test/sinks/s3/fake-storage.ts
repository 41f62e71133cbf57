import { gunzipSync } from "node:zlib";
import { signatureProblem } from "../aws/signature.ts";

/** Storage with the bucket `shop-events` in eu-central-1, as strict as the service. */
export interface FakeStorage {
  /** Responds to a request, as `fetch` does. */
  fetch(url: string | URL | Request, init?: RequestInit): Promise<Response>;
  /** The texts of the objects by name. */
  objects: Map<string, string>;
  /** Number of requests so far. */
  requests: number;
  /** Replaces the response to the next requests, before or after the object is written. */
  faults: ((write: () => Response) => Response | Promise<Response>)[];
}

/** An error of the storage. */
export const storageError = (code: string, status: number, headers: Record<string, string> = {}): Response =>
  new Response(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>text</Message></Error>`, { status, headers });

export const fakeStorage = (): FakeStorage => {
  const storage: FakeStorage = {
    ...{ objects: new Map(), requests: 0, faults: [] },
    async fetch(url, init) {
      const request = new Request(url, init);
      storage.requests += 1;
      const body = new Uint8Array(await request.arrayBuffer());
      const { headers, method } = request;
      const problem = signatureProblem(request, body, "eu-central-1", "s3");
      if (problem || !headers.has("x-amz-content-sha256")) return storageError("SignatureDoesNotMatch", 403);
      const [, bucket, ...path] = new URL(request.url).pathname.split("/");
      const key = decodeURIComponent(path.join("/"));
      if (bucket !== "shop-events") return storageError("NoSuchBucket", 404);
      if (method !== "PUT" || key === "") return storageError("MethodNotAllowed", 405);
      if (headers.has("content-encoding") || headers.get("if-none-match") !== "*")
        return storageError("BadHeader", 400);
      const write = () => {
        if (storage.objects.has(key)) return storageError("PreconditionFailed", 412);
        storage.objects.set(key, gunzipSync(body).toString());
        return new Response(null, { headers: { etag: '"1"' } });
      };
      const fault = storage.faults.shift();
      return fault ? fault(write) : write();
    },
  };
  return storage;
};
