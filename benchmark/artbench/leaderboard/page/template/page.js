"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  // All tasks side by side is a table without views.
  const boards = [...document.querySelectorAll("section.board")];
  const task = document.getElementById("task");
  const filter = document.getElementById("filter");
  const seen = document.getElementById("seen");
  const count = document.getElementById("count");
  const state = { task: boards.length ? boards[0].id : "", sort: "", q: "", seen: "", a: "", b: "", x: "parameters" };
  const built = new Map();

  const make = (name, text, attributes = {}) => {
    const element = document.createElement(name);
    if (text !== undefined) element.textContent = text;
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    return element;
  };
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const board = () => boards.find((each) => each.id === state.task);

  // The address keeps what is shown, so that it can be sent to somebody.
  const read = () => {
    const given = new URLSearchParams(location.hash.slice(1));
    for (const key of Object.keys(state)) if (given.has(key)) state[key] = given.get(key);
    if (!["", "clean", "unknown", "contaminated"].includes(state.seen)) state.seen = "";
    if (!board()) state.task = boards.length ? boards[0].id : "";
  };
  const write = () => {
    const given = new URLSearchParams();
    for (const [key, value] of Object.entries(state)) if (value !== "") given.set(key, value);
    history.replaceState(null, "", `#${given}`);
  };

  const sortable = (section) => {
    for (const header of section.querySelectorAll("table.ranks thead th[data-column]")) {
      const button = make("button", "", { type: "button" });
      // With the places where a name may break.
      button.append(...header.childNodes);
      header.append(button);
      header.setAttribute("aria-sort", "none");
      button.addEventListener("click", () => {
        const down = header.getAttribute("aria-sort") === "ascending";
        state.sort = `${header.dataset.column}.${down ? "down" : "up"}`;
        sort(section);
        write();
      });
    }
    for (const row of section.querySelectorAll("table.ranks tbody tr")) {
      const name = row.querySelector("span.name");
      if (!name) continue;
      const button = make("button", "", { type: "button", class: "name", title: "Show its classes" });
      button.append(...name.childNodes);
      name.replaceWith(button);
      button.addEventListener("click", () => { state.a = row.dataset.row; show(); });
    }
  };
  const keyOf = (row, column) => row.children[column].dataset.key;
  const sort = (section) => {
    const [column, way] = state.sort.split(".");
    const headers = [...section.querySelectorAll("table.ranks thead th[data-column]")];
    const chosen = headers.find((header) => header.dataset.column === column) || headers[0];
    const sign = way === "down" ? -1 : 1;
    for (const header of headers) header.setAttribute("aria-sort", "none");
    chosen.setAttribute("aria-sort", sign < 0 ? "descending" : "ascending");
    const at = Number(chosen.dataset.column);
    const body = section.querySelector("table.ranks tbody");
    const rows = [...body.rows];
    rows.sort((one, other) => {
      const [left, right] = [keyOf(one, at), keyOf(other, at)];
      // What is missing stands last, whichever way.
      if (left === "" || right === "") return (left === "") - (right === "");
      const numbers = Number(left) - Number(right);
      const order = Number.isNaN(numbers) ? left.localeCompare(right) : numbers;
      return sign * order || Number(one.dataset.row) - Number(other.dataset.row);
    });
    body.append(...rows);
  };
  const sift = (section) => {
    const words = state.q.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    const rows = section.querySelectorAll("table.ranks tbody tr");
    for (const row of rows) {
      const text = row.textContent.toLowerCase();
      // Rows of all tasks side by side have one state for each task, so that none of them is hidden.
      const known = !state.seen || !row.dataset.seen || row.dataset.seen === state.seen;
      row.hidden = !known || !words.every((word) => text.includes(word));
      shown += !row.hidden;
    }
    count.textContent = `${shown} of ${rows.length} rows`;
  };

  const layout = (more) => ({
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", font: { color: colour("--ink"), size: 12 },
    margin: { l: 55, r: 10, t: 10, b: 45 }, showlegend: false, hoverlabel: { align: "left" }, ...more,
  });
  const axis = (title, more = {}) => ({ title: { text: title }, gridcolor: colour("--grid"), zeroline: false, automargin: true, ...more });
  const draw = (figure, traces, more, words) => {
    figure.setAttribute("role", "img");
    figure.setAttribute("aria-label", words);
    const settings = { displayModeBar: false, responsive: true };
    Plotly.react(figure, traces, layout(more), settings);
  };
  // Names are hostile: Plotly reads some markup in texts.
  const plain = (text) => text.replace(/[<>&]/g, (character) => ({ "<": "‹", ">": "›", "&": "＆" })[character]);

  // 1, 2, 5, 10, ... as far as the values go: a decade has no other tick that one reads at a glance.
  // Whatever a record says, there are few: no number beyond these is one that was measured.
  const [SMALLEST, LARGEST] = [1e-6, 1e15];
  const drawn = (value) => value >= SMALLEST && value <= LARGEST;
  const ticks = (values) => {
    const [low, high] = [Math.min(...values) / 1.3, Math.max(...values) * 1.3];
    const tickvals = [];
    for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power += 1)
      for (const digit of [1, 2, 5]) if (digit * 10 ** power >= low && digit * 10 ** power <= high) tickvals.push(digit * 10 ** power);
    // Encoders of nearly one size lie between two such numbers.
    if (!tickvals.length) tickvals.push(...new Set([Math.min(...values), Math.max(...values)]));
    const short = new Intl.NumberFormat("en", { notation: "compact" });
    return { tickvals, ticktext: tickvals.map((value) => short.format(value)) };
  };
  const scatter = (view, content) => {
    const titles = { parameters: "parameters", speed: "images per second, as recorded", features: "feature size" };
    const rows = content.rows.map((row, number) => ({ ...row, number })).filter((row) => drawn(row[state.x]));
    const values = rows.map((row) => row[state.x]);
    // Names of the rows that none is better than at less cost, and of the chosen one: all of them would hide the points.
    const cheaper = (one, other) => (state.x === "speed" ? other[state.x] - one[state.x] : one[state.x] - other[state.x]);
    const named = new Set([Number(state.a)]);
    // The rows of a leaderboard are in order: the first is the best.
    let best = Infinity;
    for (const row of [...rows].sort((one, other) => cheaper(one, other) || one.number - other.number))
      if (row.number < best) {
        best = row.number;
        named.add(best);
      }
    const middle = Math.sqrt(Math.min(...values) * Math.max(...values));
    const trace = {
      type: "scatter", mode: "markers+text", x: values, y: rows.map((row) => row.value),
      hovertext: rows.map((row) => plain(row.name)), customdata: rows.map((row) => row.number),
      text: rows.map((row) => (named.has(row.number) ? row.name.split(", ").map(plain).join("<br>") : "")),
      textposition: rows.map((row) => (row[state.x] > middle ? "middle left" : "middle right")),
      textfont: { size: 10, color: colour("--quiet") }, cliponaxis: false,
      hovertemplate: "%{hovertext}<br>%{y}<br>%{x}<extra></extra>",
      error_y: {
        type: "data", symmetric: false, array: rows.map((row) => row.ci[1] - row.value), arrayminus: rows.map((row) => row.value - row.ci[0]),
        color: colour("--quiet"), thickness: 1, width: 3,
      },
      marker: {
        size: rows.map((row) => (String(row.number) === state.a ? 14 : 9)),
        color: rows.map((row) => (String(row.number) === state.a ? colour("--accent") : colour("--quiet"))),
      },
    };
    const figure = view.querySelector(".scatter");
    const without = content.rows.filter((row) => !drawn(row[state.x])).map((row) => row.name);
    view.querySelector(".left-out").textContent = without.length ? `Left out, since they have no number above 0: ${without.join("; ")}.` : "";
    // Axes of no row have numbers that mean nothing.
    figure.hidden = !rows.length;
    if (!rows.length) return;
    const words = `${content.axis} against ${titles[state.x]} of ${rows.length} rows; the table above has the same numbers.`;
    draw(figure, [trace], { xaxis: axis(titles[state.x], { type: "log", ...ticks(values) }), yaxis: axis(content.axis) }, words);
    if (!figure.dataset.heard) {
      figure.dataset.heard = "yes";
      figure.on("plotly_click", (event) => { state.a = String(event.points[0].customdata); show(); });
    }
  };

  const number = (value) => value.toFixed(1).replace("-", "−");
  const signed = (value) => (value > 0 ? "+" : "") + number(value);
  const chance = (value) => (value < 0.0001 ? "p < 0.0001" : `p = ${value < 0.1 ? Number(value.toPrecision(2)) : value.toFixed(2)}`);
  const verdict = (view, content) => {
    const [first, second] = [Number(state.a), Number(state.b)];
    const words = view.querySelector(".verdict");
    const names = [first, second].map((at) => content.rows[at].name);
    const pair = content.pairs.find((each) => (each[0] === first && each[1] === second) || (each[0] === second && each[1] === first));
    if (first === second) words.textContent = "Choose two different rows.";
    else if (!pair) {
      const why = content.rows[first].untested || content.rows[second].untested || "there are no predictions";
      words.textContent = `They can't be tested against each other: ${why}.`;
    } else {
      const [better, , difference, low, high, p, corrected, apart] = pair;
      // The first minus the second, as in the table below and in `artbench leaderboard compare`.
      const sign = (better === first ? 1 : -1) * content.direction;
      const [middle, from, to] = sign > 0 ? [difference, low, high] : [-difference, -high, -low];
      const said = `${names[0]} minus ${names[1]}: ${signed(middle)} [${signed(from)}, ${signed(to)}] ${content.unit}, ${chance(p)}, ` +
        `${chance(corrected)} after correction for all pairs of the table.`;
      words.textContent = apart ? `${said} ${content.rows[better].name} is better.` : `${said} The test can't tell them apart.`;
    }
    const place = view.querySelector(".differences");
    place.replaceChildren();
    const [ours, theirs] = [content.scores[first], content.scores[second]];
    if (first === second || !ours || !theirs) return;
    const rows = content.classes.map((name, at) => ({ name, ours: ours[at], theirs: theirs[at], images: content.support[at] }))
      .filter((row) => row.ours !== null && row.theirs !== null && row.images)
      .sort((one, other) => Math.abs(other.ours - other.theirs) - Math.abs(one.ours - one.theirs)).slice(0, 8);
    place.append(table(["differ most in", "images", `${content.measure} %`, "the other", "difference"],
      rows.map((row) => [row.name, row.images, row.ours.toFixed(1), row.theirs.toFixed(1), signed(row.ours - row.theirs)])));
    place.querySelector("table").setAttribute("aria-label", `Classes in which ${names.join(" and ")} differ most`);
  };
  const table = (columns, rows) => {
    const made = make("table");
    const head = made.createTHead().insertRow();
    for (const column of columns) head.append(make("th", column, { scope: "col" }));
    const body = made.createTBody();
    for (const cells of rows) {
      const row = body.insertRow();
      cells.forEach((cell, at) => row.append(at ? make("td", cell, { class: "number" }) : make("th", cell, { scope: "row" })));
    }
    return made;
  };

  const classes = (view, content) => {
    const chosen = Number(state.a);
    const panel = view.querySelector(".bars").closest(".panel");
    const scores = content.scores[chosen];
    panel.hidden = !scores;
    if (!scores) return;
    view.querySelector(".classes-title").textContent = `Classes: ${content.rows[chosen].name}`;
    const rows = content.classes.map((name, at) => ({ name, score: scores[at], images: content.support[at] })).filter((row) => row.images);
    rows.sort((one, other) => (other.score ?? -1) - (one.score ?? -1));
    // More bars than can be read: both ends.
    const bars = (rows.length > 40 ? [...rows.slice(0, 20), ...rows.slice(-20)] : rows).reverse();
    const figure = view.querySelector(".bars");
    figure.style.height = `${Math.max(320, 18 * bars.length + 70)}px`;
    const trace = {
      type: "bar", orientation: "h", x: bars.map((row) => row.score), y: bars.map((row) => plain(row.name)), marker: { color: colour("--accent") },
      customdata: bars.map((row) => row.images), hovertemplate: "%{y}: %{x} % of %{customdata} images<extra></extra>",
    };
    const words = `${content.measure} of each class; the table below has the same numbers.` + (rows.length > 40 ? " The best and the worst 20." : "");
    draw(figure, [trace], { xaxis: axis(`${content.measure} (%)`, { range: [0, 100] }), yaxis: { automargin: true, dtick: 1, type: "category" } }, words);
    view.querySelector("table.classes").replaceChildren(...table(["class", "images", `${content.measure} %`],
      rows.map((row) => [row.name, row.images, row.score === null ? "" : row.score.toFixed(1)])).children);
  };

  const matrix = (view, content) => {
    const cells = content.matrices[Number(state.a)];
    const panel = view.querySelector(".matrix").closest(".panel");
    panel.hidden = !cells;
    if (!cells) return;
    const size = content.classes.length;
    const given = new Set(cells.filter((_, at) => at % 3 === 1));
    // Rows and columns of nothing hide the others.
    const occurring = content.classes.map((_, at) => at).filter((at) => content.support[at] || given.has(at));
    const counts = Array.from({ length: size }, () => new Array(size).fill(0));
    const errors = [];
    for (let at = 0; at < cells.length; at += 3) {
      const [target, taken, times] = cells.slice(at, at + 3);
      counts[target][taken] = times;
      if (target !== taken) errors.push([times, content.classes[target], content.classes[taken]]);
    }
    errors.sort((one, other) => other[0] - one[0]);
    const said = errors.slice(0, 5).map(([times, target, taken]) => `${target} for ${taken} (${times})`).join(", ");
    view.querySelector(".confusions").textContent = said ? `Most often: ${said}.` : "Nothing was taken for anything else.";
    const names = occurring.map((at) => plain(content.classes[at]));
    const kept = occurring.map((at) => occurring.map((other) => counts[at][other]));
    const shares = kept.map((row, at) => row.map((times) => (100 * times) / (content.support[occurring[at]] || 1)));
    const trace = {
      type: "heatmap", z: shares, x: names, y: names, customdata: kept, showscale: false, zmin: 0, zmax: 100,
      colorscale: [[0, colour("--panel")], [1, colour("--accent")]], xgap: 1, ygap: 1,
      // With more classes a number does not fit its cell.
      ...(names.length <= 30 ? {
        text: shares.map((row) => row.map((share) => (share >= 0.5 ? share.toFixed(0) : ""))), texttemplate: "%{text}",
        textfont: { size: names.length > 16 ? 8 : 11 },
      } : {}),
      hovertemplate: "%{y} taken for %{x}: %{customdata} images, %{z:.0f} %<extra></extra>",
    };
    const figure = view.querySelector(".matrix");
    figure.style.height = `${Math.max(340, 14 * names.length + 160)}px`;
    const ticks = { automargin: true, type: "category", tickfont: { size: names.length > 24 ? 8 : 10 }, dtick: 1 };
    draw(figure, [trace], {
      xaxis: { ...axis("taken for (% of the row)"), ...ticks, tickangle: -60 }, yaxis: { ...axis("what it is"), ...ticks, autorange: "reversed" },
    },
      `Confusion matrix of ${content.rows[Number(state.a)].name}, rows: what it is, columns: what it was taken for. ${said}`);
  };

  const views = (section) => {
    if (built.has(section.id)) return built.get(section.id);
    sortable(section);
    const view = section.querySelector(".views");
    built.set(section.id, view);
    if (!view) return view;
    view.append(document.getElementById("views").content.cloneNode(true));
    view.hidden = false;
    data[section.id].rows.forEach((row, at) => {
      view.querySelector(".first").append(make("option", row.name, { value: at }));
      view.querySelector(".second").append(make("option", row.name, { value: at }));
    });
    view.querySelector(".first").addEventListener("change", (event) => { state.a = event.target.value; show(); });
    view.querySelector(".second").addEventListener("change", (event) => { state.b = event.target.value; show(); });
    view.querySelector(".against").addEventListener("change", (event) => { state.x = event.target.value; show(); });
    return view;
  };

  const show = () => {
    for (const section of boards) section.hidden = section.id !== state.task;
    const section = board();
    if (!section) return;
    const view = views(section);
    task.value = state.task;
    filter.value = state.q;
    seen.value = state.seen;
    seen.disabled = section.id === "overall";
    sort(section);
    sift(section);
    write();
    if (!view) return;
    const content = data[section.id];
    const last = content.rows.length - 1;
    const known = (value) => value !== "" && Number(value) >= 0 && Number(value) <= last && Number.isInteger(Number(value));
    if (!known(state.a)) state.a = "0";
    if (!known(state.b)) state.b = String(Math.min(1, last));
    if (!["parameters", "speed", "features"].includes(state.x)) state.x = "parameters";
    view.querySelector(".first").value = state.a;
    view.querySelector(".second").value = state.b;
    view.querySelector(".against").value = state.x;
    for (const row of section.querySelectorAll("table.ranks tbody tr")) row.classList.toggle("chosen", row.dataset.row === state.a);
    scatter(view, content);
    verdict(view, content);
    classes(view, content);
    matrix(view, content);
    write();
  };

  task.addEventListener("change", () => { Object.assign(state, { task: task.value, sort: "", a: "", b: "" }); show(); });
  filter.addEventListener("input", () => { state.q = filter.value; sift(board()); write(); });
  seen.addEventListener("change", () => { state.seen = seen.value; sift(board()); write(); });
  addEventListener("hashchange", () => { read(); show(); });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", show);
  document.querySelector(".controls").hidden = false;
  read();
  show();
})();
