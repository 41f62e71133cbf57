// An interaction whose next paint is late.
document.getElementById("slow").addEventListener("click", () => {
  for (const until = performance.now() + 120; performance.now() < until; );
});

// A shift that no input has caused.
window.shift = () => {
  document.getElementById("pushes").style.height = "200px";
};
