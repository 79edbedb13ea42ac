// The small moves of every page: "/" goes to the search box, an open menu closes on Escape or a click elsewhere,
// the open group of the navigation is remembered, a filter sends its form as soon as it changes, and arrows walk the
// lines under the search box.
(() => {
  const menus = "details:is(.frame-me, .frame-all, .menu)[open]";
  const typing = (element) => element.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(element.tagName);

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      document.querySelectorAll(menus).forEach((menu) => menu.removeAttribute("open"));
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
    document.querySelectorAll(menus).forEach((menu) => {
      const whole = menu.matches(".frame-all") ? menu.parentElement : menu;
      if (!whole.contains(event.target)) menu.removeAttribute("open");
    });
  });

  // The group that is open stays open on the next page: the server reads which one it was.
  const groups = [...document.querySelectorAll(".frame-nav details[data-group]")];
  const remember = () => {
    const open = groups.find((group) => group.open);
    document.cookie = `open_group=${open ? open.dataset.group : ""}; path=/; max-age=31536000; SameSite=Lax`;
  };
  groups.forEach((group) => group.addEventListener("toggle", remember));
  if (groups.length) remember();

  // "全选" beside a list of boxes; without this script there is no such box
  document.querySelectorAll("[data-check-all]").forEach((all) => all.parentElement.removeAttribute("hidden"));

  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-check-all]")) {
      const { form, checked } = event.target;
      form.querySelectorAll(`[name="${event.target.dataset.checkAll}"]`).forEach((box) => (box.checked = checked));
      return;
    }
    const form = event.target.closest("form[data-auto-send]");
    if (form && typing(event.target)) form.requestSubmit();
  });

  // The lines under the search box come from the server as one types; without this script Enter opens the page of them.
  const box = document.getElementById("search"), found = document.getElementById("search-found");
  if (!box || !found) return;
  const lines = () => [...found.querySelectorAll("[role=option]")];
  const chosen = () => lines().findIndex((line) => line.getAttribute("aria-selected") === "true");
  function show(open) {
    found.hidden = !(open && lines().length && box.value.trim());
    box.setAttribute("aria-expanded", String(!found.hidden));
    if (found.hidden) choose(-1);
  }
  function choose(index) {
    lines().forEach((line, i) => line.setAttribute("aria-selected", String(i === index)));
    if (index < 0) box.removeAttribute("aria-activedescendant");
    else box.setAttribute("aria-activedescendant", lines()[index].id);
  }
  found.addEventListener("htmx:afterSwap", () => show(document.activeElement === box));
  box.addEventListener("focus", () => show(true));
  box.addEventListener("keydown", (event) => {
    if (event.isComposing) return;  // an input method is choosing characters with the same keys
    const count = lines().length, move = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape" && !found.hidden) {
      event.preventDefault();
      show(false);
    } else if (move && count) {
      event.preventDefault();
      show(true);
      const from = chosen();
      choose(from < 0 ? (move > 0 ? 0 : count - 1) : (from + move + count) % count);
    } else if (event.key === "Enter" && !found.hidden && chosen() >= 0) {
      event.preventDefault();
      lines()[chosen()].click();
    }
  });
  document.addEventListener("click", (event) => { if (!event.target.closest(".frame-search")) show(false); });
  box.form.addEventListener("focusout", (event) => { if (!box.form.contains(event.relatedTarget)) setTimeout(() => show(false), 150); });
})();
