// The player's small companion: tells the server that a unit was opened, how long it was looked at, and where one is in it.
// Everything it sends is a convenience; reading and handing in work without it.
(() => {
  "use strict";
  const player = document.querySelector("[data-player]");
  if (!player) return;
  const status = player.querySelector("[data-player-status]");
  const token = document.querySelector("input[name=csrfmiddlewaretoken]")?.value;
  if (!token) return;
  const EVERY_MS = 20000;
  const IDLE_MS = 120000;
  let seconds = Number(player.dataset.seconds) || 0;
  let sent = seconds;
  let position = player.dataset.position || "";
  let sentPosition = position;
  let lastSign = Date.now();

  const post = (url, fields) =>
    fetch(url, {
      method: "POST",
      credentials: "same-origin",
      keepalive: true,
      headers: { "X-CSRFToken": token, "X-Requested-With": "fetch" },
      body: new URLSearchParams(fields),
    });

  const say = (text) => {
    if (!status) return;
    const now = new Date();
    const clock = `${String(now.getHours()).padStart(2, "0")}:${String(now.getMinutes()).padStart(2, "0")}`;
    status.textContent = text === player.dataset.saved ? `${text} ${clock}` : text;
  };

  const send = async () => {
    if (seconds === sent && position === sentPosition) return;
    const [wantedSeconds, wantedPosition] = [seconds, position];
    try {
      const answer = await post(player.dataset.timeUrl, { seconds: wantedSeconds, position: wantedPosition });
      if (!answer.ok) return;
      sent = wantedSeconds;
      sentPosition = wantedPosition;
      say(player.dataset.saved);
    } catch {
      say(player.dataset.unsaved);
    }
  };

  const film = player.querySelector("video, audio");
  const resume = /^([ty]):(\d+)$/.exec(position);
  if (film) {
    if (resume && resume[1] === "t") film.addEventListener("loadedmetadata", () => { film.currentTime = Number(resume[2]); }, { once: true });
    film.addEventListener("timeupdate", () => { position = `t:${Math.floor(film.currentTime)}`; });
  } else {
    const height = () => document.documentElement.scrollHeight - window.innerHeight;
    if (resume && resume[1] === "y" && !location.hash) window.scrollTo(0, (height() * Number(resume[2])) / 100);
    addEventListener("scroll", () => { if (height() > 0) position = `y:${Math.min(100, Math.round((100 * window.scrollY) / height()))}`; }, { passive: true });
  }

  for (const sign of ["pointerdown", "keydown", "scroll", "touchstart"]) addEventListener(sign, () => { lastSign = Date.now(); }, { passive: true });
  setInterval(() => {
    const awake = Date.now() - lastSign < IDLE_MS || (film && !film.paused);
    if (document.visibilityState === "visible" && awake) seconds += 1;
  }, 1000);
  setInterval(send, EVERY_MS);
  document.addEventListener("visibilitychange", () => { if (document.visibilityState === "hidden") send(); });
  post(player.dataset.openUrl, {}).catch(() => say(player.dataset.unsaved));
})();
