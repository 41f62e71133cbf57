import type { ModelsResponse, PredictionResponse } from "@tidemark/schema";
import { CommandError } from "../command-line/command-error.ts";
import type { ReaderAddress } from "../log/collector-address.ts";
import { errorOf, noCollector, noResponse } from "../log/collector-errors.ts";

/** A model of a site, as `GET /v1/models` lists it. */
export type ListedModel = ModelsResponse["models"][number];

/** Calls a route with a site's read key. @throws CommandError that says what to do. */
const call = async <Body>({ url, readKey }: ReaderAddress, method: string, path: string): Promise<Body> => {
  const headers = { authorization: `Bearer ${readKey}` };
  const response = await fetch(`${url}${path}`, { method, headers }).catch(noResponse(url));
  if (response.ok) return (await response.json()) as Body;
  const { status } = response;
  const { code, message } = await errorOf(response);
  if (code === undefined) throw noCollector(url, status, message);
  const advice =
    status === 401 ? " Set TIDEMARK_READ_KEY to the value of the secret that readKeySecret of the site names." : "";
  throw new CommandError(`The collector at ${url} responded ${status} ${code}: ${message}${advice}`);
};

/** Lists the models of a site. @throws CommandError */
export const listModels = async (address: ReaderAddress): Promise<ListedModel[]> =>
  (await call<ModelsResponse>(address, "GET", "/v1/models")).models;

/** Predicts for an entity. @throws CommandError */
export const predict = (
  address: ReaderAddress,
  { model, entity, id }: { model: string; entity: string; id: string },
): Promise<PredictionResponse> =>
  call(address, "POST", `/v1/predict/${[model, entity, id].map(encodeURIComponent).join("/")}`);
