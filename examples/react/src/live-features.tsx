import { useFeatures } from "@tidemark/sdk/react";

const seconds = (ms: unknown) => `${Math.round(Number(ms ?? 0) / 1000)} s`;

/** The current features of the visitor's session, in the footer. */
export const LiveFeatures = () => {
  const { features, error } = useFeatures();
  return (
    <footer>
      <h2>Your features</h2>
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
            <dt>Time on first pages</dt>
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
      {error && <p role="status">The features cannot be read: {error.message}</p>}
      {!features && !error && <p>Nothing yet.</p>}
    </footer>
  );
};
