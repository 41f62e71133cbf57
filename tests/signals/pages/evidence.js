const on = (id, act) => document.getElementById(id).addEventListener("click", act);

on("mutates", () => {
  document.getElementById("answer").textContent += "!";
});
on("scrolls", () => scrollTo(0, 200));
on("routes", () => history.pushState(null, "", `/route-${Math.random()}`));
on("focuses", () => document.getElementById("field").focus());
on("selects", () => getSelection().selectAllChildren(document.getElementById("text")));

/** Links of other kinds than HTML's `<a>`. */
const svgLink = (id, href) =>
  `<svg width="80" height="20"><a id="${id}" ${href}><rect width="80" height="20"/></a></svg>`;
document.getElementById("drawings").innerHTML = `
  ${svgLink("drawn", 'href="https://elsewhere.example/drawn"')}
  ${svgLink("older", 'xlink:href="/older"')}
  <img id="chart" alt="Chart" usemap="#areas" width="80" height="20" src="data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg'/%3E">
  <map name="areas"><area alt="" shape="rect" coords="0,0,80,20" href="https://elsewhere.example/area"></map>`;
