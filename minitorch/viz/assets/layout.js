// Layered layout: a box lies one layer below the lowest box that sends to it. Long arrows bend through places kept free
// in the layers between; arrows to one box share them. `items`: [{key, order, w}], `links`: [[from, to]] of keys.
function mtvLayout(items, links) {
  const byKey = new Map(items.map(i => [i.key, i])), down = [];
  items.sort((a, b) => a.order - b.order).forEach(i => { i.layer = 0; i.above = []; });
  for (const [a, b] of links) {
    const f = byKey.get(a), t = byKey.get(b);
    if (f.order < t.order) down.push([f, t]);
  }
  const out = new Map(items.map(i => [i, []]));
  down.forEach(([f, t]) => out.get(f).push(t));
  items.forEach(f => out.get(f).forEach(t => { t.layer = Math.max(t.layer, f.layer + 1); }));
  const layers = [];
  const put = p => { (layers[p.layer] = layers[p.layer] || []).push(p); };
  items.forEach(put);
  const bends = new Map(), via = new Map();
  for (const [f, t] of down) {
    let prev = f;
    const path = [f];
    for (let l = f.layer + 1; l < t.layer; l++) {
      const name = t.key + "|" + l;
      let d = bends.get(name);
      if (!d) { bends.set(name, d = {bend: true, layer: l, w: 12, above: [], order: t.order}); put(d); }
      if (!d.above.includes(prev)) d.above.push(prev);
      path.push(prev = d);
    }
    t.above.push(prev);
    path.push(t);
    via.set(f.key + "|" + t.key, path);
  }
  const place = layer => {
    let x = 0;
    layer.forEach(p => { p.x = x + p.w / 2; x += p.w + 22; });
    layer.forEach(p => { p.x -= (x - 22) / 2; });
  };
  layers.forEach((layer, l) => {
    if (l) {
      layer.forEach(p => { p.want = p.above.length ? p.above.reduce((s, q) => s + q.x, 0) / p.above.length : 0; });
      layer.sort((a, b) => !!a.bend - !!b.bend || a.want - b.want || a.order - b.order);  // bends to the right
    }
    place(layer);
    if (l) {  // then as near to what is above as the neighbors allow: the mean shift of the layer
      const boxes = layer.some(p => !p.bend) ? layer.filter(p => !p.bend) : layer;  // bends would make chains drift
      const shift = boxes.reduce((s, p) => s + p.want - p.x, 0) / boxes.length;
      layer.forEach(p => { p.x += shift; });
      let edge = -Infinity;  // a bend stays below what it comes from if there is room
      layer.forEach(p => { if (p.bend) p.x = Math.max(p.x, p.want, edge + 14); edge = p.x; });
    }
  });
  let left = Infinity, right = -Infinity;
  layers.flat().forEach(p => { left = Math.min(left, p.x - p.w / 2); right = Math.max(right, p.x + p.w / 2); });
  layers.flat().forEach(p => { p.x += 16 - left; p.y = 34 + 66 * p.layer; });
  return {via, width: right - left + 32, height: layers.length * 66 + 6};
}
