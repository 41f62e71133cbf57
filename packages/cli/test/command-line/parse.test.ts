import { describe, expect, it } from "vitest";
import { defineCommand } from "../../src/command-line/command.ts";
import { formatHelp } from "../../src/command-line/help.ts";
import { parseCommandLine } from "../../src/command-line/parse.ts";

const serve = defineCommand({
  name: "serve",
  summary: "Serves a folder.",
  flags: { host: { description: "Listens everywhere." }, port: { value: "<port>", description: "The port." } },
  examples: [["serve --port 80", "On the usual port."]],
  run: async () => 0,
});

const greet = defineCommand({
  ...{ name: "greet", summary: "Greets.", flags: {}, examples: [["greet ann", "One."]], run: async () => 0 },
  positionals: { placeholder: "[name …]", description: "Names.", choices: { ann: "The first.", bob: "The second." } },
  rest: { placeholder: "[-- word …]", description: "Further words." },
});

describe("parseCommandLine", () => {
  it("parses flags, positional arguments and the arguments after --", () => {
    const empty = { isHelp: false, values: {}, positionals: [], rest: [] };
    expect(parseCommandLine(serve, [])).toEqual(empty);
    expect(parseCommandLine(serve, ["--host", "--port", "80"])).toEqual({
      ...empty,
      values: { host: true, port: "80" },
    });
    expect(parseCommandLine(serve, ["--port=80"])).toEqual({ ...empty, values: { port: "80" } });
    expect(parseCommandLine(greet, ["ann", "bob"])).toEqual({ ...empty, positionals: ["ann", "bob"] });
    const withRest = { ...empty, positionals: ["ann"], rest: ["--loud", "eve"] };
    expect(parseCommandLine(greet, ["ann", "--", "--loud", "eve"])).toEqual(withRest);
    expect(parseCommandLine(greet, ["-h"])).toEqual({ ...empty, isHelp: true });
  });

  it.each([
    ["--prot", "serve has no flag --prot; expected --host, --port, --help."],
    ["-p", "serve has no flag -p; expected --host, --port, --help."],
    ["--constructor", "serve has no flag --constructor; expected --host, --port, --help."],
    ["here", 'serve takes no arguments; given "here". Its flags: --host, --port, --help.'],
    ["--port", "--port needs a value: --port <port>."],
    ["--port --host", "--port needs a value: --port <port>."],
    ["-- here", 'serve takes no arguments; given "here". Its flags: --host, --port, --help.'],
    ["--host=yes", '--host takes no value; given "yes".'],
  ])("rejects and names an invalid flag or argument: serve %s", (line, message) => {
    expect(() => parseCommandLine(serve, line.split(" "))).toThrow(message);
  });

  it("rejects an unknown argument and lists the accepted ones", () => {
    expect(() => parseCommandLine(greet, ["eve"])).toThrow('greet does not accept "eve"; expected ann, bob.');
  });
});

describe("formatHelp", () => {
  it("shows the usage, the effect of each flag, and an example", () => {
    expect(formatHelp(serve)).toBe(`Serves a folder.

Usage:
  serve [--host] [--port <port>]

Flags:
  --host          Listens everywhere.
  --port <port>   The port.
  --help          Prints this text.

Examples:
  serve --port 80   On the usual port.`);
  });

  it("shows the accepted arguments, and the arguments after --", () => {
    expect(formatHelp(greet)).toContain(`Usage:
  greet [name …] [-- word …]

Arguments:
  [name …]      Names.
  [-- word …]   Further words.

Names:
  ann   The first.
  bob   The second.

Flags:
  --help   Prints this text.`);
  });
});
