// Comforts of the identity form; it works without them.
"use strict";

(() => {
  const form = document.querySelector("form[data-sending]");
  const nik = form.querySelector("#nik");
  const photo = form.querySelector("#photo");
  const button = form.querySelector("button");

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
})();
