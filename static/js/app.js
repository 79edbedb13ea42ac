// The small moves of every page: "/" goes to the search box, an open menu closes on Escape or a click elsewhere,
// and a filter sends its form as soon as it changes.
(() => {
  const typing = (element) => element.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(element.tagName);

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      document.querySelectorAll("details.frame-me[open]").forEach((menu) => menu.removeAttribute("open"));
      return;
    }
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    const box = document.getElementById("search");
    if (!box) return;
    event.preventDefault();
    box.focus();
    box.select();
  });

  document.addEventListener("click", (event) => {
    document.querySelectorAll("details.frame-me[open]").forEach((menu) => {
      if (!menu.contains(event.target)) menu.removeAttribute("open");
    });
  });

  document.addEventListener("change", (event) => {
    const form = event.target.closest("form[data-auto-send]");
    if (form && event.target.tagName === "SELECT") form.requestSubmit();
  });
})();
