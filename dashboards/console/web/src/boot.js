// Runs before the first paint, so that neither theme nor language flickers, and asks for the facts at once.
try {
  const theme = localStorage.getItem("sekisho.theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  const lang = new URLSearchParams(location.search).get("lang") ?? localStorage.getItem("sekisho.lang");
  if (lang === "ja" || lang === "en") document.documentElement.lang = lang;
} catch {
  // storage is switched off: the defaults do
}
if (location.pathname !== "/login") window.sekishoFacts = fetch("/api/facts", { credentials: "same-origin", redirect: "error" });
window.sekishoFacts?.catch(() => {});
