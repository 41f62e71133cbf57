import { expect } from "vitest";
import type { ModelDeployment } from "./model-deployment.ts";

/** The prediction of the models in place of that of a server that is down. */
export const FALLBACK = -1;

/** The server that the models run on. */
interface Server {
  kill(): Promise<void>;
  restart(): Promise<void>;
}

const LONG = { timeout: 60_000, interval: 500 };

/**
 * Expects the fallback in place of a server that is killed in the middle of a visit, on demand and on change. The model
 * answers again by itself once the server is back.
 *
 * @param onDemand A model that runs on demand, and `onChange` one that runs on change. Both have {@link FALLBACK}.
 */
export const expectRecovery = async (
  deployment: ModelDeployment,
  server: Server,
  { onDemand, onChange }: { onDemand: string; onChange: string },
): Promise<void> => {
  const { id, click } = await deployment.visit(1);
  const latest = async () => (await deployment.vector(id)).predictions?.[onChange]?.value;
  await expect.poll(latest, LONG).toBeGreaterThan(0);
  expect(await deployment.predict(onDemand, id)).toMatchObject({ fallback: null });

  await server.kill();
  await click();
  await expect.poll(latest, LONG).toBe(FALLBACK);
  const outcomes: unknown[] = [];
  for (let call = 0; call < 8; call += 1) {
    const { value, fallback } = await deployment.predict(onDemand, id);
    expect(value).toBe(FALLBACK);
    outcomes.push(fallback);
  }
  expect(outcomes).toContain("error");
  expect(outcomes.at(-1)).toBe("open");

  await server.restart();
  const isBack = async () => (await deployment.predict(onDemand, id)).fallback;
  await expect.poll(isBack, LONG).toBe(null);
  const clickAndRead = async () => {
    await click();
    return latest();
  };
  await expect.poll(clickAndRead, LONG).toBeGreaterThan(0);

  const records = async () => (await deployment.records(id, onChange)).map(({ fallback }) => fallback);
  await expect.poll(records, LONG).toEqual(expect.arrayContaining([null, "error"]));
  const [explained] = await deployment.records(id, onChange);
  expect(explained).toMatchObject({ reader: "session", entity: "session", set: { name: "purchase_intent" } });
};
