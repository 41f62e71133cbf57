import { hashOf } from "@tidemark/engine";
import { abbreviated } from "../abbreviated.ts";
import { HttpError } from "../errors.ts";
import type { CompiledModel, Tenant } from "../tenants.ts";

/** The role of a version among those of its model. A shadow never answers. */
export type Role = "primary" | "canary" | "shadow";

/** A version that runs for an entity. */
export interface Assigned {
  model: CompiledModel;
  role: Role;
  /** Share of the entities for which the version has this role: 1 for a shadow, and for a primary without canaries. */
  probability: number;
}

/** The versions that run for an entity. */
export interface Assignment {
  answering: Assigned;
  shadows: Assigned[];
}

/** Number of values of `hashOf`. */
const HASHES = 2 ** 53;

/** The role of a version. */
export const roleOf = ({ shadow, canary }: CompiledModel): Role => {
  if (shadow) return "shadow";
  return canary === undefined ? "primary" : "canary";
};

/**
 * The versions of a model that run for an entity. A canary answers for its share of the entities, chosen by a hash of the
 * model's name and the entity: always for the same ones.
 *
 * @throws HttpError `not_found` for an unknown model.
 */
export const assign = ({ models }: Pick<Tenant, "models">, name: string, entity: string, id: string): Assignment => {
  const versions = models.filter((model) => model.name === name);
  const primary = versions.find((model) => roleOf(model) === "primary");
  if (!primary) {
    const names = [...new Set(models.map((model) => model.name))].join(", ") || "none, since the site has no model";
    throw new HttpError("not_found", `There is no model ${JSON.stringify(abbreviated(name))}; expected ${names}.`);
  }
  const shadows = versions
    .filter(({ shadow }) => shadow)
    .map((model): Assigned => ({ model, role: "shadow", probability: 1 }));
  let position = hashOf(`${name}/${entity}/${id}`) / HASHES;
  let rest = 1;
  for (const model of versions) {
    const { canary: share = 0 } = model;
    if (position >= 0 && position < share) return { answering: { model, role: "canary", probability: share }, shadows };
    position -= share;
    rest -= share;
  }
  return { answering: { model: primary, role: "primary", probability: rest }, shadows };
};
