// Builds ../static from src/ and writes the manifest by which the tests see that the two belong together.
import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, version } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const out = process.argv[2] ?? join(here, "..", "static");
const copied = ["index.html", "login.html", "icon.svg"];
const sources = ["package.json", "package-lock.json", "build.mjs", ...readdirSync(join(here, "src")).sort().map((n) => `src/${n}`)];
const sha256 = (path) => createHash("sha256").update(readFileSync(path)).digest("hex");

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
await build({
  absWorkingDir: here,
  entryPoints: { main: "src/main.js", boot: "src/boot.js", login: "src/login.js", style: "src/style.css" },
  outdir: out,
  bundle: true,
  splitting: true,
  format: "esm",
  target: ["es2022"],
  chunkNames: "[name]",
  minify: true,
  legalComments: "none",
  charset: "utf8",
  define: { "process.env.NODE_ENV": '"production"' },
});
for (const name of copied) copyFileSync(join(here, "src", name), join(out, name));
writeFileSync(join(out, "LICENCES.txt"), licences());
const built = readdirSync(out).sort();
const echarts = JSON.parse(readFileSync(join(here, "node_modules/echarts/package.json"))).version;
const manifest = {
  made_by: "make console-assets",
  parts: { esbuild: version, echarts },
  sources: Object.fromEntries(sources.map((n) => [n, sha256(join(here, n))])),
  built: Object.fromEntries(built.map((n) => [n, sha256(join(out, n))])),
};
writeFileSync(join(out, "manifest.json"), `${JSON.stringify(manifest, null, 1)}\n`);

function licences() {
  const texts = [["Apache ECharts", "echarts", "LICENSE"], ["Apache ECharts, notice", "echarts", "NOTICE"],
    ["ZRender", "zrender", "LICENSE"], ["tslib", "tslib", "LICENSE.txt"]];
  return "charts.js holds parts of the following works.\n" + texts.map(([name, folder, file]) =>
    `\n${"=".repeat(80)}\n${name}\n${"=".repeat(80)}\n\n${readFileSync(join(here, "node_modules", folder, file), "utf8")}`).join("");
}
