/* Lets time pass by the page's clocks, in milliseconds, while nothing happens. Loaded before the SDK. */
{
  let passed = 0;
  const now = performance.now.bind(performance);
  const wallNow = Date.now;
  performance.now = () => now() + passed;
  Date.now = () => wallNow() + passed;
  window.later = (ms) => {
    passed += ms;
  };
}
