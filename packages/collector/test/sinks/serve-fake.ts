import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** A fake of a target that answers requests. It has the address at which tests reach it. */
export interface Fake {
  url: string;
  handle(request: Request): Promise<Response>;
}

/** Thrown by a fake that has lost the request, or its answer: the connection ends without a response. */
export class LostConnection extends Error {}

/** The text of a request, whatever its content type is. */
export const textOf = async (request: Request): Promise<string> =>
  new TextDecoder().decode(await request.arrayBuffer());

/** Answers requests in place of `fetch`, where no server can listen. */
export const fetchOf =
  ({ handle }: Fake): typeof fetch =>
  (input, init) =>
    handle(new Request(input as string, init as RequestInit));

/** Serves a fake over HTTP. Returns a function that stops it. */
export const serve = async (fake: Fake): Promise<() => Promise<void>> => {
  const server = createServer(async (request, response) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of request) chunks.push(chunk as Uint8Array);
    const body = chunks.length > 0 ? Buffer.concat(chunks) : undefined;
    const { method = "GET", headers } = request;
    try {
      const given = new Request(new URL(request.url ?? "/", fake.url), {
        ...{ method, headers: headers as Record<string, string> },
        ...(body && { body }),
      });
      const answer = await fake.handle(given);
      response.writeHead(answer.status, Object.fromEntries(answer.headers));
      response.end(Buffer.from(await answer.arrayBuffer()));
    } catch {
      response.destroy();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  fake.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(() => resolve()));
  };
};
