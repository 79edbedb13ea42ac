// The form that saves itself. Everything here also works without it: the page has a save button.
// What is typed goes to localStorage at once and to the server two seconds later; while there is no connection it
// stays on this machine and is sent again when the connection is back.
(() => {
  const form = document.querySelector("form[data-draft]");
  if (!form) return;
  document.documentElement.classList.add("js");

  const here = form.elements._here.value;
  const key = `draft:${form.dataset.draft}:${here}`;
  const saved = document.querySelector("[data-saved]");
  const refused = document.querySelector("[data-refused]");
  const submit = document.querySelector("[data-submit]");
  const PAUSE = 2000, AGAIN = 10000;
  let timer = 0, dirty = 0, stopped = false, running = null;

  const entries = () => [...new FormData(form).entries()].filter(([name]) => !name.startsWith("_") && name !== "csrfmiddlewaretoken");
  const at = (id) => document.querySelectorAll(`[name="${CSS.escape(id)}"]`);
  const store = (value) => { try { value ? localStorage.setItem(key, value) : localStorage.removeItem(key); } catch { /* private window: the server still has it */ } };

  // --- saving -------------------------------------------------------------------------------------------------
  function changed() {
    dirty += 1;
    store(JSON.stringify({ version: form.elements._version.value, entries: entries() }));
    saved.textContent = "正在填写…";
    clearTimeout(timer);
    timer = setTimeout(save, PAUSE);
  }

  async function save() {
    if (running) await running;
    if (stopped || !dirty) return !stopped;
    running = send();
    const done = await running;
    running = null;
    return done;
  }

  async function send() {
    const sent = dirty;
    clearTimeout(timer);
    let answer;
    try {
      answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)), headers: { Accept: "application/json" }, redirect: "manual" });
    } catch {
      saved.textContent = "连接中断：已保存在本机，恢复后自动补存";
      timer = setTimeout(save, AGAIN);
      return false;
    }
    if (!(answer.headers.get("Content-Type") || "").includes("application/json")) {
      saved.textContent = "没有存上：登录可能已过期，已保存在本机，请重新登录后回到本页";
      timer = setTimeout(save, AGAIN);
      return false;
    }
    const marks = await answer.json();
    if (!answer.ok) return stop(marks);
    form.elements._version.value = marks.version;
    if (sent === dirty) { dirty = 0; store(""); } else { timer = setTimeout(save, PAUSE); }
    saved.textContent = `已自动保存 ${marks.saved_at}`;
    show(marks);
    return true;
  }

  function stop(marks) {
    stopped = true;
    store("");  // the server keeps what was typed beside the draft
    refused.textContent = `${marks.refused} `;
    const link = document.createElement("a");
    link.href = marks.where;
    link.textContent = "打开";
    refused.append(link);
    refused.hidden = false;
    saved.textContent = "没有保存";
    refused.scrollIntoView({ block: "center" });
    return false;
  }

  // --- what the server says of each field ------------------------------------------------------------------------
  function show(marks) {
    for (const [id, mark] of Object.entries(marks.fields)) {
      document.querySelectorAll(`[data-field="${CSS.escape(id)}"]`).forEach((row) => {
        if (mark.asked !== undefined) {
          row.hidden = !mark.asked;
          document.querySelectorAll(`[data-note-of="${CSS.escape(id)}"]`).forEach((note) => { note.hidden = !mark.asked; });
        }
        if (mark.quiet !== undefined) row.classList.toggle("quiet", mark.quiet);
        if (mark.change !== undefined) row.querySelector(".fld-last")?.classList.toggle("changed", Boolean(mark.change));
      });
      document.querySelectorAll(`[data-change="${CSS.escape(id)}"]`).forEach((word) => { word.textContent = mark.change || ""; });
      at(id).forEach((input) => {
        if (mark.hint !== undefined && input.type === "text") input.placeholder = mark.hint;
        input.closest(".in, .options")?.classList.toggle("gap", Boolean(mark.gap));
      });
    }
    index(marks.sections);
    gaps(marks.gaps);
  }

  function index(sections) {
    const links = [...document.querySelectorAll("[data-section]")];
    const same = links.length === Object.keys(sections).length && links.every((link) => link.dataset.section in sections);
    if (!same) { location.reload(); return; }  // another kind of visit has other blocks
    links.forEach((link) => {
      const count = link.querySelector("[data-count]");
      const lacking = sections[link.dataset.section];
      if (lacking || !/张$/.test(count.textContent)) count.textContent = lacking ? `缺 ${lacking}` : "✓";
      count.className = lacking ? "lacks" : "full";
    });
  }

  function gaps(found) {
    document.querySelector("[data-gap-count]").textContent = found.length;
    const list = document.querySelector("[data-gap-list]");
    list.replaceChildren(...(found.length ? found.map((gap) => {
      const item = document.createElement("li"), link = document.createElement("a");
      link.href = `${list.dataset.edit}${gap.section}/#${gap.anchor}`;
      link.textContent = gap.sentence;
      item.append(link);
      return item;
    }) : ["全部填好了。"]));
    const why = found.length ? `还有 ${found.length} 处未填` : "";
    document.querySelector("[data-submit-why]").textContent = why && `：${why}`;
    why ? submit.setAttribute("aria-disabled", "true") : submit.removeAttribute("aria-disabled");
    submit.title = why;
  }

  // --- moves -------------------------------------------------------------------------------------------------
  form.addEventListener("input", (event) => {
    const row = event.target.closest("[data-explain]");
    if (row && event.target.name === row.dataset.field) {
      const note = document.querySelector(`[data-note-of="${CSS.escape(row.dataset.field)}"]`);
      const owed = row.dataset.explain.split(" ").includes(event.target.value);
      const text = note?.querySelector("input");
      if (text) note.classList.toggle("quiet", !owed && !text.value);
    }
    changed();
  });

  document.addEventListener("click", async (event) => {
    const add = event.target.closest("[data-add]");
    if (add) { event.preventDefault(); addRow(add.dataset.add); return; }
    const insert = event.target.closest("[data-target]");
    const target = insert && document.getElementById(insert.dataset.target);
    if (target && "value" in target) {
      event.preventDefault();
      if (!target.value.includes(insert.dataset.value)) {
        target.value = `${target.value}\n${insert.dataset.value}`.trim();
        grow(target);
        changed();
      }
      target.focus();
      return;
    }
    const link = event.target.closest("a[data-submit], a[data-flush], a[data-section], [data-gap-list] a");
    if (!link) return;
    if (link.getAttribute("aria-disabled") === "true") { event.preventDefault(); document.querySelector("details.gaps").open = true; return; }
    if (dirty && !link.target) {
      event.preventDefault();
      if (await save()) location.assign(link.href);
    } else if (dirty) { save(); }
  });

  function addRow(id) {
    const table = document.querySelector(`[data-table="${CSS.escape(id)}"]`);
    const rows = table.querySelectorAll("[data-row]");
    const last = rows[rows.length - 1];
    const number = Number(last.dataset.row) + 1;
    const row = last.cloneNode(true);
    row.dataset.row = number;
    row.querySelectorAll("[name], [id]").forEach((one) => {
      for (const name of ["name", "id"]) if (one.hasAttribute(name)) one.setAttribute(name, one.getAttribute(name).replace(/-\d+-/, `-${number}-`));
      if (one.type === "radio" || one.type === "checkbox") one.checked = false; else if ("value" in one) one.value = "";
    });
    const legend = row.querySelector("legend");
    if (legend) legend.textContent = legend.textContent.replace(/\d+/, rows.length + 1);
    last.after(row);
    row.querySelector("input, textarea, select")?.focus();
  }

  function grow(area) {
    if (area.tagName !== "TEXTAREA") return;
    area.style.height = "auto";
    area.style.height = `${area.scrollHeight + 2}px`;
  }
  form.querySelectorAll("textarea").forEach(grow);
  form.addEventListener("input", (event) => grow(event.target));

  document.querySelectorAll("form[data-upload]").forEach((upload) => {
    upload.addEventListener("change", async () => { if (!dirty || await save()) upload.submit(); });
  });

  form.addEventListener("submit", () => { stopped = true; store(""); });
  window.addEventListener("online", save);
  document.addEventListener("visibilitychange", () => { if (document.hidden) save(); });
  window.addEventListener("beforeunload", (event) => { if (dirty && !stopped) event.preventDefault(); });

  // --- what was typed before the connection or the browser went away ----------------------------------------------
  function restore() {
    let kept;
    try { kept = JSON.parse(localStorage.getItem(key) || "null"); } catch { kept = null; }
    if (!kept) return;
    const values = new Map();
    kept.entries.forEach(([name, value]) => values.set(name, [...(values.get(name) || []), value]));
    for (const name of values.keys()) {
      const row = name.match(/^(.+)-(\d+)-\w+$/);
      if (row && !at(name).length && document.querySelector(`[data-table="${CSS.escape(row[1])}"]`)) addRow(row[1]);
    }
    for (const [name, list] of values) {
      at(name).forEach((input) => {
        if (input.type === "radio" || input.type === "checkbox") input.checked = list.includes(input.value);
        else input.value = list[0];
      });
    }
    form.elements._version.value = kept.version;
    changed();
    saved.textContent = "正在补存上次没有存上的内容…";
  }
  restore();
})();
