// Comforts of the identity form; it works without them. Nothing typed is kept on the phone.
"use strict";

(() => {
  const form = document.querySelector("form[data-sending]");
  const nik = form.querySelector("#nik");
  const photo = form.querySelector("#photo");
  const button = form.querySelector("button");
  const words = button.textContent;

  // 16 digits are easier to compare with the card in groups of four
  nik.addEventListener("input", () => {
    if (nik.selectionStart !== nik.value.length) return; // somebody mends a digit in the middle
    nik.value = nik.value.replace(/\D/g, "").slice(0, 16).replace(/(\d{4})(?=\d)/g, "$1 ");
  });

  photo.addEventListener("change", async () => {
    if (!photo.files.length || typeof DataTransfer !== "function") return;
    button.disabled = true;
    const small = await smallPhoto(photo.files[0]);
    if (small !== photo.files[0]) {
      const files = new DataTransfer();
      files.items.add(new File([small], "ktp.jpg", { type: "image/jpeg" }));
      photo.files = files.files;
    }
    button.disabled = false;
  });

  form.addEventListener("submit", () => {
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
