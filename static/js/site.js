/* Small comforts; every page works without them. */
const keep = (name, value) => {
  document.cookie = `${name}=${value}; path=/; max-age=31536000; samesite=lax`;
};
const root = document.documentElement;

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-set]");
  if (!button) return;
  event.preventDefault();
  const [name, value] = button.dataset.set.split("=");
  keep(name, value);
  if (value && value !== "normal" && value !== "system") root.dataset[name] = value;
  else delete root.dataset[name];
  if (name === "theme" && value === "system") root.dataset.theme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
});

/* One submission is one submission. */
document.addEventListener("submit", (event) => {
  if (event.defaultPrevented) return;
  if (event.target.dataset.sent) event.preventDefault();
  event.target.dataset.sent = "1";
  setTimeout(() => delete event.target.dataset.sent, 4000);
});

/* A menu closes with Escape and gives the focus back. */
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const open = document.querySelector(".util details[open]");
  if (open) {
    open.open = false;
    open.querySelector("summary").focus();
  }
});

const summary = document.querySelector(".errors");
if (summary) summary.focus();

/* Passing on an address: the system's own sheet on a phone, else the clipboard, which is then said. */
for (const button of document.querySelectorAll("[data-share]")) {
  if (!navigator.share && !navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    const url = button.dataset.share;
    try {
      if (navigator.share) await navigator.share({ url });
      else {
        await navigator.clipboard.writeText(url);
        button.querySelector("span").textContent = button.dataset.shared;
      }
    } catch (error) {
      if (error.name !== "AbortError") throw error;
    }
  });
}

/* The names of chosen files, in the words of the page. */
for (const pick of document.querySelectorAll("[data-pick]")) {
  const [input, name] = [pick.querySelector("input"), pick.querySelector(".pick-name")];
  const none = name.textContent;
  const show = () => {
    const names = Array.from(input.files, (file) => file.name);
    const several = () => pick.dataset.pick.replace("{n}", names.length).replace("{names}", names.join("、"));
    name.textContent = names.length > 1 ? several() : names[0] || none;
    pick.classList.toggle("pick--full", names.length > 0);
  };
  pick.classList.add("pick--live");
  input.addEventListener("change", show);
  window.addEventListener("pageshow", show);
}

/* Long work: look again after two seconds, then less often; whoever reads or types is left in peace. */
const poll = document.querySelector("[data-poll]");
if (poll) {
  const tries = Number(sessionStorage.getItem(location.pathname) || 0);
  sessionStorage.setItem(location.pathname, tries + 1);
  setTimeout(() => location.reload(), Math.min(30, Number(poll.dataset.poll) * 1.3 ** tries) * 1000);
} else sessionStorage.removeItem(location.pathname);

/* The free minutes of a withdrawal, counted down from what the server said; the text above it stays right without this. */
const countdown = document.querySelector("[data-countdown]");
if (countdown) {
  const ends = Date.now() + Number(countdown.dataset.countdown) * 1000;
  const tick = () => {
    const left = Math.max(0, Math.ceil((ends - Date.now()) / 1000));
    const words = left ? countdown.dataset.left : countdown.dataset.over;
    countdown.textContent = words.replace("{minutes}", Math.floor(left / 60)).replace("{seconds}", String(left % 60).padStart(2, "0"));
    if (left) return setTimeout(tick, 1000);
    if (!("keep" in countdown.dataset)) countdown.closest("form").querySelector("button").hidden = true;
  };
  countdown.hidden = false;
  tick();
}
