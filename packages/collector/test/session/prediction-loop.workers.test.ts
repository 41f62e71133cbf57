import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, expect, it, vi } from "vitest";
import { type Env, sessionOf } from "../../src/env.ts";
import { meter } from "../../src/metrics/isolate-meter.ts";
import { PredictionLoop } from "../../src/session/prediction-loop.ts";
import { SessionStore } from "../../src/session/store.ts";
import { restoreSession } from "../../src/session/stored-session.ts";
import { accept, batchFor, custom, newSession, SECRET } from "../workers/client.ts";
import { kserve, serveModels } from "../workers/model-server.ts";
import { tenant } from "../workers/worker.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

const bindings = env as unknown as Env;

it("counts the predictions that it has made at once, also if consent is withdrawn while a server predicts", async () => {
  const session_id = newSession("lake");
  const lake = tenant("lake");
  serveModels(kserve);
  await accept(batchFor("lake", [custom(0)], { session_id, session_secret: SECRET }));
  const counted: string[] = [];
  await runInDurableObject(sessionOf(bindings, lake, session_id), async (_, state) => {
    const read = () => {
      const store = new SessionStore(state.storage, (stored) => restoreSession(stored, lake.definitions));
      return { store, stored: store.load() };
    };
    // The object's own loop has predicted.
    const { store, stored } = await vi.waitFor(() => {
      const { store, stored } = read();
      if (!stored?.predictions?.latest.served) throw new Error("the server has not predicted yet");
      return { store, stored };
    });
    // Now neither the embedded model nor that on a server has predicted.
    delete stored.predictions;
    vi.restoreAllMocks();
    serveModels((asked) => {
      stored.consent = { measurement: "granted", personalisation: "denied" };
      return kserve(asked);
    });
    vi.spyOn(meter, "count").mockImplementation((family, labels) => {
      const { site, model } = labels as { site: string; model: string };
      if (family === "tidemark_predictions_total" && site === "copy") counted.push(model);
    });
    // The object's own loop may count later.
    const copy = { ...lake, site: { ...lake.site, id: "copy" } };
    await new PredictionLoop(store, state, bindings, new Map([["lake", copy]]), () => undefined).run();
  });
  expect(counted).toEqual(["after"]);
});
