import {
  clicks,
  createTracker,
  dwell,
  elementDwell,
  overWebSocket,
  pageViews,
  reactions,
  type Tracker,
  type TrackerOptions,
} from "@tidemark/sdk";
import { TidemarkProvider, useDwell, useFeatures, useReaction, useTrack, useTracker } from "@tidemark/sdk/react";
import { type ReactNode, Suspense, useEffect, useLayoutEffect, useRef, useState, useTransition } from "react";

interface SceneProps {
  collector: string;
  session: string;
}

const optionsFor = ({ collector, session }: SceneProps): TrackerOptions => ({
  key: "tm_demo_3f9c1e7ab2d84056",
  endpoint: collector,
  sessionId: session,
  signals: [pageViews(), clicks(), dwell(), elementDwell()],
});

/** Sets `window.tracker` for the tests. */
const ExposeTracker = () => {
  const tracker = useTracker();
  useEffect(() => {
    Object.assign(window, { tracker });
  }, [tracker]);
  return null;
};

const WithProvider = ({ children, ...props }: SceneProps & { children?: ReactNode }) => (
  <TidemarkProvider options={optionsFor(props)}>
    <ExposeTracker />
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

const basic = (props: SceneProps) => (
  <WithProvider {...props}>
    <TrackButton />
  </WithProvider>
);

const Effects = () => {
  const track = useTrack();
  useLayoutEffect(() => track("laid out"), [track]);
  useEffect(() => {
    track("mounted");
    return () => track("unmounted");
  }, [track]);
  return null;
};

const effects = (props: SceneProps) => (
  <WithProvider {...props}>
    <Effects />
  </WithProvider>
);

/** The state that {@link Waiting} waits for, by name. */
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

/** A component that suspends until `window.ready(name)` is called. */
const Waiting = ({ name }: { name: string }) => {
  const wait = waitFor(name);
  if (!wait.isReady) throw wait.promise;
  return <p id={name}>Ready</p>;
};
Object.assign(globalThis, { ready: (name: string) => waitFor(name).end() });

/** Suspends around the provider, so that React discards its first render. */
const suspended = (props: SceneProps) => (
  <Suspense fallback={<p id="fallback">Waiting</p>}>
    <WithProvider {...props}>
      <Waiting name="content" />
    </WithProvider>
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

const transition = (props: SceneProps) => (
  <WithProvider {...props}>
    <Tabs />
  </WithProvider>
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

const remount = (props: SceneProps) => <Switch id="switch">{basic(props)}</Switch>;

/** Replaces the provider by another one with its own options, in one commit of React. */
const Replaced = ({ session, ...props }: SceneProps) => {
  const [id, setId] = useState(session);
  return (
    <>
      <button id="replace" type="button" onClick={() => setId(`${session}-next`)}>
        Replace
      </button>
      <WithProvider key={id} session={id} {...props}>
        <TrackButton />
      </WithProvider>
    </>
  );
};

const replaced = (props: SceneProps) => <Replaced {...props} />;

let existing: Tracker | undefined;
const fromApp = (props: SceneProps) => {
  existing ??= createTracker(optionsFor(props));
  return (
    <Switch id="switch">
      <TidemarkProvider tracker={existing}>
        <ExposeTracker />
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

const dwelling = (props: SceneProps) => (
  <WithProvider {...props}>
    <p id="unmeasured">Text</p>
    <Switch id="switch">
      <Measured />
    </Switch>
  </WithProvider>
);

const Offer = ({ name }: { name: string }) => {
  const offer = useReaction(name);
  useEffect(() => offer?.shown(), [offer]);
  return (
    <p id={name}>
      {offer ? `${offer.payload.text}` : "nothing"}
      <button id={`${name}-act`} type="button" onClick={() => offer?.acted("accepted")}>
        Accept
      </button>
      <button id={`${name}-dismiss`} type="button" onClick={() => offer?.dismissed()}>
        Close
      </button>
    </p>
  );
};

/** Shows two reactions: `chat` at once, and `discount` after a click. */
const Reacting = (props: SceneProps) => {
  const [isOpen, setOpen] = useState(false);
  return (
    <TidemarkProvider options={{ ...optionsFor(props), reactions }}>
      <ExposeTracker />
      <TrackButton />
      <button id="open" type="button" onClick={() => setOpen(!isOpen)}>
        Open
      </button>
      <Offer name="chat" />
      {isOpen && <Offer name="discount" />}
    </TidemarkProvider>
  );
};

const reacting = (props: SceneProps) => <Reacting {...props} />;

const Features = ({ id, isFollowed = false }: { id: string; isFollowed?: boolean }) => {
  const { features, error } = useFeatures({ live: isFollowed });
  return (
    <p id={id}>
      {`${features ? `${features.click_count} clicks, ${features.custom_event_count} reports` : "nothing yet"}${error ? `, ${error}` : ""}`}
    </p>
  );
};

const live = (props: SceneProps) => (
  <WithProvider {...props}>
    <TrackButton />
    <Switch id="switch">
      <Features id="one" />
      <Features id="two" />
    </Switch>
  </WithProvider>
);

const followed = (props: SceneProps) => (
  <TidemarkProvider options={{ ...optionsFor(props), sendWithin: 0, follow: overWebSocket }}>
    <ExposeTracker />
    <TrackButton />
    <Switch id="switch">
      <Features id="one" isFollowed />
      <Features id="two" isFollowed />
    </Switch>
  </TidemarkProvider>
);

const Consent = () => {
  const tracker = useTracker();
  return (
    <button id="agree" type="button" onClick={() => tracker.consent("granted")}>
      Agree
    </button>
  );
};

const withoutConsent = (props: SceneProps) => (
  <TidemarkProvider options={{ ...optionsFor(props), consent: "pending" }}>
    <ExposeTracker />
    <Consent />
    <Features id="one" />
  </TidemarkProvider>
);

const withoutProvider = () => (
  <>
    <ExposeTracker />
    <TrackButton />
    <Features id="one" />
  </>
);

/** The scenes that the tests render. */
export const scenes = {
  basic,
  effects,
  suspended,
  transition,
  remount,
  replaced,
  fromApp,
  dwelling,
  live,
  followed,
  reacting,
  withoutConsent,
  withoutProvider,
};
