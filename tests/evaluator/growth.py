"""The growth of totals, as docs/features.md states it."""

from aggregates import STORED_PAGE_VIEWS, NewPageViews
from events import page_view

TOTALS = [("dwell", "engaged_delta_ms", "engaged_ms"), ("scroll", "scroll_depth_delta_px", "scroll_depth_px")]


def with_growth(events):
    """The events of a log, with the growth of each total in place of the one that the event states."""
    totals = {}  # From session and event type to the totals of its page views.
    grown = []
    for event in events:
        for event_type, growth, total in TOTALS:
            if event["type"] == event_type and page_view(event) and total in event:
                views = totals.setdefault((event["session_id"], event_type), PageViewTotals())
                event = {**event, growth: views.growth(event, event[total])}
        grown.append(event)
    return grown


class PageViewTotals:
    """The largest total of each page view of a session, for one kind of total."""

    def __init__(self):
        self.stored = {}  # From page view to its total, in the order of the latest arrival.
        self.settled_max = None
        self.is_new = NewPageViews()

    def growth(self, event, total):
        view = page_view(event)
        if view in self.stored:
            before = self.stored.pop(view)
            self.stored[view] = max(before, total)
        elif self.is_new(event, self.settled_max is not None):
            before = 0
            if len(self.stored) == STORED_PAGE_VIEWS:
                oldest = self.stored.pop(next(iter(self.stored)))
                self.settled_max = oldest if self.settled_max is None else max(self.settled_max, oldest)
            self.stored[view] = total
        else:
            before = self.settled_max
            self.settled_max = max(before, total)
        return max(0, total - before)
