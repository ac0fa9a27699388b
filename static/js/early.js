/* Runs before the first paint: theme, text size and elder mode come from a cookie, so that public pages can be cached for everybody. */
(function () {
  const root = document.documentElement;
  const wanted = Object.fromEntries(document.cookie.split("; ").map((pair) => pair.split("=")));
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    const theme = wanted.theme === "dark" || wanted.theme === "light" ? wanted.theme : dark.matches ? "dark" : "light";
    root.dataset.theme = theme;
  };
  apply();
  dark.addEventListener("change", apply);
  if (wanted.mode === "elder") root.dataset.mode = "elder";
  if (wanted.size === "large" || wanted.size === "huge") root.dataset.size = wanted.size;
})();
