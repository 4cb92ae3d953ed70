// Runs before the first paint, so that neither theme nor language flickers.
try {
  const theme = localStorage.getItem("sekisho.theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  const lang = new URLSearchParams(location.search).get("lang") ?? localStorage.getItem("sekisho.lang");
  if (lang === "ja" || lang === "en") document.documentElement.lang = lang;
} catch {
  // storage is switched off: the defaults do
}
