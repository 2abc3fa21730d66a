// Publishes samples, serves them on the loopback under the strictest policy, and looks at them as people do: on a phone
// and a desk, by day and by night. Called by tests/site/run.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import http from "node:http";
import os from "node:os";
import path from "node:path";
import { createRequire } from "node:module";
import puppeteer from "puppeteer-core";

const require = createRequire(import.meta.url);
const axe = fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const project = process.argv[2];
const pictures = path.dirname(new URL(import.meta.url).pathname);
const folder = fs.mkdtempSync(path.join(os.tmpdir(), "feedmill-site-"));
const published = path.join(folder, "public");

const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".xml": "application/xml; charset=utf-8",
  ".atom": "application/xml; charset=utf-8",
  ".json": "application/json",
  ".opml": "application/xml; charset=utf-8",
};
const POLICY =
  "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const server = http.createServer((request, response) => {
  const name = decodeURIComponent(new URL(request.url, "http://localhost").pathname);
  const file = path.join(published, name.endsWith("/") ? `${name}index.html` : name);
  // Asked for by the browser beside documents that are no pages.
  if (name === "/favicon.ico") return response.writeHead(204).end();
  if (!file.startsWith(published) || !fs.existsSync(file)) return response.writeHead(404).end();
  const headers = { "content-type": TYPES[path.extname(file)] ?? "application/octet-stream" };
  // Not for XML and JSON, which the browser shows by scripts and styles of its own.
  if (file.endsWith(".html")) headers["content-security-policy"] = POLICY;
  response.writeHead(200, headers);
  response.end(fs.readFileSync(file));
});
await new Promise((done) => server.listen(0, "127.0.0.1", done));
const base = `http://127.0.0.1:${server.address().port}/`;

// Two lists of an invented office, one revised and hostile, a page that is written from right to left, and a list with
// links.
fs.cpSync(path.join(project, "samples/lakes"), path.join(folder, "lakes"), { recursive: true });
const arabic = path.join(project, "tests/scrapes/a_page_in_arabic_is_read_in_arabic.txt");
fs.mkdirSync(path.join(folder, "arabic"));
fs.copyFileSync(arabic, path.join(folder, "arabic/2020-06-20.txt"));
fs.mkdirSync(path.join(folder, "shore"));
const SHORE = [
  ["2021-05-01", "Ferry timetable", "The ferry leaves at eight."],
  ["2021-05-08", "Ferry timetable", "The ferry leaves at nine."],
];
for (const [day, title, text] of SHORE) {
  const hostile = `<script>document.title = "lost"</script> & "quotes" <img src=x onerror=alert(1)>`;
  const page = `News\n\nMay 2021\n\n  1. ${title}\n\n    01 May 2021\n\n    ${text}\n\n  2. ${hostile}\n\n    01 May 2021\n\n    ${hostile}\n`;
  fs.writeFileSync(path.join(folder, `shore/${day}.txt`), page);
}
fs.mkdirSync(path.join(folder, "linked"));
const row = (number) => `Pier ${number} opens,2021-05-0${number},https://lakes.example.org/news/${number}\n`;
fs.writeFileSync(path.join(folder, "linked/2021-05-08.csv"), `title,date,link\n${[1, 2, 3].map(row).join("")}`);
fs.writeFileSync(
  path.join(folder, "feedmill.toml"),
  `base_url = "${base}"
[[source]]
name = "lakes"
files = ["lakes/*.txt"]
title = "Lakes Office"
url = "https://lakes.example.org/news/"
language = "en"
[[source]]
name = "arabic"
files = ["arabic/*.txt"]
title = "مكتب البحيرات"
language = "ar"
[[source]]
name = "linked"
files = ["linked/*.csv"]
title = "${"Wasserstrassen".repeat(9)}amt"
[[source]]
name = "shore"
files = ["shore/*.txt"]
title = "Shore <b>&</b> Sons"
layout = "newsroom"
`,
);
execFileSync(process.env.FEEDMILL, ["--once"], { cwd: folder, stdio: ["ignore", "ignore", "inherit"] });

const SIZES = { phone: { width: 390, height: 844, isMobile: true, hasTouch: true }, desk: { width: 1280, height: 900 } };
const PAGES = {
  index: "index.html",
  feed: "lakes/index.html",
  month: "lakes/2021/05.html",
  arabic: "arabic/index.html",
  revised: "shore/2021/05.html",
  linked: "linked/index.html",
  // A title of one long word.
  narrow: "linked/2021/05.html",
};
const browser = await puppeteer.launch({
  executablePath: process.env.CHROMIUM,
  args: process.getuid() === 0 ? ["--no-sandbox"] : [],
});
// Who speaks to the page says what is to be seen (WCAG 2.5.3); the rule is off where nobody asks for it.
const RULES = `{ resultTypes: ["violations"], rules: { "label-content-name-mismatch": { enabled: true } } }`;
const complaints = [];
let looked = 0;

