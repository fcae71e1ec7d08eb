// Drawing a signature with a finger, a pen or a mouse. The strokes are kept in this tab until they
// were sent, so they are there again after a bad signal, and after the phone was turned.
"use strict";

(() => {
  const form = document.querySelector("form[data-sending]");
  const pad = form.querySelector(".pad");
  const canvas = pad.querySelector("canvas");
  const ink = canvas.getContext("2d");
  const clear = pad.querySelector("button");
  const SHARPEST = 2; // pixels of the picture for one of the page
  const MOST = 6000; // points
  const WIDTH = 3; // of the pen, in pixels of the page

  // A stroke is a list of points: x and y as shares of the canvas' width.
  const before = kept.read().strokes;
  let strokes = form.dataset.anew || !Array.isArray(before) ? [] : before;
  let pointer = null;

  function draw() {
    const scale = Math.min(window.devicePixelRatio || 1, SHARPEST);
    const box = canvas.getBoundingClientRect();
    canvas.width = Math.round(box.width * scale);
    canvas.height = Math.round(box.height * scale);
    ink.lineWidth = WIDTH * scale;
    ink.lineCap = ink.lineJoin = "round";
    ink.strokeStyle = "#0a1030";
    for (const stroke of strokes) {
      ink.beginPath();
      for (const [x, y] of stroke) ink.lineTo(x * canvas.width, y * canvas.width);
      if (stroke.length === 1) ink.lineTo(stroke[0][0] * canvas.width, stroke[0][1] * canvas.width);
      ink.stroke();
    }
    clear.disabled = !strokes.length;
  }

  function add(event) {
    const box = canvas.getBoundingClientRect();
    if (strokes.reduce((sum, stroke) => sum + stroke.length, 0) >= MOST) return;
    const share = (part) => Math.round((part / box.width) * 1e4) / 1e4;
    strokes[strokes.length - 1].push([share(event.clientX - box.left), share(event.clientY - box.top)]);
    draw();
  }

  function lift(event) {
    if (event.pointerId !== pointer) return;
    pointer = null;
    strokes = strokes.filter((stroke) => stroke.length);
    kept.keep("strokes", strokes);
  }

  canvas.addEventListener("pointerdown", (event) => {
    if (pointer !== null || event.button > 0) return;
    event.preventDefault();
    pointer = event.pointerId;
    canvas.setPointerCapture(pointer);
    strokes.push([]);
    add(event);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (event.pointerId !== pointer) return;
    const passed = event.getCoalescedEvents ? event.getCoalescedEvents() : [];
    (passed.length ? passed : [event]).forEach(add);
  });
  canvas.addEventListener("pointerup", lift);
  canvas.addEventListener("pointercancel", lift);

  clear.addEventListener("click", () => {
    strokes = [];
    kept.keep("strokes", strokes);
    draw();
  });
  form.addEventListener("submit", () => {
    form.elements.drawing.value = strokes.length ? canvas.toDataURL("image/png") : "";
  });
  window.addEventListener("resize", draw);

  pad.hidden = false;
  const typed = form.querySelector("details");
  if (typed && !form.elements.name.value && !typed.hasAttribute("data-asked")) typed.open = false;
  if (form.dataset.anew) kept.keep("strokes", strokes);
  draw();
})();
