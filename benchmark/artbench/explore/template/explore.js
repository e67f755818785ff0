"use strict";
(() => {
  const { total, ids, x, y } = collection;
  const { make, number } = lists;
  const get = (id) => document.getElementById(id);
  const state = { colour: "", column: "", value: "", q: "", picture: "", tab: "" };
  const shown = new Uint8Array(total), selected = new Uint8Array(total);
  let shownList = [], chosenCount = 0, drawing = false;
  const LISTED = 60;
  let listed = LISTED;

  const whole = (value, size) => value !== "" && Number.isInteger(Number(value)) && Number(value) >= 0 && Number(value) < size;
  const picked = () => (state.picture === "" ? null : Number(state.picture));
  const tabs = [...document.querySelectorAll("[role=tab]")];

  // The address keeps what is shown, so that a page can be left and found again.
  const read = () => {
    const given = new URLSearchParams(location.hash.slice(1));
    for (const key of Object.keys(state)) state[key] = given.get(key) || "";
    const first = collection.colourable.length > 1 ? collection.colourable[1] : "cluster";
    if (!collection.colourable.includes(state.colour)) state.colour = first;
    if (![...collection.keys, ...(chosenCount ? ["selected"] : [])].includes(state.column)) state.column = "";
    if (!collection.keys.includes(state.column) || !whole(state.value, collection.grouping(state.column).groups.length)) state.value = "";
    if (!whole(state.picture, total)) state.picture = "";
    if (!tabs.some((tab) => tab.id === `tab-${state.tab}`)) state.tab = "pictures";
  };
  const write = () => {
    const given = new URLSearchParams();
    for (const [key, value] of Object.entries(state)) if (value !== "") given.set(key, value);
    history.replaceState(null, "", `#${given}`);
  };

  const legend = () => {
    const { groups, of } = collection.grouping(state.colour);
    plot.set({ groups, of });
    get("legend").replaceChildren();
    groups.forEach((group, at) => {
      if (!group.count || (group.rest && groups.length > 50) || at >= 60) return;
      const button = make("button", undefined, { type: "button", title: group.name, "aria-pressed": String(state.column === state.colour && state.value === String(at)) });
      button.append(plot.legendMark(group), make("span", group.name, { class: "title" }), make("span", number(group.count), { class: "of" }));
      button.addEventListener("click", () => {
        const there = state.column === state.colour && state.value === String(at);
        Object.assign(state, there ? { column: "", value: "" } : { column: state.colour, value: String(at) });
        sift();
      });
      const item = make("li");
      item.append(button);
      get("legend").append(item);
    });
    const rest = groups.filter((group) => group.rest).length;
    if (rest) get("legend").append(make("li", `${rest} more are grey`, { class: "about" }));
  };
  const values = () => {
    const kind = collection.keys.includes(state.column);
    get("value-label").hidden = !kind;
    if (!kind) return;
    const { groups } = collection.grouping(state.column);
    const options = [make("option", "any", { value: "" })];
    groups.forEach((group, at) => { if (group.count && at < 1000) options.push(make("option", `${group.name} (${number(group.count)})`, { value: at })); });
    get("value").replaceChildren(...options);
    get("value").value = state.value;
  };
  const sift = () => {
    const words = state.q.toLowerCase().split(/\s+/).filter(Boolean);
    const of = collection.keys.includes(state.column) ? collection.grouping(state.column).of : null;
    shownList = [];
    for (let at = 0; at < total; at += 1) {
      const kept = (state.column !== "selected" || selected[at]) && (of === null || (state.value === "" ? of[at] >= 0 : of[at] === Number(state.value))) && words.every((word) => collection.texts[at].includes(word));
      shown[at] = kept ? 1 : 0;
      if (kept) shownList.push(at);
    }
    listed = LISTED;
    get("colour").value = state.colour;
    get("column").value = state.column;
    get("words").value = state.q;
    get("count").textContent = `${number(shownList.length)} of ${number(total)} pictures`;
    values();
    legend();
    tiles();
    plot.set({ shown });
    card();
    write();
  };
  const tiles = () => {
    get("tiles").replaceChildren(...shownList.slice(0, listed).map((at) => lists.tile(at)));
    get("more").hidden = shownList.length <= listed;
    get("more").textContent = `Show more (${number(Math.min(listed, shownList.length))} of ${number(shownList.length)})`;
    get("select-shown").disabled = !shownList.length;
    get("select-shown").textContent = `Select all ${number(shownList.length)} that are shown`;
    marks();
  };
  const marks = () => {
    for (const each of document.querySelectorAll("[data-picture]")) {
      const at = Number(each.dataset.picture);
      each.setAttribute("aria-current", String(at === picked()));
      each.classList.toggle("selected", selected[at] === 1);
    }
  };
  const card = () => {
    const at = picked(), box = get("card");
    box.querySelector(".empty").hidden = at !== null;
    box.querySelector(".chosen").hidden = at === null;
    plot.set({ chosen: at });
    if (at !== null) {
      get("large").src = collection.large(at) || collection.NOTHING;
      get("large").alt = lists.describe(at);
      get("name").textContent = ids[at];
      get("facts").replaceChildren(...[...lists.facts(at), ["cluster", String(collection.cluster[at] + 1)]].flatMap(([name, value]) => [make("dt", name), make("dd", value)]));
      get("add").textContent = selected[at] ? "Take out of the selection" : "Select it";
      near("Looks most alike", collection.near(at));
    } else near("", []);
    marks();
  };
  const near = (title, found) => {
    get("near-title").hidden = !found.length;
    get("near-title").textContent = title;
    get("near").replaceChildren(...found.map((each) => lists.tile(each.at, each.similarity.toFixed(2))));
  };
  const pick = (at) => {
    state.picture = at === null ? "" : String(at);
    card();
    if (at !== null) plot.reveal(at);
    write();
  };
  lists.onPick(pick);

  const select = (pictures, on) => {
    for (const at of pictures) {
      if ((selected[at] === 1) === on) continue;
      selected[at] = on ? 1 : 0;
      chosenCount += on ? 1 : -1;
    }
    document.querySelector(".selection").hidden = chosenCount === 0;
    get("selected").textContent = chosenCount ? `${number(chosenCount)} selected` : "";
    plot.set({ selected });
    if (state.column === "selected") sift(); else card();
  };
  const everySelected = () => Array.from(selected.keys()).filter((at) => selected[at]);
  get("select-shown").addEventListener("click", () => select(shownList, true));
  get("clear").addEventListener("click", () => { if (state.column === "selected") state.column = ""; select(everySelected(), false); sift(); });
  get("only").addEventListener("click", () => { Object.assign(state, { column: "selected", value: "", q: "" }); sift(); });
  get("export").addEventListener("click", () => lists.save(lists.csv(everySelected()), "selection.csv"));
  get("add").addEventListener("click", () => select([picked()], !selected[picked()]));
  const showCluster = (at) => { Object.assign(state, { column: "cluster", value: String(at), q: "" }); sift(); get("reach").focus(); };
  get("same").addEventListener("click", () => showCluster(collection.cluster[picked()]));

  const open = (tab) => {
    state.tab = tab.id.slice(4);
    for (const each of tabs) {
      each.setAttribute("aria-selected", String(each === tab));
      each.tabIndex = each === tab ? 0 : -1;
      get(each.getAttribute("aria-controls")).hidden = each !== tab;
    }
    write();
  };
  tabs.forEach((tab, at) => {
    tab.addEventListener("click", () => open(tab));
    tab.addEventListener("keydown", (event) => {
      const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      const next = tabs[(to + tabs.length) % tabs.length];
      open(next);
      next.focus();
    });
  });

  const tip = get("tip");
  const showTip = (at, event) => {
    tip.querySelector("img").src = collection.small(at) || collection.NOTHING;
    tip.querySelector("div").replaceChildren(make("p", ids[at], { class: "name" }), ...lists.facts(at).slice(0, 4).map(([name, value]) => make("p", `${name}: ${value}`)));
    tip.hidden = false;
    const box = tip.getBoundingClientRect();
    tip.style.left = `${Math.max(4, event.clientX + 16 + box.width > innerWidth ? event.clientX - box.width - 16 : event.clientX + 16)}px`;
    tip.style.top = `${Math.max(4, Math.min(event.clientY + 12, innerHeight - box.height - 8))}px`;
  };
  const hideTip = () => { tip.hidden = true; plot.set({ pointed: null }); };

  // One finger or the mouse moves the map, two fingers zoom it.
  const pointers = new Map();
  let moved = 0, path = null;
  const placeOf = (event) => { const box = plot.canvas.getBoundingClientRect(); return [event.clientX - box.left, event.clientY - box.top]; };
  const reach = get("reach");
  reach.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    reach.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, placeOf(event));
    if (pointers.size === 1) { moved = 0; path = drawing ? [placeOf(event)] : null; }
    hideTip();
  });
  reach.addEventListener("pointermove", (event) => {
    const now = placeOf(event), before = pointers.get(event.pointerId);
    if (before === undefined) {
      if (event.pointerType !== "mouse") return;
      const at = plot.under(...now);
      plot.set({ pointed: at });
      if (at === null) tip.hidden = true; else showTip(at, event);
      return;
    }
    moved += Math.hypot(now[0] - before[0], now[1] - before[1]);
    if (path) { path.push(now); plot.set({ lasso: path }); } else if (pointers.size === 1) {
      if (moved > 4) plot.pan(now[0] - before[0], now[1] - before[1]);
    } else {
      const [other] = [...pointers.entries()].filter(([id]) => id !== event.pointerId).map(([, place]) => place);
      const far = (place) => Math.hypot(place[0] - other[0], place[1] - other[1]);
      if (far(before) > 0) plot.zoom(far(now) / far(before), (now[0] + other[0]) / 2, (now[1] + other[1]) / 2);
    }
    pointers.set(event.pointerId, now);
  });
  const lift = (event) => {
    if (!pointers.delete(event.pointerId)) return;
    if (path && event.type === "pointerup") {
      if (path.length > 2) select(plot.inside(path), true);
      path = null;
      plot.set({ lasso: null });
      lasso(false);
    } else if (event.type === "pointerup" && moved <= 4 && !pointers.size) {
      const at = plot.under(...placeOf(event));
      if (event.shiftKey && at !== null) select([at], !selected[at]); else pick(at);
    }
  };
  reach.addEventListener("pointerup", lift);
  reach.addEventListener("pointercancel", lift);
  reach.addEventListener("pointerleave", hideTip);
  reach.addEventListener("wheel", (event) => { event.preventDefault(); hideTip(); plot.zoom(2 ** (-event.deltaY / 300), ...placeOf(event)); }, { passive: false });
  const lasso = (on) => { drawing = on; get("lasso").setAttribute("aria-pressed", String(on)); reach.classList.toggle("drawing", on); };
  get("lasso").addEventListener("click", () => lasso(!drawing));

  // The next picture in the direction of an arrow: near, and rather ahead than aside.
  const next = (from, dx, dy) => {
    let best = null, least = Infinity;
    for (const at of shownList) {
      const along = (x[at] - x[from]) * dx + (y[at] - y[from]) * dy, aside = Math.abs((x[at] - x[from]) * dy) + Math.abs((y[at] - y[from]) * dx);
      if (at !== from && along > 0 && aside <= 2 * along && along + 2 * aside < least) [best, least] = [at, along + 2 * aside];
    }
    return best;
  };
  const ARROWS = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
  reach.addEventListener("keydown", (event) => {
    const at = picked();
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") { pick(null); hideTip(); lasso(false); return; }
    if (event.key === "+" || event.key === "=") plot.zoom(1.4);
    else if (event.key === "-") plot.zoom(1 / 1.4);
    else if (event.key === "0") plot.whole();
    else if (event.key === " " && at !== null) select([at], !selected[at]);
    else if (event.key in ARROWS && event.shiftKey) plot.pan(-60 * ARROWS[event.key][0], 60 * ARROWS[event.key][1]);
    else if (event.key in ARROWS && shownList.length) {
      if (at === null || !shown[at]) {
        // Where nothing is chosen, begin in the middle.
        const far = (each) => Math.hypot(x[each] - plot.view.x, y[each] - plot.view.y);
        pick(shownList.reduce((one, other) => (far(other) < far(one) ? other : one)));
      } else {
        const found = next(at, ...ARROWS[event.key]);
        if (found !== null) pick(found);
      }
    } else if (event.key !== " ") return;
    event.preventDefault();
  });

  for (const [id, key] of [["colour", "colour"], ["value", "value"]]) get(id).addEventListener("change", (event) => { state[key] = event.target.value; sift(); });
  get("column").addEventListener("change", (event) => { Object.assign(state, { column: event.target.value, value: "" }); sift(); });
  get("words").addEventListener("input", (event) => { state.q = event.target.value; sift(); });
  get("more").addEventListener("click", () => { listed += LISTED; tiles(); });
  get("closer").addEventListener("click", () => plot.zoom(1.7));
  get("farther").addEventListener("click", () => plot.zoom(1 / 1.7));
  get("whole").addEventListener("click", plot.whole);
  get("thumbs").addEventListener("change", (event) => plot.set({ thumbs: event.target.checked }));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", plot.draw);
  addEventListener("hashchange", () => { read(); sift(); });
  for (const option of [...get("colour").options]) if (!collection.colourable.includes(option.value)) option.remove();

  for (const element of document.querySelectorAll(".controls, .map-and-card, #parts")) element.hidden = false;
  const cards = (selector, builders, step) => {
    const list = document.querySelector(selector);
    if (list) lists.growing(list, list.parentElement.querySelector("button.more") || make("button"), builders, step);
  };
  cards("#clusters .cards", collection.clusters.map((_, at) => () => lists.clusterCard(at, showCluster)), 1000);
  cards("#duplicates .cards", collection.twins.map((group) => () => lists.twinCard(group)), 30);
  collection.judged.forEach((column, at) => cards(`[data-judged="${at}"]`, column.listed.map((one) => () => lists.doubtCard(one)), 24));
  document.querySelector("#map").style.aspectRatio = `1 / ${Math.min(0.8, Math.max(0.5, collection.height))}`;
  new ResizeObserver(plot.resize).observe(plot.canvas);
  plot.set({ selected, shown });
  read();
  plot.resize();
  sift();
  open(get(`tab-${state.tab}`));

  // A picture of the user's own, or words, which the server compares with all.
  if (!collection.served) return;
  let asked = 0;
  const ask = async (path, body, { waiting, done, title }) => {
    asked += 1;
    const mine = asked;
    get("found").textContent = waiting;
    const answer = await fetch(path, { method: "POST", body, headers: { "Content-Type": "application/octet-stream" } }).then((sent) => sent.json()).catch(() => ({ error: "The server does not answer: is the command still running?" }));
    // A later question has been asked meanwhile.
    if (mine !== asked) return;
    if (answer.error) { get("found").textContent = answer.error; return; }
    get("found").textContent = `The ${answer.found.length} pictures that ${done} are below.`;
    state.picture = "";
    card();
    document.querySelector("#card .empty").hidden = true;
    near(title, answer.found.map(([at, similarity]) => ({ at, similarity })));
    write();
  };
  const search = (file) => {
    if (file) ask("search", file, { waiting: `Comparing ${file.name} …`, done: `look most like ${file.name}`, title: `Most like ${file.name}` });
  };
  get("describe")?.addEventListener("submit", (event) => {
    event.preventDefault();
    const words = get("described").value.trim();
    if (words) ask("words", words, { waiting: `Looking for “${words}” …`, done: `fit “${words}” best`, title: `Best for “${words}”` });
  });
  get("file").addEventListener("change", (event) => search(event.target.files[0]));
  addEventListener("dragover", (event) => { event.preventDefault(); document.body.classList.add("dropping"); });
  addEventListener("dragleave", () => document.body.classList.remove("dropping"));
  addEventListener("drop", (event) => { event.preventDefault(); document.body.classList.remove("dropping"); search(event.dataTransfer.files[0]); });
})();
