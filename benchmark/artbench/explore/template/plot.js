"use strict";
// The map: points are written into the pixels of a canvas, which needs neither WebGL nor code made at run time.
const plot = (() => {
  const { total, x, y } = collection;
  const canvas = document.getElementById("map");
  const pen = canvas.getContext("2d");
  const view = { x: 0, y: 0, scale: 1 };
  let width = 1, height = 1, ratio = 1;
  let image = null, pixels = null;
  // What is drawn: the group of each picture with the looks of the groups, and which pictures are shown and selected.
  let state = { of: null, groups: [], shown: null, selected: null, chosen: null, pointed: null, thumbs: true, lasso: null };
  let version = 0;
  const EDGE = 1.08;

  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const rgb = (hex) => { const number = parseInt(hex.slice(1), 16); return [number >> 16, (number >> 8) & 255, number & 255]; };
  const INSIDE = {
    circle: (u, v) => u * u + v * v <= 1,
    square: (u, v) => Math.max(Math.abs(u), Math.abs(v)) <= 0.86,
    "triangle-up": (u, v) => v <= 0.75 && Math.abs(u) <= (v + 1.05) * 0.56,
    x: (u, v) => Math.min(Math.abs(u - v), Math.abs(u + v)) <= 0.5 && Math.max(Math.abs(u), Math.abs(v)) <= 0.95,
    diamond: (u, v) => Math.abs(u) + Math.abs(v) <= 1.15,
    star: (u, v) => { const turn = (Math.atan2(u, -v) / (2 * Math.PI)) * 5; const off = Math.abs(turn - Math.round(turn)) * 2; return Math.hypot(u, v) <= 1.25 - 0.75 * off; },
  };
  const stamps = new Map();
  // A mark as offsets of pixels with their opacity, and how those lie in the picture as it is now.
  const stamp = (shape, radius) => {
    const key = `${shape} ${radius} ${image.width}`;
    if (!stamps.has(key)) {
      if (stamps.size > 200) stamps.clear();
      const reach = Math.ceil(radius * 1.3), at = [], alpha = [];
      for (let dy = -reach; dy <= reach; dy += 1) for (let dx = -reach; dx <= reach; dx += 1) {
        let hits = 0;
        for (let i = 0; i < 16; i += 1) if (INSIDE[shape]((dx + ((i & 3) - 1.5) / 4) / radius, (dy + ((i >> 2) - 1.5) / 4) / radius)) hits += 1;
        if (hits) { at.push(dy * image.width + dx); alpha.push(hits / 16); }
      }
      stamps.set(key, { reach, at: Int32Array.from(at), alpha: Float32Array.from(alpha) });
    }
    return stamps.get(key);
  };
  const put = (mark, place, [r, g, b], ink) => {
    const { at, alpha } = mark;
    for (let i = 0; i < at.length; i += 1) {
      const to = place + at[i], a = alpha[i];
      if (a === 1) { pixels[to] = ink; continue; }
      const under = pixels[to], below = under >>> 24;
      if (below === 0) { pixels[to] = (((255 * a) << 24) | (b << 16) | (g << 8) | r) >>> 0; continue; }
      const mix = (one, other) => one + (other - one) * a;
      pixels[to] = ((Math.max(below, 255 * a) << 24) | (mix((under >> 16) & 255, b) << 16) | (mix((under >> 8) & 255, g) << 8) | mix(under & 255, r)) >>> 0;
    }
  };
  const ink = ([r, g, b]) => ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;

  const toScreen = (at) => [(x[at] - view.x) * view.scale + width / 2, height / 2 - (y[at] - view.y) * view.scale];
  const toMap = (left, top) => [(left - width / 2) / view.scale + view.x, (height / 2 - top) / view.scale + view.y];
  const least = () => Math.min(width / (2 * EDGE), height / (2 * EDGE * collection.height));
  const radius = () => Math.max(1.6, Math.min(6.5, 5.2 - 0.55 * Math.log2(total / 300))) * Math.max(0.75, Math.min(1, width / 640)) * Math.min(2, Math.max(1, (view.scale / least()) ** 0.25));

  // Buckets of places, to find what is under the pointer.
  const SIDE = Math.max(4, Math.min(512, Math.ceil(Math.sqrt(total) / 2)));
  const bucket = (value) => Math.max(0, Math.min(SIDE - 1, Math.floor(((value + 1.01) / 2.02) * SIDE)));
  const starts = new Uint32Array(SIDE * SIDE + 1), members = new Uint32Array(total);
  {
    const cellOf = (at) => bucket(y[at]) * SIDE + bucket(x[at]);
    for (let at = 0; at < total; at += 1) starts[cellOf(at) + 1] += 1;
    for (let cell = 0; cell < SIDE * SIDE; cell += 1) starts[cell + 1] += starts[cell];
    const next = starts.slice();
    for (let at = 0; at < total; at += 1) members[next[cellOf(at)]++] = at;
  }
  const within = (left, bottom, right, top, use) => {
    for (let row = bucket(bottom); row <= bucket(top); row += 1) for (let column = bucket(left); column <= bucket(right); column += 1) {
      const cell = row * SIDE + column;
      for (let i = starts[cell]; i < starts[cell + 1]; i += 1) use(members[i]);
    }
  };
  const under = (left, top) => {
    let best = null, shortest = Math.max(12, radius() + 4);
    if (state.thumbs) for (const drawn of onMap) if (Math.abs(left - drawn.left) <= drawn.width / 2 && Math.abs(top - drawn.top) <= drawn.height / 2) best = drawn.at;
    if (best !== null) return best;
    const [a, b] = toMap(left - shortest, top + shortest), [c, d] = toMap(left + shortest, top - shortest);
    within(a, b, c, d, (at) => {
      if (!state.shown[at]) return;
      const [px, py] = toScreen(at), far = Math.hypot(px - left, py - top);
      if (far < shortest) { shortest = far; best = at; }
    });
    return best;
  };

  // One picture for each cell of a grid that moves with the map, so that they stay while it is moved.
  const cellSide = () => (width < 640 ? 52 : 74);
  const grids = new Map();
  let gridded = -1;
  const chosenOnes = (level) => {
    if (gridded !== version) { grids.clear(); gridded = version; }
    if (!grids.has(level)) {
      const size = 2 ** (-level / 2), found = new Map();
      for (let at = 0; at < total; at += 1) {
        if (!state.shown[at]) continue;
        const key = Math.floor(x[at] / size) * 1048576 + Math.floor(y[at] / size);
        if (!found.has(key)) found.set(key, at);
      }
      grids.set(level, Uint32Array.from(found.values()));
    }
    return grids.get(level);
  };
  const images = new Map();
  let waiting = 0;
  const picture = (at) => {
    if (images.has(at)) return images.get(at);
    const address = collection.small(at);
    if (!address || waiting > 24) return null;
    if (images.size > 1500) images.delete(images.keys().next().value);
    const made = new Image();
    images.set(at, made);
    waiting += 1;
    made.onload = made.onerror = () => { waiting -= 1; soon(); };
    made.src = address;
    return made;
  };
  let onMap = [];
  const drawPictures = () => {
    onMap = [];
    if (!state.thumbs) return;
    const level = Math.floor(2 * Math.log2(view.scale / cellSide()));
    const side = 2 ** (-level / 2) * view.scale * 0.7;
    for (const at of chosenOnes(level)) {
      const [left, top] = toScreen(at);
      if (left < -side || top < -side || left > width + side || top > height + side) continue;
      const made = picture(at);
      if (!made || !made.complete || !made.naturalWidth) continue;
      const scale = side / Math.max(made.naturalWidth, made.naturalHeight);
      const [w, h] = [made.naturalWidth * scale, made.naturalHeight * scale];
      pen.fillStyle = state.groups[state.of[at]]?.colour || collection.rest;
      pen.fillRect(left - w / 2 - 2, top - h / 2 - 2, w + 4, h + 4);
      pen.drawImage(made, left - w / 2, top - h / 2, w, h);
      onMap.push({ at, left, top, width: w, height: h });
    }
  };
  const ring = (at, thick, size) => {
    const [left, top] = toScreen(at);
    pen.beginPath();
    pen.arc(left, top, size, 0, 2 * Math.PI);
    pen.lineWidth = thick + 3;
    pen.strokeStyle = colour("--panel");
    pen.stroke();
    pen.lineWidth = thick;
    pen.strokeStyle = colour("--ink");
    pen.stroke();
  };

  const drawPoints = () => {
    pixels.fill(0);
    const size = radius() * ratio;
    const quiet = rgb(colour("--line")), dark = rgb(colour("--ink")), quietInk = ink(quiet), darkInk = ink(dark);
    const rgbs = state.groups.map((group) => rgb(group.colour)), inks = rgbs.map(ink), marks = state.groups.map((group) => stamp(group.shape, size));
    const round = stamp("circle", size), small = stamp("circle", Math.max(1, size * 0.7)), large = stamp("circle", size * 1.6);
    const without = rgb(collection.rest), withoutInk = ink(without);
    const [w, h] = [image.width, image.height], scale = view.scale * ratio, left = w / 2 - view.x * scale, top = h / 2 + view.y * scale, margin = large.reach + 1;
    // What is filtered out lies below the rest.
    for (let pass = state.all ? 1 : 0; pass < 2; pass += 1) for (let at = 0; at < total; at += 1) {
      if (state.shown[at] !== pass) continue;
      const px = Math.round(left + x[at] * scale), py = Math.round(top - y[at] * scale);
      if (px < margin || py < margin || px >= w - margin || py >= h - margin) continue;
      const place = py * w + px, group = state.of[at];
      if (state.selected[at]) put(large, place, dark, darkInk);
      if (pass === 0) put(small, place, quiet, quietInk);
      else if (group < 0) put(round, place, without, withoutInk);
      else put(marks[group], place, rgbs[group], inks[group]);
    }
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.putImageData(image, 0, 0);
  };
  const draw = () => {
    if (!state.of || !image) return;
    drawPoints();
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    drawPictures();
    if (state.pointed !== null) ring(state.pointed, 2, radius() + 4);
    if (state.chosen !== null) {
      for (const { at } of collection.near(state.chosen)) ring(at, 1, radius() + 2);
      ring(state.chosen, 3, radius() + 6);
    }
    if (state.lasso && state.lasso.length > 1) {
      pen.beginPath();
      for (const [px, py] of state.lasso) pen.lineTo(px, py);
      pen.closePath();
      pen.fillStyle = `${colour("--accent")}33`;
      pen.fill();
      pen.lineWidth = 2;
      pen.strokeStyle = colour("--accent");
      pen.stroke();
    }
  };
  let due = 0;
  const soon = () => { if (!due) due = requestAnimationFrame(() => { due = 0; draw(); }); };
  const fit = () => { view.x = 0; view.y = 0; view.scale = least(); };
  const resize = () => {
    const whole = Math.abs(view.scale - least()) < 1e-6 || !image;
    width = canvas.clientWidth || 1;
    height = canvas.clientHeight || 1;
    ratio = Math.min(2, devicePixelRatio || 1);
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    image = pen.createImageData(canvas.width, canvas.height);
    pixels = new Uint32Array(image.data.buffer);
    if (whole) fit();
    draw();
  };
  const keep = () => {
    view.scale = Math.max(least(), Math.min(least() * 4000, view.scale));
    view.x = Math.max(-1, Math.min(1, view.x));
    view.y = Math.max(-1, Math.min(1, view.y));
    if (view.scale === least()) { view.x = 0; view.y = 0; }
    soon();
  };
  const zoom = (factor, left = width / 2, top = height / 2) => {
    const [mx, my] = toMap(left, top);
    view.scale = Math.max(least(), Math.min(least() * 4000, view.scale * factor));
    view.x = mx - (left - width / 2) / view.scale;
    view.y = my + (top - height / 2) / view.scale;
    keep();
  };
  const legendMark = (group) => {
    const made = document.createElement("canvas");
    made.width = made.height = 32;
    const brush = made.getContext("2d");
    brush.fillStyle = group.colour;
    for (let v = 0; v < 32; v += 1) for (let u = 0; u < 32; u += 1) if (INSIDE[group.shape]((u - 15.5) / 11, (v - 15.5) / 11)) brush.fillRect(u, v, 1, 1);
    made.setAttribute("aria-hidden", "true");
    return made;
  };
  return {
    canvas, view, under, zoom, resize, soon, draw, toScreen, toMap, legendMark,
    set: (change) => { state = { ...state, ...change }; if (change.shown) { version += 1; state.all = !change.shown.includes(0); } soon(); },
    pan: (dx, dy) => { view.x -= dx / view.scale; view.y += dy / view.scale; keep(); },
    whole: () => { fit(); soon(); },
    // Bring a picture into sight.
    reveal: (at) => { const [px, py] = toScreen(at); if (px < 20 || py < 20 || px > width - 20 || py > height - 20) { view.x = x[at]; view.y = y[at]; } keep(); },
    inside: (path) => {
      const ends = path.map(([px, py]) => toMap(px, py)), found = [];
      const xs = ends.map(([px]) => px), ys = ends.map(([, py]) => py);
      within(Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys), (at) => {
        if (!state.shown[at]) return;
        let odd = false;
        for (let i = 0, j = ends.length - 1; i < ends.length; j = i, i += 1) {
          const [ax, ay] = ends[i], [bx, by] = ends[j];
          if (ay > y[at] !== by > y[at] && x[at] < ((bx - ax) * (y[at] - ay)) / (by - ay) + ax) odd = !odd;
        }
        if (odd) found.push(at);
      });
      return found;
    },
  };
})();
