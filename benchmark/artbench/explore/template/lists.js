"use strict";
// Tiles, cards and tables of pictures. What happens when one is picked is set by explore.js.
const lists = (() => {
  const make = (name, text, attributes = {}) => {
    const element = document.createElement(name);
    if (text !== undefined) element.textContent = text;
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    return element;
  };
  const number = (count) => count.toLocaleString("en");
  const percent = (share) => `${(100 * share).toFixed(share > 0 && share < 0.1 ? 1 : 0)} %`;
  const facts = (at) => collection.columns.map((column, place) => [column.name, collection.cell(place, at)]).filter(([, value]) => value);
  const describe = (at, most = 3) => [collection.ids[at], ...facts(at).slice(0, most).map(([name, value]) => `${name}: ${value}`)].join("; ");
  let pick = () => {};
  const tile = (at, beside = "") => {
    const button = make("button", undefined, { type: "button", title: describe(at, 12), "data-picture": at });
    const image = make("img", undefined, { src: collection.small(at) || collection.NOTHING, alt: beside ? `${describe(at)}; ${beside}` : describe(at), loading: "lazy", decoding: "async" });
    button.append(image);
    if (!collection.small(at)) button.append(make("span", collection.ids[at].split("/").pop(), { class: "name" }));
    if (beside) button.append(make("span", beside, { class: "beside", "aria-hidden": "true" }));
    button.addEventListener("click", () => pick(at));
    return button;
  };
  const tiles = (pictures, beside) => {
    const row = make("div", undefined, { class: "tiles" });
    row.append(...pictures.map((at) => tile(at, beside ? beside(at) : "")));
    return row;
  };
  // A list that shows a few more at each click.
  const growing = (list, button, cards, step) => {
    let shown = 0;
    const more = () => {
      list.append(...cards.slice(shown, shown + step).map((build) => build()));
      shown = Math.min(cards.length, shown + step);
      button.hidden = shown === cards.length;
      button.textContent = `Show more (${number(shown)} of ${number(cards.length)})`;
    };
    button.addEventListener("click", more);
    more();
  };
  const clusterCard = (at, show) => {
    const cluster = collection.clusters[at], item = make("li", undefined, { class: "panel" });
    item.append(make("h3", `Cluster ${at + 1}: ${number(cluster.size)} pictures`));
    item.append(tiles(cluster.typical));
    for (const [name, values] of cluster.values) {
      item.append(make("p", `${name}: ${values.map(([value, share, overall]) => `${value} ${percent(share)} (${percent(overall)})`).join(", ")}`, { class: "about" }));
    }
    const button = make("button", "Show only this cluster", { type: "button" });
    button.addEventListener("click", () => show(at));
    item.append(button);
    return item;
  };
  const KINDS = { file: "Equal files", twins: "The same picture", alike: "Alike: look" };
  const twinCard = (group) => {
    const item = make("li", undefined, { class: "panel" });
    const sure = group.kind === "file" ? "" : `, correlation ${group.correlation.toFixed(2)}`;
    item.append(make("h3", `${KINDS[group.kind]}: ${group.members.length} pictures${sure}`), tiles(group.members));
    for (const at of group.members.slice(0, 6)) item.append(make("p", describe(at), { class: "about" }));
    return item;
  };
  const doubtCard = ([at, said, predicted, confidence]) => {
    const item = make("li", undefined, { class: "panel doubt" });
    const words = make("div");
    words.append(make("p", `Catalogue: ${said}`), make("p", `Model: ${predicted} (${percent(confidence)})`, { class: "part" }), make("p", collection.ids[at], { class: "name" }));
    item.append(tile(at, ""), words);
    return item;
  };
  // What a spreadsheet would take for a formula gets an apostrophe before it.
  const guarded = (text) => (/^\s*[=+\-@＝＋－＠]|^[\t\r]/u.test(text) ? `'${text}` : text);
  const quoted = (text) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const csv = (pictures) => {
    const names = ["path", ...collection.columns.map((column) => (column.name === "path" ? "path of the owner" : column.name)), "explore cluster"];
    const rows = pictures.map((at) => [collection.ids[at], ...collection.columns.map((_, place) => collection.cell(place, at)), String(collection.cluster[at] + 1)]);
    // The mark at the start tells spreadsheets that it is UTF-8.
    return `\ufeff${[names, ...rows].map((row) => row.map((text) => quoted(guarded(text))).join(",")).join("\r\n")}\r\n`;
  };
  const save = (text, name) => {
    const address = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
    const link = make("a", undefined, { href: address, download: name });
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(address), 10000);
  };
  return { make, number, percent, facts, describe, tile, tiles, growing, clusterCard, twinCard, doubtCard, csv, save, onPick: (use) => { pick = use; } };
})();
