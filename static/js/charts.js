// Draws the charts of a page from the specifications that stand in it. Without this script the tables are there.
(() => {
  const draw = (figure) => {
    const spec = JSON.parse(document.getElementById(figure.dataset.chart).textContent);
    // ast: expressions are interpreted, never compiled, as the Content-Security-Policy asks.
    return vegaEmbed(figure, spec, { ast: true, actions: false, renderer: "svg", tooltip: false }).then(() => {
      // what the drawing says stands in the title and in the table behind it
      figure.querySelectorAll("svg, svg *").forEach((part) => {
        ["role", "aria-label", "aria-roledescription", "tabindex"].forEach((name) => part.removeAttribute(name));
      });
      figure.querySelector("svg").setAttribute("aria-hidden", "true");
      figure.dataset.drawn = "yes";
    });
  };

  // Charts are drawn from the top, one at a time, so that the page can be used meanwhile.
  document.addEventListener("DOMContentLoaded", async () => {
    for (const figure of document.querySelectorAll("[data-chart]")) await draw(figure);
  });
})();
