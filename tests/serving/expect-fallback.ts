import { expect } from "vitest";
import { FALLBACK } from "./expect-recovery.ts";
import type { ModelDeployment } from "./model-deployment.ts";

/** Expects that a model whose server fails answers with its fallback, and that the log has the server's words. */
export const expectFallback = async (deployment: ModelDeployment, model: string, error: RegExp): Promise<void> => {
  const { id } = await deployment.visit(1);
  expect(await deployment.predict(model, id)).toMatchObject({ value: FALLBACK, fallback: "error" });
  const errors = async () => (await deployment.records(id, model)).map((record) => record.error);
  await expect.poll(errors, { timeout: 20_000 }).toEqual([expect.stringMatching(error)]);
  console.log(...(await errors()));
};
