// Delays the paint after a click.
document.getElementById("slow").addEventListener("click", () => {
  for (const until = performance.now() + 120; performance.now() < until; );
});

// Shifts the layout without an input.
window.shift = () => {
  document.getElementById("pushes").style.height = "200px";
};
