// Keeps what is typed into a form, in this tab only, until it was sent: a bad signal loses nothing.
// Photos and ticks are not kept. `forget.js` ends it, on the pages that follow.
"use strict";

const kept = (() => {
  const name = `form:${location.pathname}`;

  function read() {
    try {
      return JSON.parse(sessionStorage.getItem(name)) || {};
    } catch (error) {
      return {}; // this browser keeps nothing for pages
    }
  }

  function keep(field, value) {
    try {
      sessionStorage.setItem(name, JSON.stringify({ ...read(), [field]: value }));
    } catch (error) {
      return; // full, or not allowed: the form works without it
    }
  }

  return { read, keep };
})();

(() => {
  const form = document.querySelector("form[data-sending]");
  const fields = [...form.querySelectorAll("input[name], select[name], textarea[name]")]
    .filter((field) => !["hidden", "file", "checkbox"].includes(field.type));
  const before = kept.read();
  for (const field of fields) {
    if (!field.value && typeof before[field.name] === "string") field.value = before[field.name];
    field.addEventListener("input", () => kept.keep(field.name, field.value));
  }

  const button = form.querySelector("button[type=submit]");
  const words = button.textContent;
  form.addEventListener("submit", () => {
    for (const field of fields) kept.keep(field.name, field.value);
    button.disabled = true;
    button.textContent = form.dataset.sending;
  });
  window.addEventListener("pageshow", () => { // come back by the back button
    button.disabled = false;
    button.textContent = words;
  });

  const problems = document.querySelector(".problems");
  if (problems) problems.focus();
})();
