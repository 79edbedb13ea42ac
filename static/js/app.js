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

  // "全选" beside a list of boxes; without this script there is no such box
  document.querySelectorAll("[data-check-all]").forEach((all) => all.parentElement.removeAttribute("hidden"));

  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-check-all]")) {
      const { form, checked } = event.target;
      form.querySelectorAll(`[name="${event.target.dataset.checkAll}"]`).forEach((box) => (box.checked = checked));
      return;
    }
    const form = event.target.closest("form[data-auto-send]");
    if (form && event.target.tagName === "SELECT") form.requestSubmit();
  });
})();
