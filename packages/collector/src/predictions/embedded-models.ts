import type { Env } from "../env.ts";
import { MAX_MODEL_BYTES } from "../models/model.ts";
import type { CompiledModel } from "../tenants.ts";
import { changedSet, type LoadedModel, readFile } from "./model-file.ts";

/** Time after which a file that could not be read from the bucket is read again, in milliseconds. */
const READ_AGAIN_MS = 10_000;

const loaded = new WeakMap<CompiledModel, LoadedModel>();
const loading = new WeakMap<CompiledModel, Promise<LoadedModel>>();
const unreadAt = new WeakMap<CompiledModel, number>();

/** An embedded model whose file was read; `undefined` until then. A file in the configuration is read by the first call. */
export const loadedModel = (version: CompiledModel): LoadedModel | undefined => {
  const existing = loaded.get(version);
  if (existing) return existing;
  const { runs } = version;
  const refused = changedSet(version);
  if (refused === undefined && (runs.type !== "embedded" || runs.key !== undefined)) return undefined;
  const read =
    refused === undefined ? readFile(version, runs.type === "embedded" ? runs.file : undefined) : { refused };
  loaded.set(version, read);
  return read;
};

const readText = (version: CompiledModel, key: string, text: string): LoadedModel => {
  try {
    return readFile(version, JSON.parse(text));
  } catch {
    return { refused: `${key} is not JSON` };
  }
};

const readBucket = async (version: CompiledModel, key: string, { LOG }: Env): Promise<LoadedModel> => {
  if (!LOG) return { refused: "wrangler.toml: no [[r2_buckets]] has the binding LOG, which has the model's file" };
  const object = await LOG.get(key);
  if (!object) return { refused: `the bucket has no object ${key}` };
  if (object.size > MAX_MODEL_BYTES)
    return { refused: `${key} has ${object.size} bytes; expected at most ${MAX_MODEL_BYTES}` };
  const read = readText(version, key, await object.text());
  loaded.set(version, read);
  return read;
};

/** Reads an embedded model, from the bucket if its file is there. A missing file is looked for again after a time. */
export const loadModel = async (version: CompiledModel, env: Env): Promise<LoadedModel> => {
  const existing = loadedModel(version);
  const key = version.runs.type === "embedded" ? version.runs.key : undefined;
  if (existing || key === undefined) return existing ?? { refused: "the model is on a server" };
  const pending = loading.get(version);
  const age = Date.now() - (unreadAt.get(version) ?? 0);
  if (pending && age >= 0 && age < READ_AGAIN_MS) return pending;
  unreadAt.set(version, Date.now());
  const reading = readBucket(version, key, env).catch(
    (error): LoadedModel => ({ refused: `${key} could not be read: ${(error as Error).message}` }),
  );
  loading.set(version, reading);
  return reading;
};
