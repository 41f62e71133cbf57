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

/** Sends a request with this exact path, which `fetch` would normalize, and returns the raw response. */
const rawRequest = async (port: number, path: string, host: string) => {
  const socket = connect(port, "127.0.0.1");
  socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
  return text(socket);
};

describe("serveSite", () => {
  it("inserts the collector's real origin into pages, and serves other files unchanged", async () => {
    const { get } = await serve();
    expect(await get("/")).toBe(`<script src="${COLLECTOR}/tidemark.js">`);
    expect(await get("/index.html")).toBe(`<script src="${COLLECTOR}/tidemark.js">`);
    expect(await get("/shop/")).toBe("<p>shop</p>");
    expect(await get("/style.css")).toBe("/* http://localhost:8787 */");
    expect(await get("/nowhere.html")).toBe("not found");
  });

  it("inserts the collector's origin at the host of the request when it listens on all interfaces", async () => {
    const { port } = await serve(true);
    expect(await rawRequest(port, "/", `192.168.1.7:${port}`)).toContain('src="http://192.168.1.7:4321/tidemark.js"');
    expect(await rawRequest(port, "/", `localhost:${port}`)).toContain('src="http://localhost:4321/tidemark.js"');
  });

  it.each(["/../secret.html", "/%2e%2e/secret.html", "/..%2fsecret.html", "/%2e%2e%2fsecret.html", "/%zz"])(
    "serves no file outside of its folder: %s",
    async (path) => {
      const { port } = await serve();
      const response = await rawRequest(port, path, "localhost");
      expect(response).toMatch(/^HTTP\/1.1 40[04] /);
      expect(response).not.toContain("secret");
    },
  );
});
