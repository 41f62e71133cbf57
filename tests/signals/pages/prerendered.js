// Stores the events captured during prerendering, for the page in front to read.
if (document.prerendering) localStorage.capturedWhilePrerendering = JSON.stringify(window.captured);
