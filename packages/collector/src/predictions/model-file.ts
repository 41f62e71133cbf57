import { type EmbeddedModel, readModel } from "../models/model.ts";
import type { CompiledModel } from "../tenants.ts";

/** A model file after reading: the model, or the reason for which it does not run. */
export type LoadedModel = { model: EmbeddedModel } | { refused: string };

/** The reason for which a version does not run, whatever its file says; `undefined` if it may run. */
export const changedSet = ({ set, setHash, input }: CompiledModel): string | undefined =>
  setHash === undefined || setHash === input.served.hash
    ? undefined
    : `setHash: expected ${setHash}, with which the model was trained; given ${input.served.hash}: a definition of ${set} has changed. Train the model again, or undo the change.`;

/** Reads the content of a version's file. */
export const readFile = (version: CompiledModel, file: unknown): LoadedModel => {
  try {
    const { input, kinds } = version;
    return { model: readModel(file, { ...input.served, features: input.features, kinds }) };
  } catch (error) {
    return { refused: (error as Error).message };
  }
};
