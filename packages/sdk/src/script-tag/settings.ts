import { SITE_KEY } from "@tidemark/schema/keys";
import type { ReadingDetailsOptions } from "../enrichments/reading-details.ts";
import { isBoolean, isListOfNames, isObject, isText, listProblems, RULES, type Rule } from "../options/rules.ts";
import type { TrackerOptions } from "../options/tracker-options.ts";
import type { DwellOptions } from "../signals/dwell.ts";
import type { HoverOptions } from "../signals/hovers.ts";
import type { MediaOptions } from "../signals/media.ts";
import type { PageViewOptions } from "../signals/page-views.ts";
import type { ScrollDepthOptions } from "../signals/scroll-depth.ts";
import { DEFAULTS, NAMES } from "./parts.ts";

/** Options of signals, by the names of these. */
export interface SignalOptions {
  pageViews?: Omit<PageViewOptions, "enrichments">;
  hovers?: HoverOptions;
  scrollDepth?: Omit<ScrollDepthOptions, "enrichment">;
  dwell?: DwellOptions;
  media?: MediaOptions;
  readingDetails?: ReadingDetailsOptions;
}

/** What a page can say in `window.tidemark.config`, and most of it in the attributes of the tag, which go first. */
interface ScriptTagConfig extends Partial<Omit<TrackerOptions, "signals" | "compress" | "identityStore">> {
  /** Names of what to measure. Default: `pageViews`, `deviceDetails`, `clicks`, `hovers`, `scrollDepth`, `dwell`. */
  signals?: readonly string[];
  /** Options of signals, by their names. Default: those of the signals. */
  options?: SignalOptions;
}

/** What a tag goes by. Nothing is measured without key and endpoint. */
export type Settings = ScriptTagConfig & Required<Pick<ScriptTagConfig, "signals" | "options">>;

/** What an attribute stands for: its text, if nothing else is wanted. */
const read = (accepts: Rule["accepts"], given: unknown): unknown => {
  if (typeof given !== "string") return given;
  if (accepts === isListOfNames) return given.split(/[\s,]+/).filter(Boolean);
  return accepts === isBoolean && /^(true|false|)$/.test(given) ? given !== "false" : given;
};

const TAG_RULES: Record<keyof ScriptTagConfig, Rule> = {
  key: { accepts: isText(SITE_KEY), expected: "a site key like tm_shop_3f9c1e7ab2d84056", fallback: "" },
  endpoint: {
    accepts: isText(/^(https?:\/)?\/[^\s/]\S*$/),
    expected: "a URL like https://collector.example",
    fallback: "",
  },
  signals: { accepts: isListOfNames, expected: "a list of names" },
  ...RULES,
  options: { accepts: isObject, expected: "an object like { dwell: { idleAfter: 10000 } }" },
};

/** What no attribute can say. */
const CONFIG_ONLY = ["options", "beforeSend"];

/** An example of each option that a signal has. */
const EXAMPLES: { [S in keyof SignalOptions]-?: Required<NonNullable<SignalOptions[S]>> } = {
  pageViews: { hash: true },
  hovers: { intentAfter: 300 },
  scrollDepth: { reportEvery: 1000 },
  dwell: { idleAfter: 5000, reportEvery: 5000 },
  media: { hold: true },
  readingDetails: { milestones: [50] },
};

const attribute = (name: string) => `data-${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

/**
 * Puts together what a tag goes by, and says what of it is wrong: each problem names the option, what was given and what to
 * write. Pure.
 *
 * @param attributes The tag's `data-` attributes, by their names in camelCase.
 * @param config `window.tidemark.config`.
 * @param origin Where the tag came from: the endpoint, unless another is named.
 */
export const readSettings = (
  attributes: Record<string, string | undefined>,
  config: object = {},
  origin?: string,
): { settings: Settings; problems: string[] } => {
  const { problems, wrong, unknown } = listProblems();
  const settings: Record<string, unknown> = { endpoint: origin, signals: DEFAULTS, options: {} };
  const names = Object.keys(TAG_RULES);

  const take = (name: string, where: string, given: unknown) => {
    const { accepts, expected, fallback: instead = settings[name] } = TAG_RULES[name as keyof ScriptTagConfig];
    const value = read(accepts, given);
    settings[name] = accepts(value) ? value : instead;
    if (!accepts(value)) wrong(where, given, expected);
  };

  for (const [name, value] of Object.entries(config))
    if (names.includes(name)) take(name, `tidemark.config.${name}`, value);
    else unknown(`tidemark.config.${name}`, names);
  for (const name of names)
    if (!CONFIG_ONLY.includes(name) && attributes[name] !== undefined) take(name, attribute(name), attributes[name]);
  for (const name of ["key", "endpoint"] as const)
    if (settings[name] === undefined) problems.push(`${attribute(name)} is missing: write ${TAG_RULES[name].expected}`);

  const { signals, options } = settings as unknown as Settings;
  for (const name of signals) if (!NAMES.includes(name)) unknown(`data-signals: ${name}`, NAMES);

  const checked: Record<string, object> = {};
  for (const [signal, given] of Object.entries(options)) {
    const where = `tidemark.config.options.${signal}`;
    const examples: Record<string, unknown> | undefined = EXAMPLES[signal as keyof SignalOptions] as never;
    if (!examples) unknown(where, Object.keys(EXAMPLES));
    else
      checked[signal] = Object.fromEntries(
        Object.entries(given ?? {}).filter(([name, value]) => {
          const example = examples[name];
          if (typeof value === typeof example) return example !== undefined;
          if (example === undefined) unknown(`${where}.${name}`, Object.keys(examples));
          else wrong(`${where}.${name}`, value, `a ${typeof example} like ${example}`);
          return false;
        }),
      );
  }
  return { settings: { ...settings, options: checked } as unknown as Settings, problems };
};
