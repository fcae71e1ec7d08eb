// Phones that talk with the service. A bubble of one's own is shown at once as pending, and
// gives way to the record's bubble, which carries the same delivery id; so nothing shows twice.
"use strict";

(() => {
  const WORDS = JSON.parse(document.getElementById("words").textContent);
  const LANG = document.documentElement.lang;
  const ZONE = { timeZone: "Asia/Jakarta" };
  const CLOCK = new Intl.DateTimeFormat(LANG === "id" ? "id-ID" : "en-GB", { hour: "2-digit", minute: "2-digit", ...ZONE });
  const DAY = new Intl.DateTimeFormat(LANG === "id" ? "id-ID" : "en-GB", { weekday: "long", day: "numeric", month: "long", ...ZONE });
  const NARROW = window.matchMedia("(max-width: 899px)");
  const LINK = /https?:\/\/[^\s<>"']+[^\s<>"'.,;:!?)\]]/g;
  const PATIENCE = 30000; // ms for the service to answer a post
  const LONGEST_PAUSE = 8000; // ms between two tries to send
  const SECOND_TAP = 1200; // ms in which another tap on the same button is the same tap

  // -- small pieces of the page

  function make(tag, className, ...children) {
    const element = document.createElement(tag);
    if (className) element.className = className;
    element.append(...children);
    return element;
  }

  function icon(name) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
    use.setAttribute("href", `#i-${name}`);
    svg.setAttribute("aria-hidden", "true");
    svg.append(use);
    return svg;
  }

  function linked(text) {
    const parts = [];
    let at = 0;
    for (const found of text.matchAll(LINK)) {
      const link = make("a", "", found[0]);
      link.href = found[0];
      link.target = "_blank";
      link.rel = "noopener noreferrer";
      parts.push(text.slice(at, found.index), link);
      at = found.index + found[0].length;
    }
    return [...parts, text.slice(at)];
  }

  function size(bytes) {
    const unit = bytes < 1e6 ? [1e3, "kB"] : [1e6, "MB"];
    const number = (bytes / unit[0]).toLocaleString(LANG, { maximumFractionDigits: unit[1] === "MB" ? 1 : 0 });
    return `${number} ${unit[1]}`;
  }

  function days(number) {
    return (number === 1 ? WORDS.later_day : WORDS.later_days).replace("{n}", String(number));
  }

  function uuid() { // crypto.randomUUID is missing where a phone opens the page over plain http
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
  }

  const pause = (ms) => new Promise((done) => setTimeout(done, ms));

  // -- one phone

  class Phone {
    constructor(section) {
      this.section = section;
      this.tab = document.getElementById(section.id.replace("phone-", "tab-"));
      this.address = section.dataset.address;
      this.last = 0;
      this.unread = 0;
      this.below = 0; // bubbles that came while an older part was being read
      this.day = "";
      this.waiting = new Map(); // delivery id -> pending bubble
      this.queue = [];
      this.log = this.find(".log");
      this.text = this.find("textarea");
      this.listen();
    }

    find(selector) { return this.section.querySelector(selector); }

    get shown() { return !NARROW.matches || this.section.classList.contains("shown"); }

    listen() {
      this.find(".composer").addEventListener("submit", (event) => { event.preventDefault(); this.say(); });
      this.text.addEventListener("keydown", (event) => {
        if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
        event.preventDefault();
        this.say();
      });
      this.text.addEventListener("input", () => this.grow());
      this.text.addEventListener("focus", () => this.menu(false));
      this.find(".clip").addEventListener("click", () => this.menu(this.find(".attach").hidden));
      this.find(".attach input").addEventListener("change", (event) => this.photo(event.target));
      this.find(".sample").addEventListener("click", () => this.sample());
      this.find(".locate").addEventListener("click", () => this.locate());
      this.find(".share").addEventListener("click", () => this.share());
      this.find(".day-passes")?.addEventListener("click", () => this.dayPasses());
      this.find(".start").addEventListener("click", () => this.start());
      this.find(".newest").addEventListener("click", () => this.toNewest());
      this.log.addEventListener("scroll", () => { if (this.atEnd()) this.seen(); }, { passive: true });
      this.section.addEventListener("keydown", (event) => {
        if (event.key === "Escape" && !this.find(".attach").hidden) { this.menu(false); this.find(".clip").focus(); }
      });
    }

    menu(open) {
      this.find(".attach").hidden = !open;
      this.find(".clip").setAttribute("aria-expanded", String(open));
      if (open) this.find(".attach input").focus();
    }

    grow() {
      this.text.style.height = "auto";
      this.text.style.height = `${Math.min(this.text.scrollHeight + 2, 120)}px`;
    }

    // -- what the person does

    say() {
      const text = this.text.value.trim();
      if (!text) return;
      this.text.value = "";
      this.grow();
      this.post("say", { text }, { text });
    }

    async dayPasses() {
      const status = await this.deliver({ act: "day", body: {} });
      if (status === 404) this.state(WORDS.nothing_written);
    }

    start() {
      this.find(".empty").hidden = true;
      this.post("say", { text: "/start" }, { started: true });
    }

    tap(button, token, label) {
      if (button.dataset.at && Date.now() - button.dataset.at < SECOND_TAP) return;
      button.dataset.at = Date.now();
      button.classList.add("tapped");
      setTimeout(() => button.classList.remove("tapped"), SECOND_TAP);
      this.post("tap", { token }, { text: label });
    }

    async photo(input) {
      this.menu(false);
      const file = input.files[0];
      input.value = "";
      if (file) this.sendPhoto(await smallPhoto(file));
    }

    async sample() {
      this.menu(false);
      const answer = await fetch("/demo/sample.jpg").catch(() => null);
      if (answer && answer.ok) this.sendPhoto(await answer.blob());
      else this.state(WORDS.reconnecting);
    }

    sendPhoto(blob) {
      this.post("photo", { photo: blob }, { photo: { url: URL.createObjectURL(blob) } });
    }

    async locate() {
      this.menu(false);
      const place = await choosePlace(WORDS).catch(() => null);
      if (place) this.post("location", place, { location: place });
    }

    share() {
      this.menu(false);
      this.post("contact", {}, { contact: "…" });
    }

    // -- sending, one after the other, until it arrived

    post(act, body, preview) {
      const delivery = uuid();
      const bubble = this.draw({ ...preview, sent: false, at: new Date().toISOString(), note: WORDS.sending });
      this.find(".pending").append(bubble);
      this.find(".empty").hidden = true;
      this.waiting.set(delivery, bubble);
      this.queue.push({ act, body: { ...body, id: delivery, locale: LANG }, bubble, delivery });
      this.toNewest();
      this.drain();
    }

    async drain() {
      if (this.draining) return;
      this.draining = true;
      let wait = 1000;
      while (this.queue.length) {
        const one = this.queue[0];
        const status = await this.deliver(one);
        if (status === 0 || status >= 500 || status === 429) {
          this.note(one.bubble, WORDS.waiting);
          await pause(wait);
          wait = Math.min(wait * 2, LONGEST_PAUSE);
          continue;
        }
        wait = 1000;
        this.queue.shift();
        if (status >= 400) {
          this.note(one.bubble, status === 413 ? WORDS.too_large : WORDS.refused);
          one.bubble.classList.add("refused");
          this.waiting.delete(one.delivery);
        }
      }
      this.draining = false;
    }

    async deliver({ act, body }) {
      let options = { body: JSON.stringify(body), headers: { "Content-Type": "application/json" } };
      if (act === "photo") {
        const form = new FormData();
        for (const name of ["id", "locale"]) form.append(name, body[name]);
        form.append("photo", body.photo, "photo.jpg");
        options = { body: form };
      }
      const stop = new AbortController();
      const timer = setTimeout(() => stop.abort(), PATIENCE);
      try {
        const link = `/demo/${this.address}/${act}`;
        return (await fetch(link, { method: "POST", signal: stop.signal, ...options })).status;
      } catch (error) {
        return 0;
      } finally {
        clearTimeout(timer);
      }
    }

    note(bubble, words) {
      const note = bubble.querySelector(".note");
      if (note) note.textContent = words;
    }

    // -- what comes

    receive(message) {
      if (message.id <= this.last) return;
      this.last = message.id;
      const end = this.atEnd();
      const pending = this.waiting.get(message.delivery);
      if (pending) {
        pending.remove();
        this.waiting.delete(message.delivery);
      }
      this.find(".empty").hidden = true;
      this.newDay(message.at);
      const passed = message.passed ? WORDS.day_passed : message.later && days(message.later);
      this.find(".bubbles").append(passed ? make("li", "day", passed) : this.draw(message));
      if (end) this.toNewest();
      if (message.sent && ready && !end) this.behind();
      if (message.sent && ready && !this.shown) this.count(this.unread + 1);
    }

    newDay(at) {
      const day = DAY.format(new Date(at));
      if (day === this.day) return;
      this.day = day;
      const today = day === DAY.format(new Date());
      this.find(".bubbles").append(make("li", "day", today ? WORDS.today : day));
    }

    draw(message) {
      const whose = make("span", "hidden-words", message.sent ? WORDS.service : WORDS.you);
      const words = make("div", "words", whose);
      if (message.photo) words.append(this.picture(message.photo));
      if (message.started) words.append(make("p", "", WORDS.started));
      if (message.location) words.append(this.spot(message.location));
      if (message.contact) words.append(this.card("contact", message.contact, WORDS.contact));
      if (message.text) words.append(make("p", "", ...linked(message.text)));
      if (message.document) words.append(this.paper(message.document));
      const at = make("time", "", CLOCK.format(new Date(message.at)));
      at.dateTime = message.at;
      words.append(message.note ? make("span", "note", message.note) : at);
      const bubble = make("li", message.sent ? "bubble" : "bubble mine", words);
      const buttons = [...(message.choices || []).map((one) => this.choice(one)), ...this.wish(message.wish)];
      if (buttons.length) bubble.append(make("div", "choices", ...buttons));
      return bubble;
    }

    picture({ url }) {
      const image = make("img");
      image.alt = WORDS.photo;
      image.src = url;
      image.addEventListener("load", () => { if (this.atEnd(320)) this.toNewest(); });
      if (url.startsWith("blob:")) return image;
      const link = make("a", "", image);
      link.href = url;
      link.target = "_blank";
      return link;
    }

    spot({ lat, lon }) {
      return this.card("pin", WORDS.location, `${lat.toFixed(5)}, ${lon.toFixed(5)}`, "spot");
    }

    paper({ name, size: bytes, url }) {
      const card = this.card("file", name, bytes ? `PDF · ${size(bytes)}` : "PDF", "", "a");
      card.href = url;
      card.target = "_blank";
      card.setAttribute("aria-label", WORDS.document.replace("{name}", name));
      return card;
    }

    card(picture, title, below, kind = "spot", tag = "div") {
      return make(tag, `card ${kind}`, icon(picture), make("span", "", title, make("small", "", below)));
    }

    choice({ label, token }) {
      const button = make("button", "", label);
      button.type = "button";
      button.addEventListener("click", () => this.tap(button, token, label));
      return button;
    }

    wish(kind) {
      if (!kind) return [];
      const [picture, act] = {
        photo: ["camera", () => this.find(".attach input").click()],
        location: ["pin", () => this.locate()],
        contact: ["contact", () => this.share()],
      }[kind];
      const button = make("button", "wish", icon(picture), WORDS[`wish_${kind}`]);
      button.type = "button";
      button.addEventListener("click", act);
      if (kind !== "photo") return [button];
      const sample = make("button", "", this.find(".sample").textContent.trim());
      sample.type = "button";
      sample.addEventListener("click", () => this.sample());
      return [button, sample];
    }

    // -- what is seen

    atEnd(within = 60) {
      return this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < within;
    }

    toNewest() {
      this.log.scrollTop = this.log.scrollHeight;
      this.seen();
    }

    behind() {
      this.below += 1;
      this.find(".newest span").textContent = String(this.below);
      this.find(".newest").hidden = false;
    }

    seen() {
      this.below = 0;
      this.find(".newest").hidden = true;
    }

    count(unread) {
      this.unread = unread;
      const badge = this.tab.querySelector(".unread");
      badge.hidden = unread === 0;
      badge.textContent = unread > 9 ? "9+" : String(unread);
      badge.setAttribute("aria-label", WORDS.unread.replace("{n}", String(unread)));
    }

    show() {
      for (const other of phones) {
        other.section.classList.toggle("shown", other === this);
        other.tab.setAttribute("aria-selected", String(other === this));
        other.tab.tabIndex = other === this ? 0 : -1;
      }
      for (const one of [this.tab, this.section]) one.scrollIntoView({ block: "nearest", inline: "nearest" });
      this.count(0);
      this.toNewest();
    }

    caughtUp() {
      this.log.setAttribute("aria-busy", "false");
      this.find(".empty").hidden = this.last > 0 || this.waiting.size > 0;
      this.state("");
    }

    state(words) {
      const state = this.find(".state");
      if (!state.dataset.usual) state.dataset.usual = state.textContent;
      state.textContent = words || state.dataset.usual;
    }
  }

  // -- all phones: the stream, the tabs, the keyboard

  let ready = false;
  const phones = [...document.querySelectorAll(".phone")].map((section) => new Phone(section));
  const byAddress = new Map(phones.map((phone) => [phone.address, phone]));

  function connect() {
    const addresses = phones.map((phone) => phone.address).join(",");
    const after = phones.map((phone) => phone.last).join(".");
    const stream = new EventSource(`/demo/${addresses}/events?after=${after}`);
    stream.onmessage = (event) => {
      const message = JSON.parse(event.data);
      byAddress.get(message.address).receive(message);
    };
    stream.addEventListener("ready", () => {
      ready = true;
      phones.forEach((phone) => phone.caughtUp());
    });
    stream.onerror = () => {
      phones.forEach((phone) => phone.state(WORDS.reconnecting));
      if (stream.readyState !== EventSource.CLOSED) return; // else it comes back by itself
      setTimeout(connect, 2000);
    };
    window.addEventListener("pagehide", () => stream.close(), { once: true });
  }

  // -- time passes for everybody; the page has this only on the demo's own machine

  const later = document.querySelector(".later");
  later?.addEventListener("click", async (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    const options = { method: "POST", headers: { "Content-Type": "application/json" } };
    const body = JSON.stringify(button.dataset.days ? { days: Number(button.dataset.days) } : {});
    button.disabled = true;
    const answer = await fetch("/demo/later", { ...options, body }).catch(() => null);
    button.disabled = false;
    const said = later.querySelector("[role=status]");
    said.hidden = Boolean(answer?.ok);
    if (!said.hidden) said.textContent = answer?.status === 404 ? WORDS.later_nothing : WORDS.reconnecting;
    else later.open = false;
  });

  phones.forEach((phone, at) => {
    phone.tab.addEventListener("click", () => phone.show());
    phone.tab.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      const next = phones[(at + step + phones.length) % phones.length];
      next.show();
      next.tab.focus();
    });
  });
  document.addEventListener("click", (event) => {
    for (const phone of phones) {
      const inside = phone.find(".attach").contains(event.target) || phone.find(".clip").contains(event.target);
      if (!inside && !event.target.closest(".wish")) phone.menu(false);
    }
    if (later && !later.contains(event.target)) later.open = false;
  });
  window.addEventListener("pageshow", (event) => { if (event.persisted) connect(); });
  if (window.visualViewport) { // iOS lays the keyboard over the page
    window.visualViewport.addEventListener("resize", () => {
      const ends = phones.filter((phone) => phone.atEnd(400));
      document.documentElement.style.setProperty("--height", `${window.visualViewport.height}px`);
      window.scrollTo(0, 0);
      ends.forEach((phone) => phone.toNewest());
    });
  }
  phones.find((phone) => phone.section.id === `phone-${document.body.dataset.first}`).show();
  connect();
})();
