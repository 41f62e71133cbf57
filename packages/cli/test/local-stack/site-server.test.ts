import { connect } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import getPort from "get-port";
import { describe, expect, it, onTestFinished } from "vitest";
import { serveSite } from "../../src/local-stack/site-server.ts";
import { temporaryFolder } from "../temporary-folder.ts";

const COLLECTOR = "http://localhost:4321";

const serve = async (isPublic = false) => {
  const home = temporaryFolder({
    "secret.html": "secret",
    "site/index.html": '<script src="http://localhost:8787/tidemark.js">',
    "site/shop/index.html": "<p>shop</p>",
    "site/style.css": "/* http://localhost:8787 */",
  });
  const port = await getPort();
  const site = await serveSite(join(home, "site"), { port, collector: COLLECTOR, isPublic });
  onTestFinished(() => site.stop());
  return { ...site, port, get: async (path: string) => (await fetch(`${site.origin}${path}`)).text() };
};

/** The answer to a request as it is written here: `fetch` would put the path in order first. */
const ask = async (port: number, path: string, host: string) => {
  const socket = connect(port, "127.0.0.1");
  socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
  return text(socket);
};

describe("the server of a site", () => {
  it("sends pages with the collector's real origin, and other files as they are", async () => {
    const { get } = await serve();
    expect(await get("/")).toBe(`<script src="${COLLECTOR}/tidemark.js">`);
    expect(await get("/index.html")).toBe(`<script src="${COLLECTOR}/tidemark.js">`);
    expect(await get("/shop/")).toBe("<p>shop</p>");
    expect(await get("/style.css")).toBe("/* http://localhost:8787 */");
    expect(await get("/nowhere.html")).toBe("not found");
  });

  it("points pages to the collector at the host that the browser used, when it listens on all interfaces", async () => {
    const { port } = await serve(true);
    expect(await ask(port, "/", `192.168.1.7:${port}`)).toContain('src="http://192.168.1.7:4321/tidemark.js"');
    expect(await ask(port, "/", `localhost:${port}`)).toContain('src="http://localhost:4321/tidemark.js"');
  });

  it.each(["/../secret.html", "/%2e%2e/secret.html", "/..%2fsecret.html", "/%2e%2e%2fsecret.html", "/%zz"])(
    "serves nothing outside of its folder: %s",
    async (path) => {
      const { port } = await serve();
      const answer = await ask(port, path, "localhost");
      expect(answer).toMatch(/^HTTP\/1.1 40[04] /);
      expect(answer).not.toContain("secret");
    },
  );
});
