const on = (id, act) => document.getElementById(id).addEventListener("click", act);

on("mutates", () => {
  document.getElementById("answer").textContent += "!";
});
on("scrolls", () => scrollTo(0, 200));
on("routes", () => history.pushState(null, "", `/route-${Math.random()}`));
on("focuses", () => document.getElementById("field").focus());
on("selects", () => getSelection().selectAllChildren(document.getElementById("text")));
