/** The rows of a page view of a session. */
export const VIEW = "session_id, tab_id, view_id";

/** The growth of a total since the largest earlier one of its page view, in the order of arrival. */
export const growthByArrival = (total: string): { value: string } => {
  const earlier = `MAX(${total}) OVER (PARTITION BY ${VIEW} ORDER BY arrival ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)`;
  return { value: `GREATEST(${total} - COALESCE(${earlier}, 0e0), 0e0)` };
};
