import type { LogRecord } from "@tidemark/schema/log";

let records: LogRecord[] = [];

/** The least that a sink can do: writes the same records as JSON, posts them, and reads the response. */
export default {
  async fetch(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (pathname === "/records") records = await request.json();
    if (pathname === "/send") {
      const { url, cuts } = await request.json<{ url: string; cuts: number }>();
      for (let number = 0; number < cuts; number += 1)
        await (await fetch(url, { method: "POST", body: JSON.stringify(records) })).text();
    }
    return new Response("ok");
  },
};
