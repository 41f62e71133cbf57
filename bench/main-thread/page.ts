/** Joins that many pieces. */
const repeat = (count: number, piece: (index: number) => string, separator = "\n"): string =>
  Array.from({ length: count }, (_, index) => piece(index)).join(separator);

const WORDS = "twice a day the tide leaves a strip of shore that is neither land nor sea until it comes back in".split(
  " ",
);

const prose = (start: number, words: number): string =>
  repeat(words, (at) => `${WORDS[(start + at) % WORDS.length]}`, " ");

const STYLE = `
  body { margin: 0; font: 16px/1.6 sans-serif }
  nav { position: sticky; top: 0; padding: 8px; background: #fff; border-bottom: 1px solid #ccc }
  main { max-width: 1000px; margin: auto }
  a:hover, button:hover { font-weight: bold }
  .cards { display: flex; gap: 12px }
  .card { flex: 1; padding: 12px; border: 1px solid #ccc }
  .card:hover { background: #eef; padding: 11px; border-width: 2px }`;

const paragraph = (index: number) => `
  <p>${prose(index, 30)} <a href="#nowhere"><em>${prose(index, 4)}</em></a> ${prose(index, 40)}
  <strong>${prose(index, 2)}</strong> ${prose(index, 20)}</p>`;

const card = (index: number) => `
  <div class="card"><h3>${prose(index, 3)}</h3><p>${prose(index, 12)}</p>
  <button type="button" data-tm="buy"><span>Buy</span></button> <button type="button">Compare</button></div>`;

const section = (index: number) => `
  <section id="section-${index}">
    <h2>${prose(index, 5)}</h2>
    ${repeat(5, (at) => paragraph(index + at))}
    <details><summary>More</summary><p>${prose(index, 60)}</p></details>
    <div class="cards">${repeat(4, card)}</div>
  </section>`;

/** A scroller inside a shadow root. */
const WIDGET = `
  <tide-table><template shadowrootmode="open">
    <style>div { height: 300px; overflow: auto; border: 1px solid #ccc } p:hover { background: #eef }</style>
    <div>${repeat(120, (index) => `<p>${prose(index, 6)} <button type="button">Remind me</button></p>`)}</div>
  </template></tide-table>`;

/**
 * Returns the HTML of a page like a magazine's: about 1,500 elements on 25 screens, with links, cards, buttons,
 * collapsed details and a widget in a shadow root. Pointing and clicking change styles and layout, so that a script
 * that reads geometry forces a layout. The links lead nowhere, so that the pointer meets the same elements in each run.
 *
 * @param head HTML for the head: the script to measure, or empty.
 */
export const page = (head: string): string => `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <title>Low water</title>
    <link rel="icon" href="data:,">
    <style>${STYLE}</style>
    ${head}
  </head>
  <body>
    <nav>${repeat(24, (index) => `<a href="#nowhere">${index}</a>`)}</nav>
    <main>${repeat(3, section)}${WIDGET}${repeat(21, section)}</main>
  </body>
</html>`;