async function open(address, size = "desk", scheme = "light") {
  const page = await browser.newPage();
  await page.setViewport(SIZES[size]);
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
  const complain = (what) => complaints.push(`${address} (${size}, ${scheme}): ${what}`);
  page.on("console", (message) => ["error", "warn"].includes(message.type()) && complain(message.text()));
  page.on("pageerror", (error) => complain(error.message));
  page.on("requestfailed", (request) => complain(`not loaded: ${request.url()}`));
  page.on("response", (response) => response.status() >= 400 && complain(`${response.status()}: ${response.url()}`));
  await page.goto(base + address, { waitUntil: "networkidle0" });
  return { page, complain };
}

for (const [name, address] of Object.entries(PAGES)) {
  for (const size of Object.keys(SIZES)) {
    for (const scheme of ["light", "dark"]) {
      const { page, complain } = await open(address, size, scheme);
      looked += 1;
      await page.screenshot({ path: path.join(pictures, `${name}-${size}-${scheme}.png`), fullPage: true });
      // Not than `innerWidth`: a phone that is shown too much zooms out.
      const wide = (await page.evaluate(() => document.documentElement.scrollWidth)) - SIZES[size].width;
      if (wide > 0) complain(`wider than the window by ${wide}`);
      const { violations } = await page.evaluate(`${axe}; axe.run(document, ${RULES})`);
      for (const found of violations) complain(`${found.id}: ${found.help} at ${found.nodes.map((node) => node.target)}`);
      await page.close();
    }
  }
}

// Every link on every page leads to something that is there, to the very anchor.
const files = fs.readdirSync(published, { recursive: true }).filter((name) => name.endsWith(".html"));
const anchors = new Map();
for (const name of files) {
  const { page } = await open(name);
  anchors.set(base + name, await page.evaluate(() => [...document.querySelectorAll("[id]")].map((node) => node.id)));
  await page.close();
}
for (const name of files) {
  const { page, complain } = await open(name);
  const links = await page.evaluate(() => [...document.querySelectorAll("a[href], link[href]")].map((node) => node.href));
  for (const link of links.filter((link) => link.startsWith(base))) {
    looked += 1;
    const [to, anchor] = link.split("#");
    const file = path.join(published, decodeURIComponent(to.slice(base.length)) || "index.html");
    const there = fs.existsSync(file);
    if (!there) complain(`a link to nothing: ${link}`);
    if (there && anchor && !anchors.get(to)?.includes(anchor)) complain(`no such anchor: ${link}`);
  }
  await page.close();
}

// What is told of an item in the feeds opens on the item.
const feed = JSON.parse(fs.readFileSync(path.join(published, "lakes/feed.json"), "utf8"));
for (const item of feed.items) {
  const { page } = await open(item.url.slice(base.length));
  const target = await page.evaluate(() => {
    const found = document.querySelector(":target");
    const { top } = found?.getBoundingClientRect() ?? {};
    return found && { title: found.querySelector("[itemprop=headline]").textContent, seen: top >= 0 && top < innerHeight };
  });
  looked += 1;
  assert.deepEqual(target, { title: item.title, seen: true }, item.url);
  await page.close();
}

// A click on what is new leads to its place; subscribe links open the feeds.
{
  const { page } = await open("lakes/index.html");
  await Promise.all([page.waitForNavigation(), page.click("article .headline a")]);
  assert.equal(await page.evaluate(() => document.querySelector(":target")?.tagName), "ARTICLE");
  await page.goto(`${base}lakes/index.html`);
  for (const address of await page.$$eval(".subscribe a", (links) => links.map((link) => link.href))) {
    looked += 1;
    const response = await page.goto(address);
    assert.equal(response.status(), 200, address);
    assert.match(await response.text(), /^(<\?xml|\{)/, address);
  }
  await page.close();
}

// Text is text: nothing of a page is obeyed.
{
  const { page } = await open("shore/2021/05.html");
  assert.notEqual(await page.title(), "lost");
  assert.equal(await page.evaluate(() => document.querySelectorAll("script, img").length), 0);
  assert.equal(await page.evaluate(() => document.querySelectorAll("details.earlier").length), 1);
  await page.close();
}

await browser.close();
server.close();
fs.rmSync(folder, { recursive: true });
for (const complaint of complaints) console.log(complaint);
console.log(`tests/site: ${looked} looks, ${complaints.length} complaints; pictures in ${pictures}`);
process.exit(complaints.length === 0 ? 0 : 1);
