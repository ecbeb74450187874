// A row of buttons, a slider and the keys that move through the steps of a picture. `show(k)` draws step k.
function mtvSteps(root, count, show, start) {
  const bar = root.querySelector(".mtv-bar"), range = bar.querySelector("input"), say = bar.querySelector("output");
  let at = -1, total = count, timer = null;
  function stop() {
    if (timer) clearInterval(timer);
    timer = null;
    const play = bar.querySelector("[data-go=play]");
    play.textContent = "Play";
    play.setAttribute("aria-pressed", "false");
  }
  function go(k, quiet) {
    at = Math.max(0, Math.min(total - 1, k));
    range.max = total - 1;
    range.value = at;
    say.textContent = (at + 1) + " of " + total;
    bar.querySelector("[data-go=first]").disabled = bar.querySelector("[data-go=back]").disabled = at === 0;
    bar.querySelector("[data-go=last]").disabled = bar.querySelector("[data-go=next]").disabled = at === total - 1;
    const text = show(at) || "";
    range.setAttribute("aria-valuetext", "step " + (at + 1) + " of " + total + (text ? ": " + text : ""));
    if (at === total - 1) stop();
  }
  const moves = {first: () => go(0), back: () => go(at - 1), next: () => go(at + 1), last: () => go(total - 1),
    play: () => {
      if (timer) return stop();
      if (at === total - 1) go(0);
      const play = bar.querySelector("[data-go=play]");
      play.textContent = "Pause";
      play.setAttribute("aria-pressed", "true");
      timer = setInterval(() => go(at + 1), Math.max(60, Math.min(700, 12000 / total)));  // many steps: a film of 12 s
    }};
  bar.addEventListener("click", e => {
    const name = e.target.dataset.go;
    if (!moves[name]) return;
    if (name !== "play") stop();
    const had = e.target;
    moves[name]();
    if (had.disabled) root.focus();  // a disabled button would lose the keys
  });
  range.addEventListener("input", () => { stop(); go(+range.value); });
  root.addEventListener("keydown", e => {
    if (e.ctrlKey || e.metaKey || e.altKey || e.target === range || e.target.tagName === "SUMMARY") return;
    const name = {ArrowRight: "next", ArrowDown: "next", ArrowLeft: "back", ArrowUp: "back", Home: "first", End: "last"}[e.key];
    if (!name) return;
    e.preventDefault();
    e.stopPropagation();  // a notebook would move to the next cell
    stop();
    moves[name]();
  });
  root.dataset.ready = "1";
  go(start || 0);
  return {go, resize: (n, k) => { total = n; go(k); }, at: () => at};
}
// Pictures whose steps are all drawn already: [data-step=k] shows at step k alone, [data-from=k] from step k on.
function mtvFrames(root) {
  const only = [...root.querySelectorAll("[data-step]")], from = [...root.querySelectorAll("[data-from]")];
  mtvSteps(root, +root.dataset.steps, k => {
    let text = "";
    for (const e of only) {
      const here = +e.dataset.step === k;
      e.toggleAttribute("hidden", !here);
      if (here && e.dataset.say) text = e.dataset.say;
    }
    for (const e of from) e.toggleAttribute("hidden", k < +e.dataset.from);
    return text;
  }, +root.dataset.first);
}
