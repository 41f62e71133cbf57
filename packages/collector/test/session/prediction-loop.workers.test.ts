import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type Env, sessionOf } from "../../src/env.ts";
import { meter } from "../../src/metrics/isolate-meter.ts";
import { PredictionLoop } from "../../src/session/prediction-loop.ts";
import type { StoredSession } from "../../src/session/row.ts";
import { SessionStore } from "../../src/session/store.ts";
import { restoreSession } from "../../src/session/stored-session.ts";
import { accept, batchFor, custom, newSession, SECRET } from "../workers/client.ts";
import { kserve, serveModels } from "../workers/model-server.ts";
import { tenant } from "../workers/worker.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

const bindings = env as unknown as Env;
const lake = tenant("lake");

interface Events {
  /** The server of models is asked. */
  onAsked?(stored: StoredSession): void;
  /** The predictions are stored. */
  onStored?(): Promise<void>;
}

/** Lets a loop run a model on a server, and an embedded one. Returns the models of the predictions that it has counted. */
const countedBy = async ({ onAsked, onStored }: Events): Promise<string[]> => {
  const session_id = newSession("lake");
  serveModels(kserve);
  await accept(batchFor("lake", [custom(0)], { session_id, session_secret: SECRET }));
  const counted: string[] = [];
  await runInDurableObject(sessionOf(bindings, lake, session_id), async (_, state) => {
    // The object's own loop has predicted.
    const { store, stored } = await vi.waitFor(() => {
      const store = new SessionStore(state.storage, (read) => restoreSession(read, lake.definitions));
      const stored = store.load();
      if (!stored?.predictions?.latest.served) throw new Error("the server has not predicted yet");
      return { store, stored };
    });
    // Now neither the embedded model nor that on a server has predicted.
    delete stored.predictions;
    vi.restoreAllMocks();
    vi.spyOn(console, "error").mockReturnValue();
    serveModels((asked) => {
      onAsked?.(stored);
      return kserve(asked);
    });
    vi.spyOn(meter, "count").mockImplementation((family, labels) => {
      const { site, model } = labels as { site: string; model: string };
      if (family === "tidemark_predictions_total" && site === "copy") counted.push(model);
    });
    // The object's own loop may count later.
    const copy = { ...lake, site: { ...lake.site, id: "copy" } };
    await new PredictionLoop(store, state, bindings, new Map([["lake", copy]]), () => onStored?.()).run();
  });
  return counted;
};

describe("the loop of predictions counts", () => {
  it("those that it has made at once, also if consent is withdrawn while a server predicts", async () => {
    const onAsked = (stored: StoredSession) => {
      stored.consent = { measurement: "granted", personalisation: "denied" };
    };
    expect(await countedBy({ onAsked })).toEqual(["after"]);
  });

  it("those that are stored, also if they cannot be pushed then", async () => {
    const onStored = () => Promise.reject(new Error("no alarm can be set"));
    // The embedded model predicts again with the prediction of the server.
    expect(await countedBy({ onStored })).toEqual(["after", "served", "after"]);
  });
});
