// The backward graph: draws the visible boxes, steps through them in the engine's order, folds and unfolds groups.
function mtvTape(root) {
  const data = JSON.parse(root.querySelector("script[type='application/json']").textContent);
  const all = data.nodes.concat(data.leaves), groups = data.groups, count = data.nodes.length;
  const graph = root.querySelector(".mtv-graph"), panel = root.querySelector(".mtv-panel");
  const folded = new Set(data.unfolded ? [] : groups.map(g => g.id));
  const esc = s => String(s).replace(/[&<>"]/g, c => ({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"}[c]));
  const brief = name => name.replace(/Backward\d*$/, "");
  const num = v => typeof v !== "number" ? String(v) : Number.isInteger(v) ? String(v) :
    Math.abs(v) < 1e-3 || Math.abs(v) >= 1e4 ? v.toExponential(1) : String(+v.toPrecision(4));
  const size = s => s.length ? s.join("×") : "scalar";
  const about = g => size(g.shape) + " " + g.dtype + ", norm " + num(g.norm) + (g.values && g.values.length ?
    ": " + g.values.map(num).join(", ") + (g.shape.reduce((a, b) => a * b, 1) > g.values.length ? ", ..." : "") : "");
  let items, seen, order, links, steps, shapes;

  function outermost(k) {  // the outermost folded group around node k, as a key; else the node itself
    let key = "n" + k;
    for (let g = all[k].group; g !== null; g = groups[g].parent) if (folded.has(g)) key = "g" + g;
    return key;
  }
  function build() {
    items = new Map();
    seen = all.map((_, k) => outermost(k));
    all.forEach((row, k) => {
      const key = seen[k];
      if (!items.has(key)) {
        const g = key[0] === "g" ? groups[+key.slice(1)] : null, label = g ? g.label : brief(row.name);
        const text = label.length > 34 ? label.slice(0, 33) + "…" : label;
        items.set(key, {key, group: g, row: g ? null : row, order: k, text, label, members: [], arrive: [], leave: []});
      }
      items.get(key).members.push(row);
    });
    for (const it of items.values()) {
      it.note = it.group ? it.members.length + " inside" : it.row.gradient[0] ? size(it.row.gradient[0].shape) : "";
      it.w = Math.max(64, 7.2 * Math.max(it.text.length, it.note.length) + 22);
    }
    links = new Map();
    for (const e of data.edges) {
      const a = seen[e.from], b = seen[e.to];
      if (a === b) continue;
      items.get(a).leave.push(e);
      items.get(b).arrive.push(e);
      links.set(a + "|" + b, [a, b]);
    }
    order = [...items.values()].sort((a, b) => a.order - b.order).filter(i => i.order < count);
  }
  function draw() {
    build();
    const l = mtvLayout([...items.values()], [...links.values()]);
    let s = "";
    for (const [name, [a, b]] of links) {
      const path = l.via.get(name);
      if (!path) continue;
      let d = "";
      path.forEach((p, i) => {
        if (!i) { d = `M${p.x},${p.y + 20}`; return; }
        const q = path[i - 1], y0 = q.y + (q.bend ? 0 : 20), y1 = p.y - (p.bend ? 0 : 21), m = (y0 + y1) / 2;
        d += `C${q.x},${m} ${p.x},${m} ${p.x},${y1}`;
      });
      s += `<path class="mtv-wire" data-a="${a}" data-b="${b}" d="${d}" marker-end="url(#mtv-tip)"/>`;
    }
    for (const it of items.values()) {
      const leaf = !it.group && it.row.kind === "leaf", kind = leaf ? " mtv-leaf" : it.group ? " mtv-fold" : "";
      s += `<g class="mtv-item${kind}" data-key="${it.key}" role="button" tabindex="-1" aria-label="${esc(it.label)}, ${esc(it.note)}${it.group ? ", folded" : ""}">` +
        `<rect x="${it.x - it.w / 2}" y="${it.y - 20}" width="${it.w}" height="40" rx="${leaf ? 20 : 5}"/>` +
        `<text class="mtv-mid" x="${it.x}" y="${it.y - 3}">${esc(it.text)}</text>` +
        `<text class="mtv-mid mtv-soft" x="${it.x}" y="${it.y + 13}">${esc(it.note)}</text><title>${esc(it.label)}</title></g>`;
    }
    graph.innerHTML = `<svg xmlns="http://www.w3.org/2000/svg" width="${l.width}" height="${l.height}" ` +
      `viewBox="0 0 ${l.width} ${l.height}" role="group" aria-label="backward graph, ${items.size} boxes">` +
      '<defs><marker id="mtv-tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="6" markerHeight="6" orient="auto">' +
      `<path d="M0,0L8,4L0,8z" fill="context-stroke"/></marker></defs>${s}</svg>`;
    steps = order.length + 1;  // and the last: the leaves have their gradients
    shapes = new Map([...graph.querySelectorAll(".mtv-item")].map(e => [e.dataset.key, e]));
  }
  const rows = (list, other) => {
    const most = 12;
    return "<table>" + list.slice(0, most).map(e => {
      const summed = other === "to" && e.before_sum.join() !== e.gradient.shape.join() ?
        ` <em>(summed from ${size(e.before_sum)})</em>` : "";
      const port = other === "to" && e.input ? ` <small>input ${e.input}</small>` : "";
      return `<tr><td>${esc(brief(all[e[other]].name))}${port}</td><td class="mtv-num">${esc(about(e.gradient))}${summed}</td></tr>`;
    }).join("") + (list.length > most ? `<tr><td colspan="2">and ${list.length - most} more</td></tr>` : "") + "</table>";
  };
  function saved(list) {
    return "<table>" + list.slice(0, 12).map(s => {
      const what = s.leaf ? `${s.name} = ${s.leaf}` : s.name, v = s.version === null ? "" :
        s.now !== null && s.now !== s.version ? `<strong>version ${s.version}, now ${s.now}: changed in place</strong>` : "version " + s.version;
      return `<tr><td>${esc(what)}</td><td class="mtv-num">${s.shape ? size(s.shape) : ""} ${esc(s.dtype)}</td><td>${v}</td></tr>`;
    }).join("") + (list.length > 12 ? `<tr><td colspan="3">and ${list.length - 12} more</td></tr>` : "") + "</table>";
  }
  const section = (head, body) => `<h5>${head}</h5>${body}`;
  function held(from) { let n = 0; for (let k = from; k < count; k++) n += data.nodes[k].freed; return n; }
  function describe(it) {
    const g = it.group, nodes = it.members.filter(r => r.kind === "node"), keep = nodes.flatMap(r => r.saved);
    let h = `<h4>${esc(g ? it.label : it.row.name)}</h4>`;
    if (g) h += `<p class="mtv-note">${nodes.length} nodes folded into one (${esc(g.why)}). Enter unfolds.</p>`;
    const start = it.order === 0 ? "the result: the pass starts here" : "from";
    h += section(it.arrive.length > 1 ? `${it.arrive.length} gradients arrive` : `Arrives ${it.arrive.length ? "from" : "at " + start}`,
      it.arrive.length ? rows(it.arrive, "from") : "");
    if (!g) h += it.row.gradient.map((x, k) => x ? section(it.arrive.length > 1 ? "Their sum" + (it.row.gradient.length > 1 ? ` (output ${k})` : "") : "Gradient of its output" + (it.row.gradient.length > 1 ? " " + k : ""),
      `<span class="mtv-num">${esc(about(x))}</span>`) : "").join("");
    h += section("Leaves to", it.leave.length ? rows(it.leave, "to") : "nothing");
    h += section("Saved by the forward", keep.length ? saved(keep) : "nothing");
    const bytes = nodes.reduce((s, r) => s + r.freed, 0), last = nodes.length ? nodes[nodes.length - 1].id + 1 : count;
    h += section("Freed after it", `${bytes} bytes that only the tape held; ${held(last)} bytes still wait further down`);
    return h;
  }
  function show(k) {
    const now = k < order.length ? order[k] : null, done = new Set(order.slice(0, k).map(i => i.key));
    const waits = new Set();
    links.forEach(([a, b]) => { if (done.has(a) && !done.has(b)) waits.add(b); });
    shapes.forEach((e, key) => {
      const leaf = !items.get(key).members.some(r => r.kind === "node");
      e.classList.toggle("mtv-now", !!now && key === now.key);
      e.classList.toggle("mtv-past", done.has(key) || (!now && leaf));
      e.classList.toggle("mtv-waits", waits.has(key) && !!now);
      e.setAttribute("tabindex", now && key === now.key ? "0" : "-1");
    });
    graph.querySelectorAll(".mtv-wire").forEach(e => {
      e.classList.toggle("mtv-now", !!now && e.dataset.a === now.key);
      e.classList.toggle("mtv-past", done.has(e.dataset.a));
    });
    if (now) {
      panel.innerHTML = describe(now);
      const box = shapes.get(now.key).querySelector("rect"), y = +box.getAttribute("y"), x = +box.getAttribute("x");
      if (y < graph.scrollTop + 50 || y > graph.scrollTop + graph.clientHeight - 120) graph.scrollTop = y - 160;
      if (x < graph.scrollLeft || x > graph.scrollLeft + graph.clientWidth - 160) graph.scrollLeft = x - graph.clientWidth / 2 + 60;
      return now.label;
    }
    panel.innerHTML = "<h4>The leaves have their gradients</h4><table>" + data.leaves.slice(0, 40).map(l =>
      `<tr><td>${esc(l.name)}</td><td class="mtv-num">${l.gradient[0] ? esc(about(l.gradient[0])) : "none"}</td></tr>`).join("") + "</table>";
    return "the leaves have their gradients";
  }
  draw();
  const stepper = mtvSteps(root, steps, show, 0);
  const current = () => order[stepper.at()] || order[order.length - 1];
  function refold(change) {
    const first = current() ? current().order : 0, inside = graph.contains(document.activeElement);
    change();
    draw();
    let k = order.findIndex(i => i.key === seen[first]);
    stepper.resize(steps, Math.max(k, 0));
    const here = current() && shapes.get(current().key);
    if (inside && here) here.focus({preventScroll: true});
  }
  function toggle(it) {
    if (!it) return;
    if (it.group) folded.delete(it.group.id);
    else if (it.row.group !== null) folded.add(it.row.group);
  }
  const acts = {
    toggle: () => toggle(current()),
    up: () => {
      const it = current(), g = it.group ? it.group.parent : it.row.group;
      if (g !== null) folded.add(g);
    },
    all: () => groups.forEach(g => folded.add(g.id)),
    none: () => { folded.clear(); },
  };
  const none = root.querySelector("[data-fold=none]");
  if (all.length > 300) { none.disabled = true; none.title = "too many nodes to draw at once"; }
  if (!groups.length) root.querySelectorAll("[data-fold]").forEach(b => { b.disabled = true; });
  root.addEventListener("click", e => {
    if (e.target.dataset.fold) return refold(acts[e.target.dataset.fold]);
    const box = e.target.closest(".mtv-item");
    const k = box ? order.findIndex(i => i.key === box.dataset.key) : -1;
    if (k >= 0) { stepper.go(k); shapes.get(box.dataset.key).focus({preventScroll: true}); }
  });
  graph.addEventListener("dblclick", () => refold(acts.toggle));
  root.addEventListener("keydown", e => {
    if (e.key !== "Enter" && e.key !== " ") return;
    if (e.target !== root && !e.target.closest(".mtv-item")) return;
    e.preventDefault();
    refold(acts.toggle);
  });
}
