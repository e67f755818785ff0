"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const get = (id) => document.getElementById(id);
  const figure = get("map");
  const total = data.image.length;
  const every = Array.from({ length: total }, (_, at) => at);
  const state = { group: "", judged: "", q: "", picture: "" };
  // Images listed at first, and at each click on `Show more`.
  const LISTED = 60;
  let listed = LISTED;
  let shown = every;

  const make = (name, text, attributes = {}) => {
    const element = document.createElement(name);
    if (text !== undefined) element.textContent = text;
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    return element;
  };
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const groupOf = (at) => data.groups[data.group[at]];
  const wrong = (at) => data.wrong !== null && data.wrong[at] === 1;
  // Without labels there is neither truth nor prediction.
  const labelled = data.true !== null;
  const texts = every.map((at) => (labelled ? `${data.image[at]} ${data.true[at]} ${data.said[at]}` : data.image[at]).toLowerCase());
  const whole = (value, size) => value !== "" && Number.isInteger(Number(value)) && Number(value) >= 0 && Number(value) < size;
  const picked = () => (state.picture === "" ? null : Number(state.picture));

  // The address keeps what is shown, so that it can be sent to somebody.
  const read = () => {
    const given = new URLSearchParams(location.hash.slice(1));
    for (const key of Object.keys(state)) state[key] = given.get(key) || "";
    if (!whole(state.group, data.groups.length)) state.group = "";
    if (!whole(state.picture, total)) state.picture = "";
    if (!["", "wrong", "right"].includes(state.judged) || data.wrong === null) state.judged = "";
  };
  const write = () => {
    const given = new URLSearchParams();
    for (const [key, value] of Object.entries(state)) if (value !== "") given.set(key, value);
    history.replaceState(null, "", `#${given}`);
  };

  const describe = (at) => {
    if (!labelled) return [make("p", data.image[at], { class: "name" })];
    const lines = [make("p", data.years ? `Made in ${data.true[at]}` : data.true[at])];
    const said = data.wrong === null ? `The probe says ${data.said[at]}`
      : wrong(at) ? `The probe is wrong: ${data.said[at]}` : `The probe is right: ${data.said[at]}`;
    lines.push(make("p", said, wrong(at) ? { class: "wrong" } : {}));
    lines.push(make("p", data.image[at], { class: "name" }));
    return lines;
  };
  const inWords = (at) => !labelled ? data.image[at] : `${data.true[at]}; the probe says ${data.said[at]}; ${data.image[at]}`;
  const tile = (at) => {
    const button = make("button", undefined, { type: "button", title: inWords(at), "data-picture": at });
    if (wrong(at)) button.classList.add("wrong");
    button.append(make("img", undefined, { src: data.picture[at], alt: inWords(at), loading: "lazy" }));
    button.addEventListener("click", () => pick(at));
    return button;
  };

  // Smaller the more there are, and on a phone.
  const markers = () => Math.max(5, Math.min(11, 9 - Math.log2(total / 300))) * Math.max(0.6, Math.min(1, figure.clientWidth / 640));
  const point = (at) => (wrong(at) ? `${groupOf(at).symbol}-open` : groupOf(at).symbol);
  const coordinates = (list) => ({ x: list.map((at) => data.x[at]), y: list.map((at) => data.y[at]) });
  const traces = () => {
    const hidden = shown.length === total ? [] : every.filter((at) => !keep(at));
    // What has no look of its own lies below the rest.
    const ordered = [...shown].sort((one, other) => Number(groupOf(other).rest) - Number(groupOf(one).rest));
    const at = picked();
    const size = markers();
    const common = { type: "scatter", mode: "markers" };
    return [
      { ...common, ...coordinates(hidden), hoverinfo: "skip", marker: { size: size - 2, color: colour("--line") } },
      {
        ...common, ...coordinates(ordered), hoverinfo: "none", customdata: ordered,
        marker: {
          size: ordered.map((each) => size * groupOf(each).scale), color: ordered.map((each) => data.colour[each]), symbol: ordered.map(point), opacity: 0.9,
          line: { width: ordered.map((each) => (wrong(each) ? 1.6 : 0.5)), color: ordered.map((each) => (wrong(each) ? data.colour[each] : colour("--panel"))) },
        },
      },
      { ...common, ...coordinates(at === null ? [] : [at]), hoverinfo: "skip", marker: { size: size + 12, symbol: "circle-open", color: colour("--ink"), line: { width: 2.5 } } },
    ];
  };
  const EDGE = 1.06;
  const axis = { visible: false, fixedrange: false };
  const edges = { x: EDGE, y: EDGE * data.height };
  const all = () => ({ x: [-edges.x, edges.x], y: [-edges.y, edges.y] });
  let frame = all();
  figure.style.aspectRatio = `1 / ${data.height}`;
  const coarse = matchMedia("(pointer: coarse)");
  const draw = () => {
    // A finger scrolls the page; what a mouse drags is the map.
    const layout = {
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", margin: { l: 0, r: 0, t: 0, b: 0 }, showlegend: false, hovermode: "closest", hoverdistance: 12,
      dragmode: coarse.matches ? false : "pan",
      xaxis: { ...axis, range: [...frame.x] }, yaxis: { ...axis, range: [...frame.y], scaleanchor: "x" },
    };
    Plotly.react(figure, traces(), layout, { displayModeBar: false, responsive: true, doubleClick: false });
  };

  const tip = get("tip");
  const showTip = (at, event) => {
    tip.querySelector("img").src = data.picture[at];
    tip.querySelector("div").replaceChildren(...describe(at));
    tip.hidden = false;
    const box = tip.getBoundingClientRect();
    const [x, y] = event ? [event.clientX, event.clientY] : [0, 0];
    tip.style.left = `${Math.max(4, x + 16 + box.width > innerWidth ? x - box.width - 16 : x + 16)}px`;
    tip.style.top = `${Math.max(4, Math.min(y + 12, innerHeight - box.height - 8))}px`;
  };
  const hideTip = () => { tip.hidden = true; };

  const card = () => {
    const at = picked();
    get("card").querySelector(".empty").hidden = at !== null;
    get("card").querySelector(".chosen").hidden = at === null;
    for (const each of document.querySelectorAll("#tiles button")) each.setAttribute("aria-current", String(at !== null && Number(each.dataset.picture) === at));
    if (at === null) return;
    get("large").src = data.picture[at];
    get("large").alt = labelled ? `${data.true[at]}, ${data.image[at]}` : data.image[at];
    get("words").replaceChildren(...describe(at));
    get("near").replaceChildren(...data.near[at].map(tile));
  };
  const pick = (at) => {
    state.picture = at === null ? "" : String(at);
    card();
    draw();
    write();
  };

  const keep = (at) => {
    if (state.group !== "" && data.group[at] !== Number(state.group)) return false;
    if (state.judged !== "" && wrong(at) !== (state.judged === "wrong")) return false;
    const words = state.q.toLowerCase().split(/\s+/).filter(Boolean);
    return words.every((word) => texts[at].includes(word));
  };
  const list = () => {
    get("tiles").replaceChildren(...shown.slice(0, listed).map(tile));
    get("more").hidden = shown.length <= listed;
    get("more").textContent = `Show more (${Math.min(listed, shown.length)} of ${shown.length})`;
  };
  const sift = () => {
    shown = every.filter(keep);
    listed = LISTED;
    get("group").value = state.group;
    if (get("judged")) get("judged").value = state.judged;
    get("filter").value = state.q;
    get("count").textContent = `${shown.length} of ${total} images`;
    for (const button of document.querySelectorAll("#legend button")) button.setAttribute("aria-pressed", String(button.dataset.group === state.group));
    list();
    card();
    draw();
    write();
  };

  const SHAPES = {
    circle: "M0-5A5 5 0 1 1 0 5A5 5 0 1 1 0-5Z", square: "M-4.5-4.5H4.5V4.5H-4.5Z", "triangle-up": "M0-5.5L5.5 4.5H-5.5Z", diamond: "M0-6L6 0L0 6L-6 0Z",
    x: "M-5-2.5L-2.5-5L0-2.5L2.5-5L5-2.5L2.5 0L5 2.5L2.5 5L0 2.5L-2.5 5L-5 2.5L-2.5 0Z",
    star: "M0-6L1.5-1.9L5.7-1.9L2.4.8L3.5 4.9L0 2.5L-3.5 4.9L-2.4.8L-5.7-1.9L-1.5-1.9Z",
  };
  const mark = (group) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    made.setAttribute("viewBox", "-7 -7 14 14");
    made.setAttribute("aria-hidden", "true");
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    path.setAttribute("d", SHAPES[group.symbol]);
    path.setAttribute("fill", group.colour);
    made.append(path);
    return made;
  };
  const legend = () => {
    const counts = data.groups.map(() => 0);
    for (const number of data.group) counts[number] += 1;
    const what = data.years ? "Periods" : "Classes";
    get("group-label").textContent = data.years ? "Period" : "Class";
    get("legend-title").textContent = what;
    get("group").append(make("option", `all (${total})`, { value: "" }));
    data.groups.forEach((group, number) => {
      if (!counts[number]) return;
      get("group").append(make("option", `${group.name} (${counts[number]})`, { value: number }));
      if (group.rest && data.groups.length > 12) return;
      const button = make("button", undefined, { type: "button", "data-group": number, title: group.name });
      button.append(mark(group), make("span", group.name, { class: "title" }), make("span", String(counts[number]), { class: "of" }));
      button.addEventListener("click", () => { state.group = state.group === String(number) ? "" : String(number); sift(); });
      const item = make("li");
      item.append(button);
      get("legend").append(item);
    });
    const rest = data.groups.filter((group) => group.rest).length;
    if (rest && data.groups.length > 12) get("legend").after(make("p", `${rest} more are grey; choose them above.`, { class: "about" }));
  };

  // The next image in the direction of an arrow: near, and rather ahead than aside.
  const next = (from, x, y) => {
    let best = null;
    let least = Infinity;
    for (const at of shown) {
      const [along, aside] = [(data.x[at] - data.x[from]) * x + (data.y[at] - data.y[from]) * y, Math.abs((data.x[at] - data.x[from]) * y) + Math.abs((data.y[at] - data.y[from]) * x)];
      if (at !== from && along > 0 && aside <= 2 * along && along + 2 * aside < least) [best, least] = [at, along + 2 * aside];
    }
    return best;
  };
  const ARROWS = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
  get("reach").addEventListener("keydown", (event) => {
    if (event.key === "Escape") { pick(null); hideTip(); return; }
    if (!(event.key in ARROWS) || !shown.length) return;
    event.preventDefault();
    const from = picked();
    if (from === null || !shown.includes(from)) {
      // Where nothing is chosen, begin in the middle.
      const far = (at) => Math.hypot(data.x[at], data.y[at]);
      pick(shown.reduce((one, other) => (far(other) < far(one) ? other : one)));
    } else {
      const found = next(from, ...ARROWS[event.key]);
      if (found !== null) pick(found);
    }
  });

  const zoom = (factor) => {
    const at = picked();
    const middle = (range) => (range[0] + range[1]) / 2;
    const current = { x: figure.layout.xaxis.range, y: figure.layout.yaxis.range };
    const centre = at === null ? { x: middle(current.x), y: middle(current.y) } : { x: data.x[at], y: data.y[at] };
    for (const way of ["x", "y"]) {
      const half = ((current[way][1] - current[way][0]) / 2) * factor;
      frame[way] = [centre[way] - half, centre[way] + half];
    }
    if (frame.x[1] - frame.x[0] >= 2 * edges.x) frame = all();
    draw();
  };

  legend();
  for (const element of document.querySelectorAll("main [hidden], .controls")) if (element.matches("section, .map-and-card, .controls")) element.hidden = false;
  get("group").addEventListener("change", (event) => { state.group = event.target.value; sift(); });
  if (get("judged")) get("judged").addEventListener("change", (event) => { state.judged = event.target.value; sift(); });
  get("filter").addEventListener("input", (event) => { state.q = event.target.value; sift(); });
  get("more").addEventListener("click", () => { listed += LISTED; list(); card(); });
  get("closer").addEventListener("click", () => zoom(0.6));
  get("farther").addEventListener("click", () => zoom(1 / 0.6));
  get("whole").addEventListener("click", () => { frame = all(); draw(); });
  addEventListener("hashchange", () => { read(); sift(); });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  if (!labelled) for (const element of [get("group").closest("label"), get("legend").closest("section")]) element.hidden = true;
  read();
  sift();
  figure.on("plotly_hover", (event) => showTip(event.points[0].customdata, event.event));
  figure.on("plotly_unhover", hideTip);
  figure.on("plotly_click", (event) => { hideTip(); pick(event.points[0].customdata); });
  figure.on("plotly_relayout", (change) => {
    if ("xaxis.range[0]" in change) frame = { x: [...figure.layout.xaxis.range], y: [...figure.layout.yaxis.range] };
  });
})();
