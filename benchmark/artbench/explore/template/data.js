"use strict";
// What the page holds, decoded: typed arrays, and which group each picture is in by column.
const collection = (() => {
  const held = JSON.parse(document.getElementById("data").textContent);
  const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const unpack = (text, Type) => new Type(bytes(text).buffer);
  const total = held.ids.length;
  const codes = held.columns.map((column) => unpack(column.codes, Int32Array));
  const cluster = unpack(held.cluster, Uint16Array);
  const cell = (column, at) => (codes[column][at] < 0 ? "" : held.columns[column].values[codes[column][at]]);

  const served = held.pictures === null;
  const small = (at) => (served ? `small/${at}` : held.pictures[at] && `data:image/webp;base64,${held.pictures[at]}`);
  const large = (at) => (served ? `large/${at}` : small(at));
  const NOTHING = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7";

  // A column of numbers becomes steps of a scale.
  const steps = (column) => {
    const numbers = held.columns[column].values.map(Number);
    const known = numbers.filter(Number.isFinite);
    const [low, high] = known.reduce(([least, most], each) => [Math.min(least, each), Math.max(most, each)], [Infinity, -Infinity]);
    const rough = (high - low) / held.scale.length || 1;
    const size = 10 ** Math.floor(Math.log10(rough));
    const width = [1, 2, 2.5, 5, 10].map((each) => each * size).find((each) => each >= rough && high / each - Math.floor(low / each) <= held.scale.length) || 10 * size;
    const first = Math.floor(low / width);
    const count = Math.min(held.scale.length, Math.floor(high / width) - first + 1);
    const name = (step) => { const from = Number(((first + step) * width).toPrecision(12)); return Number.isInteger(width) ? (width === 1 ? String(from) : `${from} to ${from + width - 1}`) : `from ${from}`; };
    const step = numbers.map((each) => (Number.isFinite(each) ? Math.min(count - 1, Math.floor(each / width) - first) : -1));
    const of = Int32Array.from(codes[column], (code) => (code < 0 ? -1 : step[code]));
    const colours = Array.from({ length: count }, (_, at) => held.scale[count === 1 ? 0 : Math.round((at * (held.scale.length - 1)) / (count - 1))]);
    return { of, groups: colours.map((colour, at) => ({ name: name(at), colour, shape: "circle", rest: false })) };
  };
  const looks = (names) => names.map((name, at) => {
    const rest = at >= held.styles.length;
    return { name, colour: rest ? held.rest : held.styles[at][0], shape: rest ? "circle" : held.styles[at][1], rest };
  });
  const made = new Map();
  // The groups that a column, or the clusters, put the pictures in; a picture without a value is in none, -1.
  const grouping = (key) => {
    if (!made.has(key)) {
      const column = Number(key.slice(1));
      const found = key === "cluster" ? { of: Int32Array.from(cluster), groups: looks(held.clusters.map((_, at) => `cluster ${at + 1}`)) }
        : held.columns[column].numeric ? steps(column) : { of: codes[column], groups: looks(held.columns[column].values) };
      for (const group of found.groups) group.count = 0;
      for (const number of found.of) if (number >= 0) found.groups[number].count += 1;
      made.set(key, found);
    }
    return made.get(key);
  };
  const keys = ["cluster", ...held.columns.map((_, at) => `c${at}`)];
  // What can be coloured by: values that repeat.
  const colourable = keys.filter((key) => key === "cluster" || held.columns[Number(key.slice(1))].classes || held.columns[Number(key.slice(1))].numeric);
  const texts = held.ids.map((id, at) => [id, ...held.columns.map((_, column) => cell(column, at))].join(" ").toLowerCase());
  const near = unpack(held.near, Uint32Array);
  const cosines = bytes(held.cosines);

  return {
    total, ids: held.ids, x: unpack(held.x, Float32Array), y: unpack(held.y, Float32Array), height: held.height, columns: held.columns, cell, cluster,
    clusters: held.clusters, twins: held.twins, judged: held.judged, rest: held.rest, served, small, large, NOTHING, grouping, keys, colourable, texts,
    near: (at) => Array.from({ length: held.beside }, (_, place) => ({ at: near[at * held.beside + place], similarity: cosines[at * held.beside + place] / 100 })),
  };
})();
