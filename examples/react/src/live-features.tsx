import { useFeatures } from "@tidemark/sdk/react";

const seconds = (ms: unknown) => `${Math.round(Number(ms ?? 0) / 1000)} s`;

/** What the collector knows of this visit at the moment, for all to see. */
export const LiveFeatures = () => {
  const { features, error } = useFeatures();
  return (
    <footer>
      <h2>What this page knows of you</h2>
      {features && (
        <dl>
          <div>
            <dt>Pages seen</dt>
            <dd id="page-views">{String(features.page_view_count)}</dd>
          </div>
          <div>
            <dt>Time engaged</dt>
            <dd id="engaged">{seconds(features.dwell_ms)}</dd>
          </div>
          <div>
            <dt>Longest look at a first page</dt>
            <dd id="looked">{seconds(features.time_in_sight_ms)}</dd>
          </div>
          <div>
            <dt>Clicks</dt>
            <dd id="clicks">{String(features.click_count)}</dd>
          </div>
          <div>
            <dt>Books put aside</dt>
            <dd id="put-aside">{String(features.custom_event_count)}</dd>
          </div>
        </dl>
      )}
      {error && <p role="status">The collector does not answer: {error.message}</p>}
      {!features && !error && <p>Nothing yet.</p>}
    </footer>
  );
};
