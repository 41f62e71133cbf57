import type { Command } from "../command-line/command.ts";
import { configCheck } from "./config-check.ts";
import { dev } from "./dev.ts";
import { ship } from "./ship.ts";
import { test } from "./test.ts";

/** All commands of `tidemark`. */
export const commands: readonly Command[] = [configCheck, dev, test, ship];
