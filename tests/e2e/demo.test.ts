import { once } from "node:events";
import { createServer } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { type Started, start } from "./start.ts";

let demo: Started | undefined;
afterEach(() => demo?.stop());

const startDemo = async () => {
  demo = await start("scripts/demo.ts");
  return demo;
};

const answers = (url: string) =>
  fetch(url).then(
    (response) => response.status,
    () => "nobody",
  );

const link = (said: string, what: string) => new RegExp(`${what} +(http://localhost:\\d+\\S*)`).exec(said)?.[1] ?? "";

describe("pnpm demo", () => {
  it.each(["SIGINT", "SIGTERM"] as const)(
    "prints links that work, and on %s stops everything that it started",
    async (signal) => {
      const { child, said } = await startDemo();
      const [site, collector] = [link(said, "Example site"), link(said, "Collector")];
      expect([await answers(site), await answers(collector)]).toEqual([200, 200]);
      expect(await (await fetch(site)).text()).toContain(`${new URL(collector).origin}/tidemark.js`);
      expect(await (await fetch(`${new URL(collector).origin}/tidemark.js`)).text()).toContain("/v1/events");
      const exit = once(child, "exit");
      child.kill(signal);
      expect(await exit).toEqual([0, null]);
      expect([await answers(site), await answers(collector)]).toEqual(["nobody", "nobody"]);
    },
  );

  it("says clearly that a port is busy and takes another one", async () => {
    const squatter = createServer().listen(8787, "127.0.0.1");
    await once(squatter, "listening");
    try {
      const { said } = await startDemo();
      const collector = new URL(link(said, "Collector")).origin;
      expect(said).toContain(`Port 8787 is busy. The collector runs at ${collector} instead.`);
      expect(await (await fetch(link(said, "Example site"))).text()).toContain(`src="${collector}/tidemark.js"`);
    } finally {
      squatter.close();
    }
  });
});
