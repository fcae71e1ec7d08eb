// The sheet on which a place is chosen: a map of Jakarta without tiles, or a name to type.
// Used as `choosePlace(words)`, which gives {lat, lon}, or null when the sheet was closed.
"use strict";

const choosePlace = (() => {
  const FOUND = 8; // names offered at once
  const NEAR = 11.5; // from this zoom on kecamatan are named instead of kota
  const NEARER = 13; // and from this one on, kelurahan
  const sheet = document.getElementById("place");
  const find = (selector) => sheet.querySelector(selector);
  let words = {};
  let places = [];
  let map = null;
  let names = null; // of the kelurahan in view
  let marker = null;
  let chosen = null;

  async function choose(itsWords) {
    words = itsWords;
    if (!places.length) {
      const rows = await (await fetch("/demo/places.json")).json();
      places = rows.map(([level, name, above, lat, lon]) => ({ level, name, above, lat, lon }));
    }
    chosen = null;
    find(".choose").disabled = true;
    find(".chosen").textContent = "";
    find("input").value = "";
    find(".found").replaceChildren();
    find(".here").hidden = !(window.isSecureContext && navigator.geolocation);
    sheet.returnValue = "";
    sheet.showModal();
    if (!map) drawMap();
    if (marker) marker.remove();
    marker = null;
    map.invalidateSize();
    showAll();
    return new Promise((done) => {
      sheet.addEventListener("close", () => done(sheet.returnValue === "send" ? chosen : null), { once: true });
    });
  }

  function drawMap() {
    map = L.map(find(".map"), { attributionControl: false, preferCanvas: true, minZoom: 9, maxZoom: 16, zoomSnap: 0.25 });
    map.setView([-6.2, 106.83], 10);
    const land = { stroke: false, fillColor: "#fbf8ec", fillOpacity: 1, interactive: false };
    const dot = { radius: 3, stroke: false, fillColor: "#7d8f86", fillOpacity: 1, interactive: false };
    const named = { permanent: true, direction: "center" };
    const of = (level) => places.filter((one) => one.level === level);
    for (const one of of("kelurahan")) L.circle([one.lat, one.lon], { ...land, radius: 1700 }).addTo(map);
    for (const one of of("kecamatan")) {
      L.circleMarker([one.lat, one.lon], dot).bindTooltip(one.name, { ...named, className: "kecamatan" }).addTo(map);
    }
    for (const one of of("kota")) {
      L.circleMarker([one.lat, one.lon], { ...dot, radius: 0 }).bindTooltip(one.name, { ...named, className: "kota" }).addTo(map);
    }
    names = L.layerGroup().addTo(map);
    map.on("click", (event) => put(event.latlng.lat, event.latlng.lng));
    map.on("moveend", nameWhatIsSeen);
  }

  function nameWhatIsSeen() {
    const zoom = map.getZoom();
    find(".map").classList.toggle("near", zoom >= NEAR && zoom < NEARER);
    find(".map").classList.toggle("nearer", zoom >= NEARER);
    names.clearLayers();
    if (zoom < NEARER) return;
    for (const one of places) {
      if (one.level !== "kelurahan" || !map.getBounds().contains([one.lat, one.lon])) continue;
      const label = { permanent: true, direction: "bottom", offset: [0, 3], className: "kelurahan" };
      names.addLayer(L.circleMarker([one.lat, one.lon], { radius: 3, stroke: false, fillColor: "#5d7168", fillOpacity: 1, interactive: false }).bindTooltip(one.name, label));
    }
  }

  function showAll() {
    const mainland = places.filter((one) => one.level === "kelurahan" && !one.above.includes("Seribu"));
    map.fitBounds(mainland.map((one) => [one.lat, one.lon]), { padding: [14, 14], animate: false });
  }

  function put(lat, lon) {
    chosen = { lat: Number(lat.toFixed(5)), lon: Number(lon.toFixed(5)) };
    if (!marker) marker = L.circleMarker([lat, lon], { radius: 10, color: "#fff", weight: 3, fillColor: "#b3261e", fillOpacity: 1 }).addTo(map);
    marker.setLatLng([lat, lon]).bringToFront();
    const near = nearest(lat, lon);
    find(".chosen").textContent = words.near.replace("{place}", `${near.name}, ${near.above}`);
    find(".choose").disabled = false;
  }

  function nearest(lat, lon) {
    const away = (one) => (one.lat - lat) ** 2 + ((one.lon - lon) * Math.cos((lat * Math.PI) / 180)) ** 2;
    return places.filter((one) => one.level === "kelurahan").reduce((a, b) => (away(b) < away(a) ? b : a));
  }

  function look() {
    const wanted = find("input").value.toLowerCase().replace(/^(kel|kec)(urahan|amatan)?\.?\s+/, "").trim();
    if (wanted.length < 2) return find(".found").replaceChildren();
    const score = (one) => one.name.toLowerCase().indexOf(wanted);
    const found = places
      .filter((one) => one.level !== "kota" && score(one) >= 0)
      .sort((a, b) => score(a) - score(b) || a.name.localeCompare(b.name))
      .slice(0, FOUND);
    find(".found").replaceChildren(...(found.length ? found.map(offer) : [nothing()]));
  }

  function offer(one) {
    const button = document.createElement("button");
    button.type = "button";
    const above = document.createElement("small");
    above.textContent = one.above;
    button.append(one.name + " ", above);
    button.addEventListener("click", () => {
      find(".found").replaceChildren();
      find("input").value = one.name;
      map.invalidateSize();
      map.setView([one.lat, one.lon], 14, { animate: false });
      put(one.lat, one.lon);
      find(".choose").focus();
    });
    const item = document.createElement("li");
    item.append(button);
    return item;
  }

  function nothing() {
    const item = document.createElement("li");
    item.textContent = words.nothing_found;
    return item;
  }

  find("input").addEventListener("input", look);
  find("input").addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault(); // the sheet must not close
    const first = find(".found button");
    if (first) first.click();
  });
  find(".choose").addEventListener("click", () => sheet.close("send"));
  find(".here").addEventListener("click", () => {
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        map.setView([coords.latitude, coords.longitude], 14, { animate: false });
        put(coords.latitude, coords.longitude);
      },
      () => { find(".chosen").textContent = words.no_position; },
      { enableHighAccuracy: true, timeout: 15000 },
    );
  });
  return choose;
})();
