/**
 * A process that runs commands of `tidemark` one after another, each in its folder and environment. The process that
 * started it asks for each by a message, and receives the outcome.
 */
import { tidemark } from "../../src/tidemark.ts";

/** A command to run. */
export interface CommandRequest {
  folder: string;
  args: readonly string[];
  env: NodeJS.ProcessEnv;
}

/** The outcome of a command. */
export interface CommandOutcome {
  code: number;
  stdout: string;
  stderr: string;
}

/** Collects what is written to a stream. Returns a function that ends this, and returns the text. */
const collect = (stream: NodeJS.WriteStream): (() => string) => {
  const { write } = stream;
  let text = "";
  stream.write = (chunk: string | Uint8Array) => {
    text += typeof chunk === "string" ? chunk : Buffer.from(chunk).toString();
    return true;
  };
  return () => {
    stream.write = write;
    return text;
  };
};

const run = async ({ folder, args, env }: CommandRequest): Promise<CommandOutcome> => {
  process.chdir(folder);
  process.env = { ...env };
  process.exitCode = 0;
  const [stdout, stderr] = [collect(process.stdout), collect(process.stderr)];
  await tidemark(args);
  return { stdout: stdout(), stderr: stderr(), code: Number(process.exitCode) };
};

// Each command adds a listener to the streams of its process.
process.stdout.setMaxListeners(0);
process.on("message", async (request: CommandRequest) => process.send?.(await run(request)));
process.on("disconnect", () => process.exit());
