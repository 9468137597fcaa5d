// What a page can do beside being read: sort, filter, page through answers, copy, and stay up to date.
// Texts of others are only ever set as text.
"use strict";
(() => {
  const PER_PAGE = 50;
  const find = (within, selector) => within.querySelector(selector);
  const all = (within, selector) => [...within.querySelectorAll(selector)];
  const fold = (text) => text.toLowerCase();

  // --- tables ----------------------------------------------------------------------------------------
  const sorted = {}; // by id of a table: the column and whether it descends; outlives a refresh
  const unlimited = {}; // by id of a table: whether all of its rows are shown

  function keyOf(cell) {
    const text = cell.dataset.sort ?? cell.textContent.trim();
    const number = Number(text.replaceAll(",", ""));
    return text !== "" && !Number.isNaN(number) ? number : fold(text);
  }

  function compare(a, b) {
    if (typeof a === typeof b) return a < b ? -1 : a > b ? 1 : 0;
    return typeof a === "number" ? -1 : 1;
  }

  function sortBy(table, column, down) {
    const body = table.tBodies[0];
    const keyed = [...body.rows].map((row) => [keyOf(row.cells[column]), row]);
    keyed.sort((a, b) => (down ? compare(b[0], a[0]) : compare(a[0], b[0])));
    body.append(...keyed.map(([, row]) => row));
    for (const [place, heading] of [...table.tHead.rows[0].cells].entries()) {
      heading.setAttribute("aria-sort", place !== column ? "none" : down ? "descending" : "ascending");
    }
    sorted[table.id] = { column, down };
    table.dispatchEvent(new Event("sorted"));
  }

  function readySorting(table) {
    [...table.tHead.rows[0].cells].forEach((heading, column) => {
      find(heading, "button")?.addEventListener("click", () => {
        const now = sorted[table.id];
        const numbers = heading.classList.contains("num");
        sortBy(table, column, now?.column === column ? !now.down : numbers);
      });
    });
    const kept = sorted[table.id];
    if (kept) sortBy(table, kept.column, kept.down);
  }

  function readyTools(form) {
    const table = document.getElementById(form.dataset.tools);
    const more = find(form.parentElement, "[data-more]");
    more?.addEventListener("click", () => {
      unlimited[table.id] = true;
      apply();
    });
    table.addEventListener("sorted", () => apply());
    const apply = () => {
      const wanted = all(form, "[data-filter]").map((field) => [field.dataset.filter, fold(field.value)]);
      let shown = 0;
      const rows = [...table.tBodies[0].rows];
      const limit = unlimited[table.id] || wanted.some(([, text]) => text) ? Infinity : Number(form.dataset.limit ?? Infinity);
      for (const row of rows) {
        const fits = wanted.every(([name, text]) =>
          !text || (name === "text" ? fold(row.textContent).includes(text) : fold(row.dataset[name] ?? "") === text));
        shown += fits;
        row.hidden = !fits || shown > limit;
      }
      if (more) more.hidden = shown <= limit;
      const count = find(form, "[data-count]");
      if (count) count.textContent = shown === rows.length ? `${rows.length}` : `${shown} of ${rows.length}`;
    };
    form.addEventListener("input", (event) => {
      const name = event.target.dataset.toggle;
      if (name) {
        table.classList.toggle(`with-${name}`, event.target.checked);
        all(form.parentElement, `[data-shown-with="${name}"]`).forEach((each) => (each.hidden = !event.target.checked));
      }
      apply();
    });
    // Two runs are shown side by side; any other number is none to send.
    form.addEventListener("submit", (event) => {
      if (!form.hasAttribute("action") || all(document, `input[form="${form.id}"]:checked`).length !== 2) event.preventDefault();
    });
    for (const button of all(form, "[data-needs]")) {
      const count = () => (button.disabled = all(table, "input:checked").length !== Number(button.dataset.needs));
      table.addEventListener("change", count);
      count();
    }
    for (const box of all(form, "[data-toggle]")) table.classList.toggle(`with-${box.dataset.toggle}`, box.checked);
    apply();
  }

  // --- answers ---------------------------------------------------------------------------------------
  function readyAnswers(section) {
    const data = JSON.parse(find(section, "[data-answer-data]").textContent);
    const form = find(section, "form"), list = find(section, "[data-list]"), pager = find(section, "[data-pager]");
    const mine = data.instructions[0];
    let page = 0, everything = false, found = [], named = null;
    const texts = data.examples.map((example, place) =>
      fold([example.input, ...example.targets, ...data.instructions.map((each) => each.answers[place] ?? "")].join("\n")));
    const isRight = (score) => score === 1;
    const beside = () => data.instructions[Number(form.elements.beside?.value ?? 0)] ?? null;

    function rank(place) { // regressions first, then what is wrong, then the rest
      const score = mine.scores[place], other = data.instructions.length > 1 ? beside().scores[place] : null;
      if (score === null) return 3;
      return other !== null && other > score ? 0 : isRight(score) ? 2 : 1;
    }

    function choose() {
      const kind = find(form, "[name=kind]:checked").value, label = form.elements.class?.value ?? "";
      const words = fold(form.elements.text.value), other = data.instructions.length > 1 ? beside() : null;
      found = data.examples.map((_, place) => place).filter((place) => {
        const score = mine.scores[place], theirs = other?.scores[place] ?? null;
        if (label !== "" && data.examples[place].label !== Number(label)) return false;
        if (named && data.instructions[named.instruction].labels[place] !== named.label) return false;
        if (words && !texts[place].includes(words)) return false;
        if (kind === "wrong") return score !== null && !isRight(score);
        if (kind === "worse") return score !== null && theirs !== null && theirs > score;
        if (kind === "better") return score !== null && theirs !== null && theirs < score;
        return true;
      });
      found.sort((a, b) => rank(a) - rank(b) || a - b);
      page = 0;
      show();
    }

    function side(instruction, place) {
      const made = find(section, "[data-side]").content.cloneNode(true).firstElementChild;
      const score = instruction.scores[place], answer = instruction.answers[place];
      const ended = instruction.finishes[place];
      made.classList.add(score === null ? "aside" : isRight(score) ? "right" : "wrong");
      find(made, "[data-name]").textContent = instruction.name;
      const mark = score === null ? "set aside" : score === 1 ? "✓ right" : score === 0 ? "✗ wrong" : score.toFixed(2);
      find(made, "[data-mark]").textContent = mark + (ended && ended !== "stop" ? ` (${ended})` : "");
      const text = find(made, "[data-text]");
      text.textContent = answer === null ? "no answer" : answer === "" ? "empty" : answer;
      text.classList.toggle("empty", !answer);
      const thought = instruction.thoughts[place];
      if (thought) {
        find(made, "[data-thought]").hidden = false;
        find(made, "[data-thought] pre").textContent = thought;
      }
      return made;
    }

    function row(place) {
      const made = find(section, "[data-answer]").content.cloneNode(true).firstElementChild;
      const example = data.examples[place];
      find(made, "[data-place]").textContent = `Example ${place}`;
      find(made, "[data-input]").textContent = example.input;
      find(made, "[data-target]").textContent = example.targets.join(" | ");
      find(made, ".sides").append(side(mine, place));
      if (data.instructions.length > 1) find(made, ".sides").append(side(beside(), place));
      return made;
    }

    function show() {
      const pages = Math.max(1, Math.ceil(found.length / PER_PAGE));
      const shown = everything ? found : found.slice(page * PER_PAGE, (page + 1) * PER_PAGE);
      list.classList.toggle("everything", everything);
      list.replaceChildren(...shown.map(row));
      if (!found.length) list.textContent = "No answer is like that.";
      pager.hidden = everything || pages === 1;
      find(pager, "[data-page]").textContent = `page ${page + 1} of ${pages}`;
      find(pager, "[data-step='-1']").disabled = page === 0;
      find(pager, "[data-step='1']").disabled = page === pages - 1;
      const all_ = data.examples.length;
      find(form, "[data-count]").textContent = found.length === all_ ? `${all_}` : `${found.length} of ${all_}`;
      if (named) find(form, "[data-count]").textContent += `, answered “${data.labels[named.label] ?? "other"}”`;
    }

    function confusion(instruction, index) {
      const names = [...data.labels, "other"];
      const counts = data.labels.map(() => names.map(() => 0));
      data.examples.forEach((example, place) => {
        if (example.label >= 0 && instruction.answers[place] !== null) counts[example.label][instruction.labels[place]] += 1;
      });
      const table = document.createElement("table");
      table.createCaption().textContent = `${instruction.name}: targets in rows, answers in columns`;
      const head = table.createTHead().insertRow();
      head.append(document.createElement("td"), ...names.map((name) => heading(name, "col")));
      const body = table.createTBody();
      counts.forEach((line, target) => {
        const made = body.insertRow();
        made.append(heading(names[target], "row"));
        line.forEach((count, label) => {
          const cell = made.insertCell();
          if (!count) return void (cell.textContent = "·");
          cell.className = label === target ? "right" : "wrong";
          const button = document.createElement("button");
          button.type = "button";
          button.textContent = count;
          button.setAttribute("aria-label", `${count}: target ${names[target]}, answered ${names[label]}. Show them.`);
          button.addEventListener("click", () => {
            form.elements.class.value = String(target);
            named = { instruction: index, label };
            choose();
            list.scrollIntoView({ block: "start" });
          });
          cell.append(button);
        });
      });
      return table;
    }

    function heading(text, scope) {
      const made = document.createElement("th");
      made.scope = scope;
      made.textContent = text;
      return made;
    }

    function drawConfusion() {
      const place = find(section, "[data-confusion]");
      if (!place) return;
      const second = data.instructions.length > 1 ? [beside()] : [];
      place.replaceChildren(...[mine, ...second].map((each) => confusion(each, data.instructions.indexOf(each))));
    }

    form.addEventListener("input", (event) => {
      named = null;
      if (event.target.name === "beside") drawConfusion();
      choose();
    });
    form.addEventListener("submit", (event) => event.preventDefault());
    pager.addEventListener("click", (event) => {
      const step = Number(event.target.dataset.step ?? 0);
      if (event.target.dataset.everything !== undefined) everything = true;
      page += step;
      show();
      if (step) section.scrollIntoView({ block: "start" });
    });
    drawConfusion();
    choose();
  }

  // --- the page ----------------------------------------------------------------------------------------
  function ready(within) {
    all(within, "table.sortable").forEach(readySorting);
    all(within, "form[data-tools]").forEach(readyTools);
    if (find(within, "[data-answer-data]")) readyAnswers(find(within, "[data-answer-data]").closest("section"));
    for (const button of all(within, "[data-copy]")) {
      button.hidden = !navigator.clipboard;
      button.addEventListener("click", async () => {
        const parts = all(document.getElementById(button.dataset.copy), "pre").map((each) => each.textContent);
        await navigator.clipboard.writeText(parts.join("\n\n"));
        button.textContent = "Copied";
        setTimeout(() => (button.textContent = "Copy"), 2000);
      });
    }
  }

  // --- live pages --------------------------------------------------------------------------------------
  const REST = 1500; // milliseconds between two looks
  let due = false, busy = false;

  function stateOf(part) {
    const fields = all(part, "input, select").map((each) => [each.value, each.checked]);
    return { fields, open: all(part, "details").map((each) => each.open) };
  }

  function restore(part, state) {
    const fields = all(part, "input, select");
    if (fields.length === state.fields.length) {
      fields.forEach((each, place) => {
        if (each.type === "checkbox" || each.type === "radio") each.checked = state.fields[place][1];
        else each.value = state.fields[place][0];
      });
    }
    all(part, "details").forEach((each, place) => (each.open = state.open[place] ?? false));
  }

  const served = {}; // by part: what the server sent last
  async function refresh() {
    if (busy || document.hidden) return void (due = true);
    busy = true;
    due = false;
    try {
      const answer = await fetch(location.href, { cache: "no-store" });
      if (answer.ok) {
        const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
        const main = document.getElementById("main");
        for (const part of all(fresh, "[data-part]")) {
          const name = part.dataset.part, old = find(main, `[data-part="${name}"]`), html = part.innerHTML;
          if (old && served[name] === html) continue;
          served[name] = html;
          const state = old ? stateOf(old) : null;
          const within = old?.contains(document.activeElement) ? document.activeElement : null;
          const focused = within ? all(old, "input, select, button, a, summary").indexOf(within) : -1;
          const made = document.importNode(part, true);
          if (old) old.replaceWith(made);
          else main.insertBefore(made, find(main, "#settings, #comparisons"));
          if (state) restore(made, state);
          ready(made);
          if (focused >= 0) all(made, "input, select, button, a, summary")[focused]?.focus({ preventScroll: true });
        }
      }
    } finally {
      setTimeout(() => {
        busy = false;
        if (due) refresh();
      }, REST);
    }
  }

  if (document.body.dataset.events) {
    const pulse = document.getElementById("pulse");
    const source = new EventSource(document.body.dataset.events);
    const say = (text, off) => {
      pulse.textContent = text;
      pulse.classList.toggle("off", off);
    };
    source.addEventListener("open", () => say("live", false));
    source.addEventListener("error", () => say("no connection", true));
    source.addEventListener("changed", refresh);
    source.addEventListener("tick", () => find(document, ".s-running") && refresh());
    document.addEventListener("visibilitychange", () => due && refresh());
    addEventListener("pagehide", () => source.close());
  }

  ready(document);
})();
