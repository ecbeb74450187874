// Sets every formula of the page. A wrong formula raises, which the console shows.
addEventListener("DOMContentLoaded", () => {
  for (const e of document.querySelectorAll(".math"))
    katex.render(e.textContent, e, { displayMode: "display" in e.dataset, throwOnError: true });
});
