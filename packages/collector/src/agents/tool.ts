import type { z } from "zod";
import type { PredictionReader } from "../serving/predictions.ts";

/** A tool that an agent calls. It only reads. */
export interface Tool<Input extends z.ZodObject = z.ZodObject> {
  /** In snake_case. */
  name: string;
  title: string;
  /** Purpose, result and next step, for an agent. */
  description: string;
  /** The arguments, each with a description. */
  input: Input;
  /**
   * Runs the tool for the site of a reader.
   *
   * @returns An object for JSON, or a text. Its texts of pages are safe: see `pageText`.
   * @throws HttpError
   */
  run(reader: PredictionReader, given: z.infer<Input>): Promise<object | string>;
}

/** Types the arguments of a tool, and returns it unchanged. */
export const defineTool = <Input extends z.ZodObject>(tool: Tool<Input>): Tool<Input> => tool;
