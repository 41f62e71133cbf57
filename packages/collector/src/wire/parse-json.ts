import { invalidJson } from "../errors.ts";

/** Parses a body. @throws HttpError `invalid_json`. */
export const parseJson = (body: string): unknown => {
  try {
    return JSON.parse(body);
  } catch (error) {
    throw invalidJson(error);
  }
};
