import { PUBLIC_KEY } from "@tidemark/schema/keys";
import type { ReadingDetailsOptions } from "../enrichments/reading-details.ts";
import {
  FLAG,
  isBoolean,
  isDuration,
  isFunction,
  isListOfNames,
  isObject,
  isText,
  listProblems,
  RULES,
  type Rule,
} from "../options/rules.ts";
import { ENDPOINT_FORM, resolveEndpoint } from "../options/site.ts";
import type { TrackerOptions } from "../options/tracker-options.ts";
import { Boolean, Object } from "../platform.ts";
import type { PageUrl } from "../sensors/page-definition.ts";
import type { DwellOptions } from "../signals/dwell.ts";
import type { HoverOptions } from "../signals/hovers.ts";
import type { MediaOptions } from "../signals/media.ts";
import type { ScrollDepthOptions } from "../signals/scroll-depth.ts";
import { PAGE_URL } from "./page-url.ts";
import { DEFAULTS, NAMES } from "./parts.ts";

/** The options of signals and enrichments, by name. */
interface SignalOptions {
  hovers?: HoverOptions;
  scrollDepth?: Omit<ScrollDepthOptions, "enrichment">;
  dwell?: DwellOptions;
  media?: MediaOptions;
  readingDetails?: ReadingDetailsOptions;
}

/** The settings in `window.tidemark.config`. The attributes of the tag accept most of them too, and take precedence. */
interface ScriptTagConfig
  extends Partial<Omit<TrackerOptions, "signals" | "compress" | "follow" | "reactions" | "identityStore">> {
  /** Names of signals and enrichments. Default: `pageViews`, `deviceDetails`, `clicks`, `hovers`, `scrollDepth`, `dwell`. */
  signals?: readonly string[];
  /** Whether the page compresses its requests, where the browser can. Default: true. */
  compress?: boolean;
  /** Whether the page takes the site's reactions. Default: false. */
  reactions?: boolean;
  /** The definition of pages: `path`, `hash`, `parameters:` and names, or a function. Default: that of `pageViews`. */
  pageUrl?: string | PageUrl;
  /** Options of signals and enrichments, by name. Default: their own defaults. */
  options?: SignalOptions;
}

/** The complete settings of a tag. Without key and endpoint nothing is measured. */
export type Settings = ScriptTagConfig & Required<Pick<ScriptTagConfig, "signals" | "options">>;

/** Parses the text of an option: a list, a number, a boolean, or the text itself. Other values stay as they are. */
const parse = (accepts: Rule["accepts"], given: unknown): unknown => {
  if (typeof given !== "string") return given;
  if (accepts === isListOfNames) return given.split(/[\s,]+/).filter(Boolean);
  if (accepts === isDuration && /^\d+$/.test(given)) return +given;
  return accepts === isBoolean && /^(true|false|)$/.test(given) ? given !== "false" : given;
};

const TAG_RULES: Record<keyof ScriptTagConfig, Rule> = {
  key: { accepts: isText(PUBLIC_KEY), expected: "a public key like tm_shop_3f9c1e7ab2d84056", fallback: "" },
  endpoint: {
    accepts: (value) => typeof value === "string" && !!resolveEndpoint(value),
    expected: ENDPOINT_FORM,
    fallback: "",
  },
  signals: { accepts: isListOfNames, expected: "a list of names" },
  ...RULES,
  compress: FLAG,
  reactions: FLAG,
  pageUrl: {
    accepts: (value) => isFunction(value) || isText(PAGE_URL)(value),
    expected: "path, hash, or parameters:a,b with the names of parameters",
  },
  options: { accepts: isObject, expected: "an object like { dwell: { idleAfter: 10000 } }" },
};

/** The options that no attribute can set. */
const CONFIG_ONLY = ["options", "beforeSend"];

/** An example value of each option of a signal or enrichment. */
const EXAMPLES: { [S in keyof SignalOptions]-?: Required<NonNullable<SignalOptions[S]>> } = {
  hovers: { intentAfter: 300 },
  scrollDepth: { reportEvery: 1000 },
  dwell: { idleAfter: 5000, reportEvery: 5000 },
  media: { hold: true },
  readingDetails: { milestones: [50] },
};

const attributeOf = (name: string) => `data-${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

/**
 * Combines the settings of a tag, and finds their problems. Each problem names the option, its value and the expected value. Pure.
 *
 * @param attributes The tag's `data-` attributes, by their names in camelCase.
 * @param config `window.tidemark.config`.
 * @param origin The origin that served the tag: the endpoint, unless a setting names another.
 */
export const readSettings = (
  attributes: Record<string, string | undefined>,
  config: object = {},
  origin?: string,
): { settings: Settings; problems: string[] } => {
  const { problems, wrong, unknown } = listProblems();
  const settings: Record<string, unknown> = { endpoint: origin, signals: DEFAULTS, options: {} };
  const names = Object.keys(TAG_RULES);

  const set = (name: string, where: string, given: unknown) => {
    const { accepts, expected, fallback = settings[name] } = TAG_RULES[name as keyof ScriptTagConfig];
    const value = parse(accepts, given);
    settings[name] = accepts(value) ? value : fallback;
    if (!accepts(value)) wrong(where, given, expected);
  };

  for (const [name, value] of Object.entries(config))
    if (names.includes(name)) set(name, `tidemark.config.${name}`, value);
    else unknown(`tidemark.config.${name}`, names);
  for (const name of names)
    if (!CONFIG_ONLY.includes(name) && attributes[name] !== undefined) set(name, attributeOf(name), attributes[name]);
  for (const name of ["key", "endpoint"] as const)
    if (settings[name] === undefined)
      problems.push(`${attributeOf(name)} is missing: write ${TAG_RULES[name].expected}`);

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
