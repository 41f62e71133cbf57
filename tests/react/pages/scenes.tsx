import {
  clicks,
  createTracker,
  dwell,
  elementDwell,
  pageViews,
  type Tracker,
  type TrackerOptions,
} from "@tidemark/sdk";
import { TidemarkProvider, useDwell, useFeatures, useTrack, useTracker } from "@tidemark/sdk/react";
import { type ReactNode, Suspense, useEffect, useLayoutEffect, useRef, useState, useTransition } from "react";

interface Where {
  collector: string;
  session: string;
}

const optionsFor = ({ collector, session }: Where): TrackerOptions => ({
  key: "tm_demo_3f9c1e7ab2d84056",
  endpoint: collector,
  sessionId: session,
  signals: [pageViews(), clicks(), dwell(), elementDwell()],
});

/** Puts the tracker in `window.tracker`, where tests find it. */
const Exposed = () => {
  const tracker = useTracker();
  useEffect(() => {
    Object.assign(window, { tracker });
  }, [tracker]);
  return null;
};

const Provided = ({ children, ...where }: Where & { children?: ReactNode }) => (
  <TidemarkProvider options={optionsFor(where)}>
    <Exposed />
    {children}
  </TidemarkProvider>
);

const TrackButton = () => {
  const track = useTrack();
  return (
    <button id="track" type="button" onClick={() => track("pressed")}>
      Track
    </button>
  );
};

const visit = (where: Where) => (
  <Provided {...where}>
    <TrackButton />
  </Provided>
);

const Effects = () => {
  const track = useTrack();
  useLayoutEffect(() => track("laid out"), [track]);
  useEffect(() => {
    track("seen");
    return () => track("gone");
  }, [track]);
  return null;
};

const effects = (where: Where) => (
  <Provided {...where}>
    <Effects />
  </Provided>
);

/** What {@link Waiting} waits for, by its name. */
interface Wait {
  isReady: boolean;
  promise: Promise<void>;
  end(): void;
}

const waits = new Map<string, Wait>();
const waitFor = (name: string): Wait => {
  const known = waits.get(name);
  if (known) return known;
  let resolve = () => {};
  const wait: Wait = {
    isReady: false,
    promise: new Promise((done) => {
      resolve = done;
    }),
    end() {
      wait.isReady = true;
      resolve();
    },
  };
  waits.set(name, wait);
  return wait;
};

/** A component that suspends before `window.ready(name)` is called. */
const Waiting = ({ name }: { name: string }) => {
  const wait = waitFor(name);
  if (!wait.isReady) throw wait.promise;
  return <p id={name}>Ready</p>;
};
Object.assign(globalThis, { ready: (name: string) => waitFor(name).end() });

/** Suspends around the provider, so that what React rendered of it at first is thrown away. */
const suspended = (where: Where) => (
  <Suspense fallback={<p id="fallback">Waiting</p>}>
    <Provided {...where}>
      <Waiting name="content" />
    </Provided>
  </Suspense>
);

const Tabs = () => {
  const [tab, setTab] = useState("first");
  const [, startTransition] = useTransition();
  return (
    <>
      <button id="next" type="button" onClick={() => startTransition(() => setTab("second"))}>
        Next
      </button>
      <Suspense fallback={<p id="fallback">Waiting</p>}>
        <Waiting name={tab} />
      </Suspense>
    </>
  );
};

const transition = (where: Where) => (
  <Provided {...where}>
    <Tabs />
  </Provided>
);

const Switch = ({ id, children }: { id: string; children: ReactNode }) => {
  const [isOn, setOn] = useState(true);
  return (
    <>
      <button id={id} type="button" onClick={() => setOn(!isOn)}>
        Switch
      </button>
      {isOn && children}
    </>
  );
};

const remount = (where: Where) => <Switch id="switch">{visit(where)}</Switch>;

let existing: Tracker | undefined;
const given = (where: Where) => {
  existing ??= createTracker(optionsFor(where));
  return (
    <Switch id="switch">
      <TidemarkProvider tracker={existing}>
        <Exposed />
        <TrackButton />
      </TidemarkProvider>
    </Switch>
  );
};

const Measured = () => {
  const ref = useRef<HTMLElement>(null);
  const [count, setCount] = useState(0);
  useDwell(ref);
  return (
    <section ref={ref} id={count < 10 ? "measured" : "other"} key={count < 10 ? "measured" : "other"}>
      <button id="render" type="button" onClick={() => setCount(count + 1)}>
        Rendered {count} times
      </button>
    </section>
  );
};

const dwelling = (where: Where) => (
  <Provided {...where}>
    <p id="unmeasured">Text</p>
    <Switch id="switch">
      <Measured />
    </Switch>
  </Provided>
);

const Features = ({ id }: { id: string }) => {
  const { features, error } = useFeatures();
  return (
    <p id={id}>
      {`${features ? `${features.click_count} clicks, ${features.custom_event_count} reports` : "nothing yet"}${error ? `, ${error}` : ""}`}
    </p>
  );
};

const live = (where: Where) => (
  <Provided {...where}>
    <TrackButton />
    <Switch id="switch">
      <Features id="one" />
      <Features id="two" />
    </Switch>
  </Provided>
);

const Consent = () => {
  const tracker = useTracker();
  return (
    <button id="agree" type="button" onClick={() => tracker.consent("granted")}>
      Agree
    </button>
  );
};

const asked = (where: Where) => (
  <TidemarkProvider options={{ ...optionsFor(where), consent: "pending" }}>
    <Exposed />
    <Consent />
    <Features id="one" />
  </TidemarkProvider>
);

const alone = () => (
  <>
    <Exposed />
    <TrackButton />
    <Features id="one" />
  </>
);

/** What the tests render. */
export const scenes = { visit, effects, suspended, transition, remount, given, dwelling, live, asked, alone };
