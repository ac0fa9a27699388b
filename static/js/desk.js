/* Keys of the desk: j and k walk through cases or lines, ? explains. Off inside fields, and for whoever switches them off (WCAG 2.1.4). */
(() => {
  "use strict";
  const help = document.querySelector("[data-keys-help]");
  if (!help || !help.showModal) return;
  const opener = document.querySelector("[data-keys-open]");
  const box = help.querySelector("input[type=checkbox]");
  const KEPT = "desk-keys";

  const read = () => {
    try { return localStorage.getItem(KEPT) !== "off"; } catch { return true; }
  };
  let on = read();
  box.checked = on;
  opener.hidden = false;
  opener.addEventListener("click", () => help.showModal());
  box.addEventListener("change", () => {
    on = box.checked;
    try { localStorage.setItem(KEPT, on ? "on" : "off"); } catch { /* then it holds for this page */ }
  });

  const isField = (element) => element.isContentEditable || /^(input|textarea|select)$/i.test(element.tagName);
  const places = () => [...document.querySelectorAll("[data-keys] tbody th a, [data-keys] .prop > li > h3")];

  const walk = (step) => {
    const all = places();
    if (!all.length) return;
    const at = all.indexOf(document.activeElement);
    const next = all[at < 0 ? (step > 0 ? 0 : all.length - 1) : Math.min(all.length - 1, Math.max(0, at + step))];
    if (!next.hasAttribute("href")) next.tabIndex = -1;
    next.focus();
    next.scrollIntoView({ block: "nearest" });
  };

  document.addEventListener("keydown", (event) => {
    if (!on || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (isField(event.target) || document.querySelector("dialog[open]")) return;
    if (event.key === "j") walk(1);
    else if (event.key === "k") walk(-1);
    else if (event.key === "?") help.showModal();
    else return;
    event.preventDefault();
  });
})();
