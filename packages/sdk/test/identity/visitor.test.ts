import { SESSION_IDLE_MS, SESSION_MAX_MS } from "@tidemark/schema/limits";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Identity } from "../../src/identity/visitor.ts";

const KEY = "tm_shop_12345678";

/** What a tab may not know of others yet, in milliseconds. */
const STALE_MS = 5_000;

/** The origin's storage, which takes nothing more once it `isFull`. */
const createStorage = () => {
  const items = new Map<string, string>();
  return {
    isFull: false,
    getItem: (name: string) => items.get(name) ?? null,
    setItem(name: string, value: string) {
      if (this.isFull) throw new DOMException("full", "QuotaExceededError");
      items.set(name, value);
    },
    removeItem: (name: string) => void items.delete(name),
  };
};

let storage: ReturnType<typeof createStorage>;
let openTab: (given?: string) => Identity;
let time = 0;

beforeEach(async () => {
  storage = createStorage();
  vi.stubGlobal("window", { localStorage: storage });
  vi.useFakeTimers({ toFake: ["performance"] });
  vi.resetModules();
  const [{ createIdentity }, { now }] = await Promise.all([
    import("../../src/identity/visitor.ts"),
    import("../../src/sensors/clock.ts"),
  ]);
  openTab = (given) => createIdentity(KEY, `tidemark.${KEY}`, given);
  time = now();
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const pass = (ms: number) => {
  vi.advanceTimersByTime(ms);
  time += ms;
};
const visitorIn = ({ visitorAt }: Identity) => visitorAt(time);

describe("the session of a visitor", () => {
  it("ends when no tab had an event for half an hour, or after a day, and not before, whichever tabs are used", () => {
    const step = fc.record({
      tab: fc.nat(2),
      ms: fc.oneof(
        fc.nat(STALE_MS),
        fc.integer({ min: 0, max: SESSION_IDLE_MS }),
        fc.constantFrom(SESSION_IDLE_MS - STALE_MS, SESSION_IDLE_MS + 1, SESSION_IDLE_MS * 2),
      ),
    });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 120 }), (steps) => {
        storage.removeItem(`tidemark.${KEY}`);
        const tabs = [openTab(), openTab(), openTab()];
        let before: { id: string; seen: number; began: number } | undefined;
        const anonymous = new Set<string>();
        for (const { tab, ms } of steps) {
          pass(ms);
          const { session_id, anonymous_id } = visitorIn(tabs[tab] as Identity);
          anonymous.add(anonymous_id);
          const isSame = session_id === before?.id;
          if (before) {
            const silence = time - before.seen;
            const age = time - before.began;
            // What others did in the last seconds before the limit a tab may not have heard of.
            if (silence <= SESSION_IDLE_MS - STALE_MS && age <= SESSION_MAX_MS - STALE_MS) expect(isSame).toBe(true);
            if (silence > SESSION_IDLE_MS || age > SESSION_MAX_MS) expect(isSame).toBe(false);
          }
          before = { id: session_id, seen: time, began: isSame && before ? before.began : time };
        }
        expect(anonymous.size).toBe(1);
      }),
    );
  });

  it("names its site, and is the page's own where that gave one", () => {
    expect(visitorIn(openTab()).session_id).toMatch(/^shop\./);
    const own = openTab("own-session");
    const first = visitorIn(own);
    pass(SESSION_IDLE_MS * 3);
    expect(visitorIn(own)).toEqual(first);
    expect(first.session_id).toBe("own-session");
  });
});

describe("who is visiting", () => {
  it("is the same in all tabs a moment after somebody has logged in or out in one", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            tab: fc.nat(2),
            does: fc.constantFrom("nothing", "event", "log in", "log out"),
            ms: fc.constantFrom(0, 1, 1_000, STALE_MS + 1),
          }),
          { maxLength: 60 },
        ),
        (steps) => {
          storage.removeItem(`tidemark.${KEY}`);
          const tabs = [openTab(), openTab(), openTab()];
          let user: string | undefined;
          const usersBefore = new Set<string>();
          for (const { tab, does, ms } of steps) {
            const { identify, forget } = tabs[tab] as Identity;
            // As a tracker does: what is said is said of whoever is visiting.
            const visitor = does === "nothing" ? undefined : visitorIn(tabs[tab] as Identity);
            if (does === "log in") {
              user = `user-${time}`;
              identify(user);
            } else if (does === "log out" && visitor) {
              user = undefined;
              usersBefore.add(visitor.anonymous_id);
              forget();
            }
            pass(ms);
          }
          pass(STALE_MS + 1);
          const [first, ...others] = tabs.map(visitorIn);
          for (const other of others) expect(other).toEqual(first);
          expect(first?.user_id).toBe(user);
          expect(usersBefore).not.toContain(first?.anonymous_id);
        },
      ),
    );
  });

  it("stays one in a tab whose storage takes nothing more, whatever is left in there", () => {
    const tab = openTab();
    visitorIn(tab);
    pass(SESSION_IDLE_MS + 1);
    storage.isFull = true;
    const session = visitorIn(tab).session_id;
    for (let each = 0; each < 10; each += 1) {
      pass(STALE_MS + 1);
      expect(visitorIn(tab).session_id).toBe(session);
    }
  });
});
