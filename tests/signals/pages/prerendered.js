// Tells the page in front what was captured before anybody saw this one.
if (document.prerendering) localStorage.capturedAhead = JSON.stringify(window.captured);
