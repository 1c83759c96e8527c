// The browser: one Chromium, a fresh context for each person, and what is looked at on every page.
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import AxeBuilder from '@axe-core/playwright';
import { chromium } from 'playwright-core';

const shots = fileURLToPath(new URL('../shots/', import.meta.url));
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22a', 'wcag22aa', 'best-practice'];
const WIDE = { width: 1280, height: 900 };
export const PHONE = { width: 360, height: 740 };
const NARROW = { width: 320, height: 640 };

export const launch = () => {
  mkdirSync(shots, { recursive: true });
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: FLAGS });
};

/** People of one journey, and the faults that do not stop it. */
export class Visitors {
  constructor(browser, journey) {
    Object.assign(this, { browser, journey, contexts: [], faults: [], last: null });
  }

  /** A fresh person with a window of their own. */
  async open({ js = true, phone = false, agent } = {}) {
    const context = await this.browser.newContext({ javaScriptEnabled: js, viewport: phone ? PHONE : WIDE, userAgent: agent, locale: 'es-CO', timezoneId: 'America/Bogota' });
    this.contexts.push(context);
    context.setDefaultTimeout(20_000);
    const page = await context.newPage();
    page.on('framenavigated', () => (this.last = page));
    page.on('pageerror', (error) => this.faults.push(`script error at ${page.url()}: ${error.message}`));
    page.on('console', (message) => {
      if (message.type() === 'error' && !/status of (4\d\d|503)/.test(message.text())) this.faults.push(`console at ${page.url()}: ${message.text().slice(0, 200)}`);
    });
    return page;
  }

  /** Screenshots, axe and reflow of what is shown now, at the widths that matter; leaves the window as it was. */
  async look(page, name) {
    const before = page.viewportSize();
    this.faults.push(...(await inspect(page, `${this.journey}-${name}`)));
    await page.setViewportSize(before);
  }

  async close() {
    await Promise.all(this.contexts.map((context) => context.close().catch(() => {})));
  }
}

export const shot = (page, name) => page.screenshot({ path: `${shots}${name.replaceAll(/[^\w.-]+/g, '_')}.png`, fullPage: true, animations: 'disabled' });

/** What is wrong with the page as shown: axe at 1280 and 360 px, reflow at 320 px, one h1. Everything folded is unfolded first. */
export async function inspect(page, name, sizes = [WIDE, PHONE]) {
  const faults = [];
  const at = new URL(page.url()).pathname;
  await page.evaluate(() => document.querySelectorAll('details').forEach((fold) => (fold.open = true)));
  const titles = await page.locator('h1').count();
  if (titles !== 1) faults.push(`${at}: ${titles} h1`);
  for (const size of sizes) {
    await page.setViewportSize(size);
    const { violations } = await new AxeBuilder({ page }).setLegacyMode(true).withTags(RULES).options({ rules: { 'target-size': { enabled: true } }, resultTypes: ['violations'] }).analyze();
    for (const { id, nodes } of violations) faults.push(`${at} at ${size.width} px: ${id} (${nodes.length}) ${nodes[0].target.join(' ')}: ${nodes[0].html.slice(0, 120)} ${nodes[0].any[0]?.message ?? ''}`);
    await shot(page, `${name}-${size.width}`);
  }
  await page.setViewportSize(NARROW);
  const wide = await page.evaluate(() => {
    const over = document.documentElement.scrollWidth - innerWidth;
    if (over <= 0) return null;
    const scrolls = (element) => element && (/(auto|scroll)/.test(getComputedStyle(element).overflowX) || scrolls(element.parentElement));
    const right = (element) => element.getBoundingClientRect().right;
    const found = Array.from(document.body.querySelectorAll('*')).filter((element) => right(element) > innerWidth + 1 && !scrolls(element.parentElement));
    const first = found.toSorted((a, b) => right(b) - right(a) || a.childElementCount - b.childElementCount)[0] ?? document.body;
    return `${over} px too wide, ${first.tagName.toLowerCase()}.${first.getAttribute('class') ?? ''}: ${first.textContent.trim().replaceAll(/\s+/g, ' ').slice(0, 60)}`;
  });
  if (wide) {
    faults.push(`${at} at 320 px: ${wide}`);
    await shot(page, `${name}-320`);
  }
  return faults;
}

/** Weighs what the next pages bring over the wire as a first visit does: nothing is taken from the browser's cache. */
export async function scales(page) {
  const wire = await page.context().newCDPSession(page);
  await wire.send('Network.enable');
  await wire.send('Network.setCacheDisabled', { cacheDisabled: true });
  const asked = new Map();
  let shown;
  let parts = [];
  wire.on('Network.requestWillBeSent', ({ requestId, loaderId, type, request }) => {
    if (type === 'Document') shown = loaderId;
    if (type !== 'Image') asked.set(requestId, [loaderId, request.url]);
  });
  wire.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    // What the page before had still to fetch is not this page's weight.
    const [loader, url] = asked.get(requestId) ?? [];
    if (loader && loader === shown) parts.push([encodedDataLength, url.split('/').at(-1)]);
  });
  return {
    async weigh(go) {
      [shown, parts] = [null, []];
      const answer = await go();
      await page.evaluate(() => document.fonts.ready.then(() => true));
      return { answer, bytes: parts.reduce((sum, [bytes]) => sum + bytes, 0), parts: parts.map(([bytes, name]) => `${name} ${bytes}`).join(', ') };
    },
  };
}
